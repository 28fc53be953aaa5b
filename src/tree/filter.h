#pragma once
/*
 * Filters of templates: what stands behind a bar ({value|quote}), each a small function from text to text.
 *
 * Pure but for the cryptography behind digests.
 */
#include "tree/vars.h"

#define TEMPLATE_MAX (1024 * 1024) /* what a template may expand to */

/* Whether there is such a filter, and it has an argument if and only if it needs one: ERROR_CONFIG. */
MUST_USE bool filter_check(struct view name, struct view arg, struct error *err);

/* Appends the filtered text; arg is empty where there is none. vars: of keys that filters name. */
MUST_USE bool filter_apply(
    struct view name, struct view arg, const struct vars *vars, struct view in, struct buf *out, struct error *err);
