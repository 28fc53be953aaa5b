#pragma once
/*
 * Identifiers: what a certificate is for (RFC 8555 section 9.7.7, RFC 8738).
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
void identifiers_add(struct identifiers *list, enum identifier_type type, const char *value);
/* DNS names first, then IP addresses, each in their order. */
struct identifiers identifiers_of(const struct list *dns, const struct list *ips);
void identifiers_clear(struct identifiers *list);
static inline void identifiers_clear_at(struct identifiers *list)
{
    identifiers_clear(list);
}
