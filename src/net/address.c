/*
 * Classifies IP addresses as public, or as reachable from inside alone.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

struct block {
    unsigned char start[16];
    unsigned bits;
    enum address_place place;
};

static const struct block ipv4_blocks[] = {
    { { 0 }, 8, ADDRESS_NOBODYS }, { { 10 }, 8, ADDRESS_PRIVATE },
    { { 100, 64 }, 10, ADDRESS_PRIVATE }, /* RFC 6598: inside a provider */
    { { 127 }, 8, ADDRESS_LOOPBACK }, { { 169, 254 }, 16, ADDRESS_LINK_LOCAL }, { { 172, 16 }, 12, ADDRESS_PRIVATE },
    { { 192, 0, 0 }, 24, ADDRESS_PRIVATE }, { { 192, 168 }, 16, ADDRESS_PRIVATE },
    { { 198, 18 }, 15, ADDRESS_PRIVATE }, /* RFC 2544: test networks */
    { { 224 }, 3, ADDRESS_NOBODYS },      /* multicast, reserved, broadcast */
};

static const struct block ipv6_blocks[] = {
    { { [15] = 1 }, 128, ADDRESS_LOOPBACK },
    { { 0 }, 96, ADDRESS_NOBODYS }, /* unspecified, and IPv4-compatible ones, which are obsolete */
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, ADDRESS_PRIVATE }, /* RFC 8215: translation inside a site */
    { { 0x20, 0x01, 0x00, 0x00 }, 32, ADDRESS_NOBODYS },             /* Teredo: any IPv4 address may be in it */
    { { 0xfc }, 7, ADDRESS_PRIVATE },
    { { 0xfe, 0x80 }, 10, ADDRESS_LINK_LOCAL },
    { { 0xfe, 0xc0 }, 10, ADDRESS_PRIVATE }, /* RFC 3879: site-local, no longer given out */
    { { 0xff }, 8, ADDRESS_NOBODYS },
};

/* IPv6 addresses with an IPv4 one in them. */
static const struct {
    unsigned char start[12];
    unsigned bits, at; /* at: the first of the four bytes */
} carriers[] = {
    { { [10] = 0xff, [11] = 0xff }, 96, 12 }, /* ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },   /* 64:ff9b::/96, RFC 6052 */
    { { 0x20, 0x02 }, 16, 2 },                /* 2002::/16, RFC 3056 */
};

static bool begins(const unsigned char *address, const unsigned char *start, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(address, start, whole) == 0 &&
           (rest == 0 || ((address[whole] ^ start[whole]) & (0xff << (8 - rest)) & 0xff) == 0);
}

static enum address_place place_in(const struct block *blocks, size_t count, const unsigned char *address)
{
    for (size_t i = 0; i < count; i++)
        if (begins(address, blocks[i].start, blocks[i].bits))
            return blocks[i].place;
    return ADDRESS_PUBLIC;
}

static enum address_place place_of_ipv4(const unsigned char *address)
{
    return place_in(ipv4_blocks, COUNT(ipv4_blocks), address);
}

static enum address_place place_of_ipv6(const unsigned char *address)
{
    for (size_t i = 0; i < COUNT(carriers); i++)
        if (begins(address, carriers[i].start, carriers[i].bits))
            return place_of_ipv4(address + carriers[i].at);
    return place_in(ipv6_blocks, COUNT(ipv6_blocks), address);
}

enum address_place address_place(const struct sockaddr *address)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    switch (address->sa_family) {
    case AF_INET:
        memcpy(&ipv4, address, sizeof ipv4);
        return place_of_ipv4((const unsigned char *)&ipv4.sin_addr);
    case AF_INET6:
        memcpy(&ipv6, address, sizeof ipv6);
        return place_of_ipv6(ipv6.sin6_addr.s6_addr);
    default:
        return ADDRESS_NOBODYS;
    }
}

enum address_place address_place_of_text(const char *text)
{
    char plain[INET6_ADDRSTRLEN];
    unsigned char address[16];

    (void)snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text);
    if (inet_pton(AF_INET, plain, address) == 1)
        return place_of_ipv4(address);
    if (inet_pton(AF_INET6, plain, address) == 1)
        return place_of_ipv6(address);
    return ADDRESS_NOBODYS;
}

const char *address_place_name(unsigned places)
{
    if ((places & ADDRESS_LOOPBACK) != 0)
        return "a loopback address";
    if ((places & ADDRESS_LINK_LOCAL) != 0)
        return "a link-local address";
    if ((places & ADDRESS_PRIVATE) != 0)
        return "a private address";
    return "an address that no host can have";
}
