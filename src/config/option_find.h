#pragma once
/*
 * Looks options up in the table: by name, by letter, or by a name close to a mistyped one.
 */
#include "config/option.h"

size_t option_count(void);
const struct option *option_find(const char *long_name); /* exact; NULL when there is none */
const struct option *option_find_short(char letter);     /* NULL when there is none */
bool option_takes_value(const struct option *option);
bool option_is_list(const struct option *option); /* its member is a struct list that values are added to */

/* The option for a name from the command line or cli.ini (long, without dashes): exact, or by an unambiguous
 * prefix. NULL and ERROR_USAGE when the prefix is ambiguous; NULL and err untouched when there is none. */
const struct option *option_resolve(struct view name, struct error *err);
/* The nearest name to a mistyped one, NULL when none is near. */
const char *option_suggest(struct view name);
