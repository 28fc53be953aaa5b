#pragma once
/*
 * The layouts there are.
 */
#include "disk/layout.h"

/* Finds a layout by its name in a renewal file; NULL when there is none of that name. name NULL (the file has none):
 * Certbot's. */
const struct layout *layout_find(const char *name);

/* Iterates over the layouts; NULL past the last. */
const struct layout *layout_at(size_t index);

/* For files of any layout, as those of a lineage whose making was interrupted: whether a complete version is there, and
 * removing all of it. */
bool layouts_have_version(const struct lineage *lineage);
MUST_USE bool layouts_remove(const struct lineage *lineage, struct error *err);
