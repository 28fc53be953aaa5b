#pragma once
/*
 * What is taken back, and the server told of it. For commit.c and rollback.c.
 */
#include "web/commit.h"

/* What the service's calls do, while nobody in this process makes another pair of certificate and key live:
 * once more after a moment where the server has met half a pair, which another process may have been exchanging. */
MUST_USE bool journal_test(const struct web_service *service, struct error *err);
MUST_USE bool journal_reload(const struct web_service *service, struct web_log *log, struct error *err);
const struct web_calls *journal_calls(const struct web_service *service);

/* Restores the journal in that directory, reloads where the server may know of what was changed, and drops the journal:
 * in this order, so that a kill in between is repaired by doing it again. Not there: nothing is done. Shielded callers
 * only. False when not all could be restored, the journal stays then, or when the reload failed. */
MUST_USE bool journal_take_back(const struct web_service *service, const char *dir, bool reload, struct error *err);
