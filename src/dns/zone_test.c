/* Zone cuts and name servers, from what resolvers say. */
#include "dns/zone.h"

#include "dns/played_names.h"

/* What was found as "ZONE: SERVER ADDRESS ..., SERVER", or what went wrong; of the caller's. */
static char *find(const struct played_line *lines, const char *name)
{
    struct played_names names = { .lines = lines };
    struct asker asker = played_asker(&names);
    AUTO(zone_clear) struct zone zone = { 0 };
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };

    if (!zone_find(&asker, name, &zone, &err))
        return xprintf("%s", err.why);
    buf_putf(&text, "%s:", zone.name);
    for (size_t i = 0; i < zone.count; i++) {
        AUTO(free) char *addresses = list_join(&zone.servers[i].addresses, " ");

        buf_putf(
            &text, "%s %s %s%s", i > 0 ? "," : "", zone.servers[i].name, addresses, zone.servers[i].unknown ? "?" : "");
    }
    return buf_take(&text);
}

TEST(found)
{
    static const struct {
        const char *name, *asked;
        struct played_line lines[10];
        const char *want;
    } cases[] = {
        { "below the cut", "_acme-challenge.www.example.test",
            { { "-", "Example.test", "SOA", "" }, { "-", "example.test", "NS", "ns1.example.test" },
                { "-", "example.test", "NS", "NS2.other.test." }, { "-", "ns1.example.test", "A", "192.0.2.1" },
                { "-", "ns1.example.test", "AAAA", "2001:db8::1" }, { "-", "ns2.other.test", "A", "192.0.2.2" } },
            "example.test: ns1.example.test 192.0.2.1 2001:db8::1, ns2.other.test 192.0.2.2" },
        { "the cut itself", "example.test",
            { { "-", "example.test", "SOA", "" }, { "-", "test", "SOA", "" }, { "-", "example.test", "NS", "a.test" } },
            "example.test: a.test " },
        { "an alias", "www.example.test",
            { { "-", "www.example.test", "CNAME", "lb.other.test" }, { "-", "example.test", "SOA", "" },
                { "-", "example.test", "NS", "a.test" } },
            "example.test: a.test " },
        { "the same server twice", "example.test",
            { { "-", "example.test", "SOA", "" }, { "-", "example.test", "NS", "a.test" },
                { "-", "example.test", "NS", "A.test" } },
            "example.test: a.test " },
        { "nobody knows the address", "example.test",
            { { "-", "example.test", "SOA", "" }, { "-", "example.test", "NS", "a.test" },
                { "-", "a.test", "!", "SERVFAIL" } },
            "example.test: a.test ?" },
        { "no name servers", "example.test", { { "-", "example.test", "SOA", "" } },
            "the resolver 192.0.2.99 does not say who the name servers are of example.test (NOERROR)" },
        { "no zone", "a.b.test", { { NULL } }, "no resolver says which zone has a.b.test" },
        { "a resolver that fails", "a.b.test", { { "-", NULL, "!", "SERVFAIL" } },
            "the resolver 192.0.2.99 does not say which zone has a.b.test (SERVFAIL)" },
        { "a resolver that is silent", "a.b.test", { { "-", NULL, "!", "silent" } },
            "the name server 192.0.2.99 did not answer in time" },
        { "a resolver that leaves the SOA out", "a.example.test",
            { { "-", "a.example.test", "!", "empty" }, { "-", "example.test", "SOA", "" },
                { "-", "example.test", "NS", "a.test" } },
            "example.test: a.test " },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *got = find(cases[i].lines, cases[i].asked);

        CHECK_TEXT(got, cases[i].want, cases[i].name);
    }
}

TEST(bounded)
{
    enum { MANY = 40 };
    static struct played_line lines[2 * MANY + 2] = { { "-", "example.test", "SOA", "" } };
    struct played_names names = { .lines = lines };
    struct asker asker = played_asker(&names);
    AUTO(zone_clear) struct zone zone = { 0 };
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(buf_clear) struct buf deep = BUF(4096);
    AUTO(free) char *name = NULL;
    struct error err = { 0 };

    for (int i = 0; i < MANY; i++) {
        AUTO(free) char *server = xprintf("ns%d.test", i), *address = xprintf("192.0.2.%d", i);

        list_add(&texts, server);
        list_add(&texts, address);
    }
    for (size_t i = 0; i < MANY; i++) {
        lines[1 + i] = (struct played_line){ "-", "example.test", "NS", texts.at[2 * i], 0 };
        lines[1 + MANY + i] = (struct played_line){ "-", "ns0.test", "A", texts.at[2 * i + 1], 0 };
    }
    REQUIRE(zone_find(&asker, "example.test", &zone, &err), "%s", err.why);
    CHECK_INT((int64_t)zone.count, ZONE_SERVERS_MAX, "servers");
    CHECK_INT((int64_t)zone.servers[0].addresses.len, ZONE_ADDRESSES_MAX, "addresses");
    for (int i = 0; i < 100; i++)
        buf_put_text(&deep, "a.");
    buf_put_text(&deep, "test");
    names.asked = 0;
    CHECK(!zone_cut(&asker, buf_text(&deep), NULL, &name, &err), " ");
    CHECK_INT((int64_t)names.asked, 64, "questions");
}

TEST_MAIN()
