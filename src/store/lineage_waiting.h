#pragma once
/*
 * Decides whether a version newer than the live one may become live without being asked for.
 */
#include "store/store.h"

/* Whether the certificate's names are those of the lineage, as far as its name and its renewal file tell. */
bool lineage_has_names(const struct lineage *lineage, const struct cert *cert);
/* The reason not to make the waiting version live (pending_deployment), of the caller's; NULL when there is none. That
 * version must be complete and the lineage's own, and when it has expired it must not replace one that is valid. */
char *lineage_objection(struct store *store, const struct lineage *lineage);
