#pragma once
/*
 * Names that httpd gets to know while it reads: variables and modules. For apache_conf.c and its like only.
 *
 * The server tells which ones it knows in the end; a Define or LoadModule in a file makes one known from there on only.
 * So a name that the server tells is known from the beginning, until a file turns out to make it: if it was asked for
 * before, reading has to begin anew, with that name unknown at first.
 */
#include "base/bytes.h"

struct apache_known { /* empty when zero */
    struct known_name **slots;
    size_t slot_count, count;
    bool stale; /* an answer was given that turned out wrong: reading has to begin anew */
};

/* What the server tells: known from the beginning. value NULL: it has none. */
void known_give(struct apache_known *known, struct view name, const char *value);
/* What a file makes known. */
void known_make(struct apache_known *known, const char *name, const char *value);
void known_forget(struct apache_known *known, const char *name);

bool known_has(struct apache_known *known, struct view name);
/* NULL: not known, or without a value. Lives until the name is made or forgotten. */
const char *known_value(struct apache_known *known, struct view name);

/* Back to the beginning: what files have made is unknown. */
void known_restart(struct apache_known *known);
void known_clear(struct apache_known *known);

/* Appends a line with ${NAME} replaced where that has a value, which environment (a list of "NAME=VALUE") may give,
 * too; what has none stays as it is. */
void known_expand(struct apache_known *known, const struct list *environment, struct view line, struct buf *out);
