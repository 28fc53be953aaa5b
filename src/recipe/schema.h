#pragma once
/*
 * What a description may hold, as a table, and whether one does. The formats are in docs/dns-providers-format.md and,
 * for forms of alarms, docs/alarms.md.
 *
 * Pure. What has passed here can be used without asking whether a member has the right type.
 */
#include "recipe/description.h"

/* text is what it was read from, for line and column in messages; name its file. ERROR_CONFIG. */
MUST_USE bool schema_check(
    enum description_kind kind, const struct value *description, struct view text, const char *name, struct error *err);
