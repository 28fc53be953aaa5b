#pragma once
/*
 * Regular expressions in server names (~...), as nginx has them matched by PCRE.
 */
#include <stdbool.h>

/* pattern: without the "~". Case counts unless it has capitals. One that does not compile, or takes too long, matches
 * nothing. */
bool nginx_regex_matches(const char *pattern, const char *name);
