#pragma once
/*
 * Identifiers: what a certificate is for (RFC 8555 section 9.7.7, RFC 8738). Typed where they are read, from the
 * command line or a certificate, and carried as they are to the order, the CSR and the renewal file.
 */
#include "base/bytes.h"

enum identifier_type { IDENTIFIER_DNS, IDENTIFIER_IP };

struct identifier {
    enum identifier_type type;
    char *value; /* a DNS name (with "*." for a wildcard in orders), or an IP address in canonical text */
};

struct identifiers {
    struct identifier *at;
    size_t len;
};

const char *identifier_type_name(enum identifier_type type); /* "dns", "ip" */
bool identifier_is_wildcard(const struct identifier *identifier);

void identifiers_add(struct identifiers *list, enum identifier_type type, const char *value);
/* DNS names first, then IP addresses, each in their order. NULL: none of that kind. Of the caller's. */
struct identifiers identifiers_of(const struct list *dns, const struct list *ips);
/* The same from names whose type was not kept, as a record has them: what is an address is one (no DNS name is). */
struct identifiers identifiers_typed(const struct list *names);
void identifiers_add_all(struct identifiers *list, const struct identifiers *more);
struct identifiers identifiers_dup(const struct identifiers *list);
bool identifiers_has(const struct identifiers *list, const struct identifier *identifier);
/* Whether all of part are in whole; the same both ways. */
bool identifiers_is_subset(const struct identifiers *part, const struct identifiers *whole);
bool identifiers_same_set(const struct identifiers *a, const struct identifiers *b);
void identifiers_remove(struct identifiers *list, size_t index);
/* Appends the values to out. */
void identifiers_names(const struct identifiers *list, struct list *out);
void identifiers_clear(struct identifiers *list);
static inline void identifiers_clear_at(struct identifiers *list)
{
    identifiers_clear(list);
}
