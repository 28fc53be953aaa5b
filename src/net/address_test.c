#include "net/address.h"

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

TEST_MAIN()
