#pragma once
/*
 * Looking, before an order is placed, whether what will be issued can be kept.
 */
#include "store/store.h"

/*
 * Fails with a clear error when a new version could not be written or made live: missing permission, full disk or
 * quota, read-only. Asked before an order is placed. lineage: that gets the version, NULL for a new one.
 */
MUST_USE bool store_probe(struct store *store, const struct lineage *lineage, struct error *err);
/* The same for who only looks: nothing has a name for an instant. Where a file system knows no files without names,
 * what only a file would show (a quota) stays unseen. */
MUST_USE bool store_look_for_room(struct store *store, const struct lineage *lineage, struct error *err);
