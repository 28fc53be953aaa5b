#pragma once
/*
 * Deleting lineages, and finishing what was cut short of that.
 */
#include "store/store.h"

/* Removes a lineage's files, also a broken one's. Refused (ERROR_STORE) when another lineage
 * uses the same archive directory. A renewal file that cannot be parsed is removed and then reported, as
 * nothing says which files were its own. */
MUST_USE bool lineage_delete(struct store *store, const char *name, struct error *err);

/* Finishes deletions that were cut short, except those whose files others use by now. Failures are logged. */
void store_finish_deletions(struct store *store);

/* Removes what a lineage_delete that was cut short has left; *found: whether there was one. */
MUST_USE bool lineage_finish_delete(struct store *store, const char *name, bool *found, struct error *err);
