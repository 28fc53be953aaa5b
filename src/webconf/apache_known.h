#pragma once
/*
 * Names that httpd gets to know while it reads: variables and modules. For apache_conf.c and its like only.
 *
 * The server tells which ones it knows in the end; a Define or LoadModule in a file makes one known from there on only.
 * So what the server tells counts from the beginning only if no file makes it, which is seen once all was read: where
 * an answer given before turns out wrong, reading has to begin anew. That it is a file that makes it is likely of what
 * has a value, and of modules that are not built in: these are unknown in the first reading.
 */
#include "base/bytes.h"

struct apache_known { /* empty when zero */
    struct known_name **slots;
    size_t slot_count, count;
    bool stale; /* an answer was given that turned out wrong: reading has to begin anew */
};

/* What the server tells; value NULL: it has none. likely_made: see above. */
void known_give(struct apache_known *known, struct view name, const char *value, bool likely_made);
/* What a file makes known. */
void known_make(struct apache_known *known, const char *name, const char *value);
void known_forget(struct apache_known *known, const char *name);

bool known_has(struct apache_known *known, struct view name);
/* NULL: not known, or without a value. Lives until the name is made or forgotten. */
const char *known_value(struct apache_known *known, struct view name);

/* All was read: what no file has made is known from the beginning. */
void known_finish(struct apache_known *known);
/* Back to the beginning: what files have made is unknown. */
void known_restart(struct apache_known *known);
void known_clear(struct apache_known *known);

/* Appends a line with ${NAME} replaced where that has a value, which environment (a list of "NAME=VALUE") may give,
 * too; what has none stays as it is. */
void known_expand(struct apache_known *known, const struct list *environment, struct view line, struct buf *out);
