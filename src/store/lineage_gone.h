#pragma once
/*
 * Deletions of lineages that were cut short: finding them.
 */
#include "store/store.h"

/* Whether a lineage_delete of that name was cut short; called again, it finishes. *revoked: lineage_mark_revoked was
 * called before. */
bool lineage_is_half_deleted(struct store *store, const char *name, bool *revoked);
/* The one that had that path as its live certificate, of the caller's; NULL when there is none. */
MUST_USE bool store_find_half_deleted(struct store *store, const char *cert_path, char **name, struct error *err);

/* ---- for deleting, and for repairs ---- */

/* "renewal/.NAME.conf.gone", of the caller's: the renewal file of a lineage that is being deleted. It is not taken for
 * a renewal file, and still says which files are to be removed. */
#define LINEAGE_GONE_SUFFIX "conf.gone"
char *lineage_gone_path(const struct store *store, const char *name) __attribute__((returns_nonnull));
/* The paths of all such files. */
MUST_USE bool store_gone_files(struct store *store, struct list *out, struct error *err);
/* The lineage's name of such a file, whose own name is shortened when that is very long. lineage: as loaded from it,
 * NULL when it cannot be read. Of the caller's; NULL: not known. */
char *lineage_gone_name(const struct store *store, const char *path, const struct lineage *lineage);
