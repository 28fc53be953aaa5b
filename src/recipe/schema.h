#pragma once
/*
 * What a description may hold, as a table, and whether one does. The format is in docs/dns-providers-format.md.
 *
 * Pure. What has passed here can be used without asking whether a member has the right type.
 */
#include "tree/value.h"

/* text is what it was read from, for line and column in messages; name its file. ERROR_CONFIG. */
MUST_USE bool schema_check(const struct value *description, struct view text, const char *name, struct error *err);
