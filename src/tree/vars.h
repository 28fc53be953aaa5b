#pragma once
/*
 * Variables: names with values, in scopes of which the inner ones come first. Those that are secret are known, so that
 * no message shows them.
 */
#include "tree/value.h"

struct var {
    char *name;
    struct value value;
    bool secret;
};

struct vars {                 /* all zero: an empty scope */
    const struct vars *outer; /* borrowed, outlives it; or NULL */
    struct var *at;
    size_t len;
};

void vars_clear(struct vars *vars);
static inline void vars_clear_at(struct vars *vars)
{
    vars_clear(vars);
}

/* In this scope; a second one of a name takes the place of the first. */
void vars_set(struct vars *vars, const char *name, const struct value *value, bool secret);
void vars_set_text(struct vars *vars, const char *name, const char *text); /* not secret */
void vars_set_number(struct vars *vars, const char *name, int64_t number);
/* The value for the caller to fill; not secret. */
struct value *vars_place(struct vars *vars, const char *name) __attribute__((returns_nonnull));
void vars_set_all(struct vars *vars, const struct vars *from); /* those of one scope, not of its outer ones */
void vars_unset(struct vars *vars, const char *name);          /* in this scope */

/* "item.name": a variable and a path in it; NULL when there is nothing. */
const struct value *vars_get(const struct vars *vars, struct view path);
bool vars_is_set(const struct vars *vars, const char *path);

/* The text with "***" for whatever is secret in it, as it is or percent-encoded; of the caller's. Secrets of fewer than
 * 5 bytes are left: they would stand in any text. */
char *vars_redact(const struct vars *vars, const char *text) __attribute__((returns_nonnull));
void vars_redact_error(const struct vars *vars, struct error *err);
