#pragma once
/*
 * International domain names (IDNA 2008, RFC 5891): the form that people type and read, and the one that stands in
 * certificates and goes over the wire. All else in the program knows the latter alone.
 */
#include "base/bytes.h"

/* "xn--bcher-kva.example" of "bücher.example" or "BÜCHER.example", mapped as browsers do (UTS 46, non-transitional); a
 * leading "*." stays. *out is the caller's. ERROR_CONFIG: not UTF-8, or not allowed in a name. */
MUST_USE bool international_to_ascii(const char *typed, char **out, struct error *err);

/* The international ones among names as people read them, joined by ", ", of the caller's; NULL when there are none.
 * One that would not lead back to the very name is passed over. */
char *international_names(const struct list *names);
