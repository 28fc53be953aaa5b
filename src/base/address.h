#pragma once
/*
 * IP addresses: their canonical text, and whose they are: public, or reachable from inside alone, or reserved for a
 * special purpose (IANA's registries of special-purpose addresses, RFC 6890).
 */
#include <stdbool.h>
#include <sys/socket.h>

#include "base/auto.h"

enum address_place {    /* for whoever connects */
    ADDRESS_PUBLIC = 0, /* the others are bits of a set */
    ADDRESS_LOOPBACK = 1,
    ADDRESS_LINK_LOCAL = 2, /* RFC 3927, RFC 4291 section 2.5.6; clouds keep secrets of their machines there */
    ADDRESS_PRIVATE = 4,    /* RFC 1918, RFC 4193, and what else is routed inside a site only (RFC 6890) */
    ADDRESS_NOBODYS = 8,    /* unspecified, multicast, reserved: no host has it as its own, or it is unreadable */
};

#define ADDRESS_ALL_PLACES (ADDRESS_LOOPBACK | ADDRESS_LINK_LOCAL | ADDRESS_PRIVATE | ADDRESS_NOBODYS)

#define ADDRESS_TEXT_SIZE 64

/* Canonical text (RFC 5952) of an IP address: "::1", "192.0.2.1"; false when text is not one. Brackets, zones, octal
 * and shortened numbers are none. */
MUST_USE bool address_canonical(const char *text, char out[static ADDRESS_TEXT_SIZE]);
bool address_is(const char *text); /* whether it is one */

/* An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) lies where that lies. */
enum address_place address_place(const struct sockaddr *address);

/* The same for an address as text, a zone ("fe80::1%eth0") left out; ADDRESS_NOBODYS when it is none. */
enum address_place address_place_of_text(const char *text);

/* In words: "a loopback address". */
const char *address_place_name(unsigned places);

/* What addresses of a block are reserved for. */
struct address_purpose {
    const char *what; /* "a private address", "an address for documentation" */
    const char *rfc;  /* where that is said: "RFC 1918" */
};

/*
 * The special purpose of an address as text; NULL: it is an ordinary one, which may belong to one host of the public
 * Internet, or no address. CAs of the public give no certificates for the others (CA/Browser Forum, Baseline
 * Requirements section 4.2.2: reserved IP addresses), not even where the registry calls a block globally reachable.
 */
const struct address_purpose *address_purpose(const char *text);
