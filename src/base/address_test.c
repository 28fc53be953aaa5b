#include "base/address.h"

#include "base/bytes.h"
#include "base/test.h"

static const struct {
    const char *text;
    unsigned place;
} addresses[] = {
    { "8.8.8.8", ADDRESS_PUBLIC },
    { "1.1.1.1", ADDRESS_PUBLIC },
    { "9.255.255.255", ADDRESS_PUBLIC },
    { "11.0.0.0", ADDRESS_PUBLIC },
    { "0.0.0.0", ADDRESS_NOBODYS },
    { "0.1.2.3", ADDRESS_NOBODYS },
    { "10.0.0.1", ADDRESS_PRIVATE },
    { "100.63.255.255", ADDRESS_PUBLIC },
    { "100.64.0.1", ADDRESS_PRIVATE },
    { "100.127.255.255", ADDRESS_PRIVATE },
    { "100.128.0.0", ADDRESS_PUBLIC },
    { "127.0.0.1", ADDRESS_LOOPBACK },
    { "127.255.255.254", ADDRESS_LOOPBACK },
    { "169.254.169.254", ADDRESS_LINK_LOCAL },
    { "172.15.255.255", ADDRESS_PUBLIC },
    { "172.16.0.1", ADDRESS_PRIVATE },
    { "172.31.255.255", ADDRESS_PRIVATE },
    { "172.32.0.0", ADDRESS_PUBLIC },
    { "192.168.1.1", ADDRESS_PRIVATE },
    { "192.169.0.0", ADDRESS_PUBLIC },
    { "198.19.0.1", ADDRESS_PRIVATE },
    { "223.255.255.255", ADDRESS_PUBLIC },
    { "224.0.0.1", ADDRESS_NOBODYS },
    { "255.255.255.255", ADDRESS_NOBODYS },
    { "2606:4700::1111", ADDRESS_PUBLIC },
    { "::", ADDRESS_NOBODYS },
    { "::1", ADDRESS_LOOPBACK },
    { "::2", ADDRESS_NOBODYS },
    { "::7f00:1", ADDRESS_NOBODYS },
    { "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
    { "::ffff:10.1.2.3", ADDRESS_PRIVATE },
    { "::ffff:8.8.8.8", ADDRESS_PUBLIC },
    { "64:ff9b::169.254.169.254", ADDRESS_LINK_LOCAL },
    { "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
    { "64:ff9b:1::1", ADDRESS_PRIVATE },
    { "2002:7f00:1::", ADDRESS_LOOPBACK },
    { "2002:808:808::1", ADDRESS_PUBLIC },
    { "2001:0:1:2::3", ADDRESS_NOBODYS },
    { "2001:db8::1", ADDRESS_PUBLIC },
    { "fc00::1", ADDRESS_PRIVATE },
    { "fdff::1", ADDRESS_PRIVATE },
    { "fe80::1", ADDRESS_LINK_LOCAL },
    { "fe80::1%eth0", ADDRESS_LINK_LOCAL },
    { "febf::1", ADDRESS_LINK_LOCAL },
    { "fec0::1", ADDRESS_PRIVATE },
    { "ff02::1", ADDRESS_NOBODYS },
    { "", ADDRESS_NOBODYS },
    { "ca.example", ADDRESS_NOBODYS },
};

TEST(address_lies_where_it_lies)
{
    for (size_t i = 0; i < COUNT(addresses); i++)
        CHECK_INT(address_place_of_text(addresses[i].text), addresses[i].place, addresses[i].text);
}

TEST(address_of_another_family_is_nobodys)
{
    struct sockaddr_storage other = { .ss_family = AF_UNIX };

    CHECK_INT(address_place((struct sockaddr *)&other), ADDRESS_NOBODYS, "a Unix socket");
}

TEST(address_canonical)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "::1", "::1" },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "192.0.2.01", NULL },
        { "192.0.2", NULL },
        { "[::1]", NULL },
        { "fe80::1%eth0", NULL },
        { "example.org", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64] = "";
        bool ok = address_canonical(cases[i].text, out);

        CHECK(ok == (cases[i].canonical != NULL), "%s", cases[i].text);
        if (ok)
            CHECK_TEXT(out, cases[i].canonical, cases[i].text);
    }
}

static const struct {
    const char *text, *rfc; /* NULL: an ordinary address, or none */
} purposes[] = {
    { "8.8.8.8", NULL },
    { "1.0.0.0", NULL },
    { "0.255.255.255", "RFC 791 section 3.2" },
    { "10.0.0.0", "RFC 1918" },
    { "100.64.0.0", "RFC 6598" },
    { "100.128.0.0", NULL },
    { "127.0.0.1", "RFC 1122 section 3.2.1.3" },
    { "169.254.1.1", "RFC 3927" },
    { "172.31.255.255", "RFC 1918" },
    { "172.32.0.0", NULL },
    { "192.0.0.7", "RFC 7335" },
    { "192.0.0.8", "RFC 6890 section 2.1" },
    { "192.0.0.9", "RFC 7723" },
    { "192.0.0.10", "RFC 8155" },
    { "192.0.0.171", "RFC 7050 section 2.2" },
    { "192.0.0.255", "RFC 6890 section 2.1" },
    { "192.0.1.0", NULL },
    { "192.0.2.1", "RFC 5737" },
    { "192.0.3.0", NULL },
    { "192.31.196.1", "RFC 7535" },
    { "192.52.193.1", "RFC 7450" },
    { "192.88.99.1", "RFC 7526" },
    { "192.168.0.1", "RFC 1918" },
    { "192.175.48.6", "RFC 7534" },
    { "198.19.255.255", "RFC 2544" },
    { "198.20.0.0", NULL },
    { "198.51.100.7", "RFC 5737" },
    { "203.0.113.255", "RFC 5737" },
    { "203.0.114.0", NULL },
    { "223.255.255.255", NULL },
    { "224.0.0.0", "RFC 5771" },
    { "239.255.255.255", "RFC 5771" },
    { "240.0.0.0", "RFC 1112 section 4" },
    { "255.255.255.255", "RFC 919 section 7" },
    { "2606:4700::1111", NULL },
    { "2a00::1", NULL },
    { "::", "RFC 4291 section 2.5.2" },
    { "::1", "RFC 4291 section 2.5.3" },
    { "::8.8.8.8", "RFC 4291 section 2.5.5.1" },
    { "::ffff:8.8.8.8", "RFC 4291 section 2.5.5.2" },
    { "64:ff9b::8.8.8.8", "RFC 6052" },
    { "64:ff9b:1::1", "RFC 8215" },
    { "64:ff9b:2::1", NULL },
    { "100::1", "RFC 6666" },
    { "100:0:0:1::", "RFC 9780" },
    { "100:0:0:2::", NULL },
    { "2001::1", "RFC 4380" },
    { "2001:1::1", "RFC 7723" },
    { "2001:1::2", "RFC 8155" },
    { "2001:1::3", "RFC 9665" },
    { "2001:1::4", "RFC 2928" },
    { "2001:2::1", "RFC 5180" },
    { "2001:2:1::", "RFC 2928" },
    { "2001:3::", "RFC 7450" },
    { "2001:4:112::53", "RFC 7535" },
    { "2001:1f::", "RFC 4843" },
    { "2001:2f::", "RFC 7343" },
    { "2001:3f::", "RFC 9374" },
    { "2001:1ff::", "RFC 2928" },
    { "2001:200::", NULL },
    { "2001:db8::1", "RFC 3849" },
    { "2001:db9::", NULL },
    { "2002:808:808::1", "RFC 3056" },
    { "2620:4f:8000::1", "RFC 7534" },
    { "2620:4f:8001::1", NULL },
    { "3fff:fff::", "RFC 9637" },
    { "3fff:1000::", NULL },
    { "5f00::1", "RFC 9602" },
    { "fdff::1", "RFC 4193" },
    { "fe80::1", "RFC 4291 section 2.5.6" },
    { "fec0::1", "RFC 3879" },
    { "ff02::1", "RFC 4291 section 2.7" },
    { "a.example", NULL },
    { "", NULL },
};

TEST(address_purpose)
{
    for (size_t i = 0; i < COUNT(purposes); i++) {
        const struct address_purpose *purpose = address_purpose(purposes[i].text);

        CHECK_TEXT(purpose == NULL ? NULL : purpose->rfc, purposes[i].rfc, purposes[i].text);
    }
}

TEST_MAIN()
