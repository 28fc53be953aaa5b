#pragma once
/*
 * A lineage's live directory in a restore: the directory stays, with whatever a user keeps in it, and the four
 * certificate files in it (and meta.txt) are replaced. Private to restore_txn.c.
 */
#include "base/bytes.h"

/* Whether a name in a live directory is one of these files. */
bool live_has_ours(const char *dir, const char *name);

/* Keeps ours, as they are, in the new directory KEPT; there is none where there is no live directory. */
MUST_USE bool live_keep(const char *live, const char *kept, struct error *err);
/* Keeps them as regular files in the new directory PLAIN: what links lead to, which must lie below `root` unless that
 * is NULL. Where one of the four cannot be had there is no PLAIN. */
MUST_USE bool live_keep_plain(const char *live, const char *root, const char *plain, struct error *err);

/* Puts what PLAIN has into LIVE, all at once where that can be. Nothing is done where one of the two is missing. */
MUST_USE bool live_put_plain(const char *live, const char *plain, struct error *err);
/* Puts what KEPT has into LIVE, one after the other: content that is there already, as links or files. What KEPT lacks
 * goes. */
MUST_USE bool live_put(const char *live, const char *kept, struct error *err);
