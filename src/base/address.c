/*
 * Addresses by the blocks they lie in: one table for those who connect and for those who ask for certificates.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

struct block {
    unsigned char start[16];
    unsigned bits;
    enum address_place place;
    struct address_purpose purpose;
};

/*
 * IANA's registries of special-purpose addresses, and multicast, which has registries of its own. A block within
 * another one stands before it. The place of blocks for documentation is public: nothing is kept secret there, and
 * networks for tests take them for the Internet.
 */
static const struct block ipv4_blocks[] = {
    { { 0 }, 8, ADDRESS_NOBODYS, { "an address of \"this network\"", "RFC 791 section 3.2" } },
    { { 10 }, 8, ADDRESS_PRIVATE, { "a private address", "RFC 1918" } },
    { { 100, 64 }, 10, ADDRESS_PRIVATE, { "an address that a provider's customers share", "RFC 6598" } },
    { { 127 }, 8, ADDRESS_LOOPBACK, { "a loopback address", "RFC 1122 section 3.2.1.3" } },
    { { 169, 254 }, 16, ADDRESS_LINK_LOCAL, { "a link-local address", "RFC 3927" } },
    { { 172, 16 }, 12, ADDRESS_PRIVATE, { "a private address", "RFC 1918" } },
    { { 192, 0, 0, 0 }, 29, ADDRESS_PRIVATE, { "an address of translators at a provider's customers", "RFC 7335" } },
    { { 192, 0, 0, 9 }, 32, ADDRESS_PRIVATE, { "the anycast address of the Port Control Protocol", "RFC 7723" } },
    { { 192, 0, 0, 10 }, 32, ADDRESS_PRIVATE, { "the anycast address of TURN", "RFC 8155" } },
    { { 192, 0, 0, 170 }, 31, ADDRESS_PRIVATE, { "an address by which NAT64 is found", "RFC 7050 section 2.2" } },
    { { 192, 0, 0 }, 24, ADDRESS_PRIVATE, { "an address of protocols", "RFC 6890 section 2.1" } },
    { { 192, 0, 2 }, 24, ADDRESS_PUBLIC, { "an address for documentation", "RFC 5737" } },
    { { 192, 31, 196 }, 24, ADDRESS_PUBLIC, { "an address of AS112", "RFC 7535" } },
    { { 192, 52, 193 }, 24, ADDRESS_PUBLIC, { "an address of multicast tunnels (AMT)", "RFC 7450" } },
    { { 192, 88, 99 }, 24, ADDRESS_PUBLIC, { "a 6to4 relay's anycast address", "RFC 7526" } },
    { { 192, 168 }, 16, ADDRESS_PRIVATE, { "a private address", "RFC 1918" } },
    { { 192, 175, 48 }, 24, ADDRESS_PUBLIC, { "an address of AS112", "RFC 7534" } },
    { { 198, 18 }, 15, ADDRESS_PRIVATE, { "an address of test networks", "RFC 2544" } },
    { { 198, 51, 100 }, 24, ADDRESS_PUBLIC, { "an address for documentation", "RFC 5737" } },
    { { 203, 0, 113 }, 24, ADDRESS_PUBLIC, { "an address for documentation", "RFC 5737" } },
    { { 224 }, 4, ADDRESS_NOBODYS, { "a multicast address", "RFC 5771" } },
    { { 255, 255, 255, 255 }, 32, ADDRESS_NOBODYS, { "the broadcast address", "RFC 919 section 7" } },
    { { 240 }, 4, ADDRESS_NOBODYS, { "a reserved address", "RFC 1112 section 4" } },
};

static const struct block ipv6_blocks[] = {
    { { 0 }, 128, ADDRESS_NOBODYS, { "the unspecified address", "RFC 4291 section 2.5.2" } },
    { { [15] = 1 }, 128, ADDRESS_LOOPBACK, { "the loopback address", "RFC 4291 section 2.5.3" } },
    { { 0 }, 96, ADDRESS_NOBODYS, { "an IPv4-compatible address", "RFC 4291 section 2.5.5.1" } },
    { { [10] = 0xff, [11] = 0xff }, 96, ADDRESS_PRIVATE, { "an IPv4-mapped address", "RFC 4291 section 2.5.5.2" } },
    { { 0x00, 0x64, 0xff, 0x9b }, 96, ADDRESS_PUBLIC, { "an address of IPv4-IPv6 translators", "RFC 6052" } },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, ADDRESS_PRIVATE,
        { "an address of IPv4-IPv6 translators inside a site", "RFC 8215" } },
    { { 0x01, 0x00 }, 64, ADDRESS_NOBODYS, { "an address whose packets are discarded", "RFC 6666" } },
    { { 0x01, 0x00, [7] = 1 }, 64, ADDRESS_NOBODYS, { "a dummy address", "RFC 9780" } },
    /* Any IPv4 address may be in it. */
    { { 0x20, 0x01, 0x00, 0x00 }, 32, ADDRESS_NOBODYS, { "an address of a Teredo tunnel", "RFC 4380" } },
    { { 0x20, 0x01, 0x00, 0x01, [15] = 1 }, 128, ADDRESS_PUBLIC,
        { "the anycast address of the Port Control Protocol", "RFC 7723" } },
    { { 0x20, 0x01, 0x00, 0x01, [15] = 2 }, 128, ADDRESS_PUBLIC, { "the anycast address of TURN", "RFC 8155" } },
    { { 0x20, 0x01, 0x00, 0x01, [15] = 3 }, 128, ADDRESS_PUBLIC,
        { "the anycast address of service registration (SRP)", "RFC 9665" } },
    { { 0x20, 0x01, 0x00, 0x02 }, 48, ADDRESS_PRIVATE, { "an address of test networks", "RFC 5180" } },
    { { 0x20, 0x01, 0x00, 0x03 }, 32, ADDRESS_PUBLIC, { "an address of multicast tunnels (AMT)", "RFC 7450" } },
    { { 0x20, 0x01, 0x00, 0x04, 0x01, 0x12 }, 48, ADDRESS_PUBLIC, { "an address of AS112", "RFC 7535" } },
    { { 0x20, 0x01, 0x00, 0x10 }, 28, ADDRESS_PUBLIC, { "a hash of a host's identity (ORCHID)", "RFC 4843" } },
    { { 0x20, 0x01, 0x00, 0x20 }, 28, ADDRESS_PUBLIC, { "a hash of a host's identity (ORCHIDv2)", "RFC 7343" } },
    { { 0x20, 0x01, 0x00, 0x30 }, 28, ADDRESS_PUBLIC, { "a tag of an unmanned aircraft", "RFC 9374" } },
    { { 0x20, 0x01, 0x00 }, 23, ADDRESS_PUBLIC, { "an address of protocols", "RFC 2928" } },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, ADDRESS_PUBLIC, { "an address for documentation", "RFC 3849" } },
    { { 0x20, 0x02 }, 16, ADDRESS_PUBLIC, { "a 6to4 address", "RFC 3056" } },
    { { 0x26, 0x20, 0x00, 0x4f, 0x80 }, 48, ADDRESS_PUBLIC, { "an address of AS112", "RFC 7534" } },
    { { 0x3f, 0xff }, 20, ADDRESS_PUBLIC, { "an address for documentation", "RFC 9637" } },
    { { 0x5f }, 16, ADDRESS_PRIVATE, { "a segment's name inside a network (SRv6)", "RFC 9602" } },
    { { 0xfc }, 7, ADDRESS_PRIVATE, { "a private (unique local) address", "RFC 4193" } },
    { { 0xfe, 0x80 }, 10, ADDRESS_LINK_LOCAL, { "a link-local address", "RFC 4291 section 2.5.6" } },
    { { 0xfe, 0xc0 }, 10, ADDRESS_PRIVATE, { "a site-local address", "RFC 3879" } }, /* no longer given out */
    { { 0xff }, 8, ADDRESS_NOBODYS, { "a multicast address", "RFC 4291 section 2.7" } },
};

/* IPv6 addresses with an IPv4 one in them: they lie where that does. */
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

static const struct block *block_in(const struct block *blocks, size_t count, const unsigned char *address)
{
    for (size_t i = 0; i < count; i++)
        if (begins(address, blocks[i].start, blocks[i].bits))
            return &blocks[i];
    return NULL;
}

static const struct block *block_of_ipv4(const unsigned char *address)
{
    return block_in(ipv4_blocks, COUNT(ipv4_blocks), address);
}

static const struct block *block_of_ipv6(const unsigned char *address)
{
    return block_in(ipv6_blocks, COUNT(ipv6_blocks), address);
}

static enum address_place place_of(const struct block *block)
{
    return block == NULL ? ADDRESS_PUBLIC : block->place;
}

static enum address_place place_of_ipv4(const unsigned char *address)
{
    return place_of(block_of_ipv4(address));
}

static enum address_place place_of_ipv6(const unsigned char *address)
{
    for (size_t i = 0; i < COUNT(carriers); i++)
        if (begins(address, carriers[i].start, carriers[i].bits))
            return place_of_ipv4(address + carriers[i].at);
    return place_of(block_of_ipv6(address));
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

bool address_canonical(const char *text, char out[static ADDRESS_TEXT_SIZE])
{
    unsigned char address[16];

    if (inet_pton(AF_INET, text, address) == 1)
        return inet_ntop(AF_INET, address, out, ADDRESS_TEXT_SIZE) != NULL;
    return inet_pton(AF_INET6, text, address) == 1 && inet_ntop(AF_INET6, address, out, ADDRESS_TEXT_SIZE) != NULL;
}

bool address_is(const char *text)
{
    char canonical[ADDRESS_TEXT_SIZE];

    return address_canonical(text, canonical);
}

const struct address_purpose *address_purpose(const char *text)
{
    const struct block *block = NULL;
    unsigned char address[16];

    if (inet_pton(AF_INET, text, address) == 1)
        block = block_of_ipv4(address);
    else if (inet_pton(AF_INET6, text, address) == 1)
        block = block_of_ipv6(address);
    return block == NULL ? NULL : &block->purpose;
}
