#pragma once
/*
 * What users give as text, wherever they give it (command line, cli.ini, renewal files, questions): domains, IP and
 * e-mail addresses, lineage names. Syntax only; numbers and hooks are checked by type (option_apply.h, run/hooks.h).
 */
#include "base/bytes.h"

/* Lower case, one final dot taken away; *out is the caller's. ERROR_CONFIG with Certbot's words: not ASCII, a
 * URL, an IP address, too long, an empty label, a label over 63. */
MUST_USE bool domain_normalize(const char *text, char **out, struct error *err);
/* As domain_normalize, for a name that a user typed: with `international`, also converts international names. */
MUST_USE bool domain_read(const char *text, bool international, char **out, struct error *err);
/* Canonical text (RFC 5952) of an address in any spelling, an IPv6 one perhaps in brackets; *out is the caller's.
 * ERROR_CONFIG with Certbot's words: no address, or one with a zone, a port or a length of network. */
MUST_USE bool ip_address_normalize(const char *text, char **out, struct error *err);
/* Whether a text, perhaps several with commas, is meant as IP addresses: those, or what could be nothing else. */
bool ip_addresses_are_meant(const char *text);
/*
 * One e-mail address: something@domain, printable, no blanks. Strictly, as public CAs take them: RFC 5322 section 3.4.1
 * without comments, quotes and literal addresses, the lengths of RFC 5321 section 4.5.3.1, and nothing that a mailto
 * URL reads as something else (RFC 8555 section 7.3).
 */
MUST_USE bool email_check(const char *text, bool strictly, struct error *err);
bool is_wildcard(const char *name);
/* A lineage's name for a first identifier: without "*."; of the caller's. */
char *lineage_name_of(const char *identifier) __attribute__((returns_nonnull));
/* ERROR_CONFIG when the name cannot be a file name: a slash, ".", "..", control bytes, over 250 bytes. */
MUST_USE bool lineage_name_check(const char *name, struct error *err);
