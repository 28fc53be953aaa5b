#pragma once
/*
 * Classifies IP addresses: public, or not reachable for outsiders (loopback, link-local, private).
 */
#include <sys/socket.h>

enum address_place {
    ADDRESS_PUBLIC = 0, /* the others are bits of a set */
    ADDRESS_LOOPBACK = 1,
    ADDRESS_LINK_LOCAL = 2, /* RFC 3927, RFC 4291 section 2.5.6; clouds keep secrets of their machines there */
    ADDRESS_PRIVATE = 4,    /* RFC 1918, RFC 4193, and what else is routed inside a site only (RFC 6890) */
    ADDRESS_NOBODYS = 8,    /* unspecified, multicast, reserved: no host has it as its own, or it is unreadable */
};

#define ADDRESS_ALL_PLACES (ADDRESS_LOOPBACK | ADDRESS_LINK_LOCAL | ADDRESS_PRIVATE | ADDRESS_NOBODYS)

/* An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) lies where that lies. */
enum address_place address_place(const struct sockaddr *address);

/* The same for an address as text, a zone ("fe80::1%eth0") left out; ADDRESS_NOBODYS when it is none. */
enum address_place address_place_of_text(const char *text);

/* In words: "a loopback address". */
const char *address_place_name(unsigned places);
