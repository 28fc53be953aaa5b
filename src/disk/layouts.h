#pragma once
/*
 * The layouts there are.
 */
#include "disk/layout.h"

/* By its name in a renewal file; NULL when there is none of that name. name NULL, as the file says nothing: Certbot's.
 */
const struct layout *layout_find(const char *name);

/* All of them, by turns; NULL past the last. */
const struct layout *layout_at(size_t index);

/* Of files that may be of any layout, as those of a lineage whose making was cut short: whether there is a version that
 * is whole, and removing all of it. */
bool layouts_have_version(const struct lineage *lineage);
MUST_USE bool layouts_remove(const struct lineage *lineage, struct error *err);
