#pragma once
/*
 * A lineage before anything is known of it. Private to this room and to repairs.
 */
#include "store/store.h"

/* A lineage of that name with the paths that a new one has; without conf. */
struct lineage *lineage_new(const struct store *store, const char *name, const struct layout *layout)
    __attribute__((returns_nonnull));
/* The same without live_dir and live paths. */
struct lineage *lineage_bare(const struct store *store, const char *name, const struct layout *layout)
    __attribute__((returns_nonnull));
