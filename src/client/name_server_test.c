/* Addresses of name servers, alone and in resolv.conf. */
#include "client/name_server.h"

#include "base/test.h"

TEST(name_server_addresses)
{
    static const struct {
        const char *text;
        bool ok;
        sa_family_t family;
    } cases[] = {
        { "192.0.2.53", true, AF_INET },
        { "2001:db8::53", true, AF_INET6 },
        { "fe80::1%lo", true, AF_INET6 },
        { "fe80::1%no-such-zone", false, 0 },
        { "192.0.2.53%lo", false, 0 },
        { "192.0.2", false, 0 },
        { "ns.example", false, 0 },
        { "", false, 0 },
        { "[::1]", false, 0 },
        { "11111111111111111111111111111111111111111111111111111111111111111", false, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_server server = { .len = 0 };
        bool ok = name_server_read(view_of(cases[i].text), 5353, &server);

        CHECK(ok == cases[i].ok, "%s", cases[i].text);
        CHECK(!ok || server.at.ss_family == cases[i].family, "%s", cases[i].text);
        CHECK(!ok || strcmp(server.text, cases[i].text) == 0, "%s", cases[i].text);
    }
    CHECK(!name_server_read((struct view){ "::1\0x", 5 }, 53, &(struct name_server){ .len = 0 }), "a NUL");
}

TEST(name_servers_of_resolv_conf)
{
    static const struct {
        const char *name, *text, *servers;
    } cases[] = {
        { "none", "", "127.0.0.1 " },
        { "one", "nameserver 192.0.2.1\n", "192.0.2.1 " },
        { "without a line end", "nameserver 192.0.2.1", "192.0.2.1 " },
        { "three of four", "nameserver 192.0.2.1\nnameserver ::1\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
            "192.0.2.1 ::1 192.0.2.3 " },
        { "among others", "# nameserver 192.0.2.9\nsearch example\n\tnameserver\t192.0.2.1  # here\r\noptions edns0\n",
            "192.0.2.1 " },
        { "broken ones", "nameserver\nnameserver ns.example\nnameservers 192.0.2.2\nnameserver 192.0.2.1\n",
            "192.0.2.1 " },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_server servers[NAME_SERVERS_MAX];
        AUTO(buf_clear) struct buf found = BUF(300);
        size_t count = name_servers_of(view_of(cases[i].text), 53, servers);

        for (size_t n = 0; n < count; n++)
            buf_putf(&found, "%s ", servers[n].text);
        CHECK_TEXT(buf_text(&found), cases[i].servers, cases[i].name);
    }
}

TEST_MAIN()
