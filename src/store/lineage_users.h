#pragma once
/*
 * The lineages that use a file or directory, by their renewal files, all of which are read.
 */
#include "store/store.h"

/* Whether another lineage keeps versions in the archive directory of this one: looked for once in a run, when first
 * asked for. For work on many lineages; sharing.h looks anew. */
MUST_USE bool store_archive_is_shared(
    struct store *store, const struct lineage *lineage, bool *shared, struct error *err);
/* Whether a lineage of another name has one of the same live files. */
MUST_USE bool store_live_is_shared(struct store *store, const struct lineage *lineage, bool *shared, struct error *err);
/* The lineage one of whose certificate files (live or archived) has that path; NULL when none. Of the
 * caller's. */
MUST_USE bool store_find_by_path(struct store *store, const char *cert_path, char **name, struct error *err);
/* Counts the lineages that use that archive directory. */
MUST_USE bool store_count_archive_users(struct store *store, const char *archive_dir, size_t *out, struct error *err);
