#pragma once
/*
 * Names a user gives: domains, e-mail addresses, lineage names. Syntax only.
 */
#include "base/bytes.h"

/* Lower case, one final dot taken away; *out is the caller's. ERROR_CONFIG with Certbot's words: not ASCII, a
 * URL, an IP address, too long, an empty label, a label over 63. */
MUST_USE bool domain_normalize(const char *text, char **out, struct error *err);
/* As domain_normalize, for a name that a user typed: with `international`, also converts international names. */
MUST_USE bool domain_read(const char *text, bool international, char **out, struct error *err);
MUST_USE bool ip_address_normalize(const char *text, char **out, struct error *err);
/* One address: something@domain, printable, no blanks. */
MUST_USE bool email_check(const char *text, struct error *err);
bool is_wildcard(const char *name);
/* A lineage's name for a first identifier: without "*."; of the caller's. */
char *lineage_name_of(const char *identifier) __attribute__((returns_nonnull));
/* ERROR_CONFIG when the name cannot be a file name: a slash, ".", "..", control bytes, over 250 bytes. */
MUST_USE bool lineage_name_check(const char *name, struct error *err);
