/* CNAMEs at the name of a challenge: followed, refused, or a wildcard's. */
#include "dns/delegation.h"

#include "dns/played_names.h"

#define AT "_acme-challenge.www.example.test"
#define OTHER "_acme-challenge.plain.test"
#define ANY "_acme-challenge-is-this-a-wildcard.www.example.test"
#define S "192.0.2.1"
/* One server for all zones; resolvers know of zones and servers alone. */
#define ZONES                                                                                                          \
    { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "ns.test", 0 },                                \
        { "-", "acme.test", "SOA", "", 0 }, { "-", "acme.test", "NS", "ns.test", 0 }, { "-", "test", "SOA", "", 0 },   \
        { "-", "test", "NS", "ns.test", 0 },                                                                           \
    {                                                                                                                  \
        "-", "ns.test", "A", S, 0                                                                                      \
    }

TEST(followed)
{
    static const struct {
        const char *name;
        struct played_line lines[20];
        const char *place, *why, *unseen;
        bool by_wildcard, same_zone, resolvers;
    } cases[] = {
        { "none", { ZONES }, AT, NULL, NULL, false, true, false },
        { "one", { ZONES, { S, AT, "CNAME", "www.acme.test", 0 } }, "www.acme.test", NULL, NULL, false, false, false },
        { "into the same zone", { ZONES, { S, AT, "CNAME", "x.y.example.test", 0 } }, "x.y.example.test", NULL, NULL,
            false, true, false },
        { "written in upper case", { ZONES, { S, AT, "CNAME", "WWW.Acme.test.", 0 } }, "www.acme.test", NULL, NULL,
            false, false, false },
        { "two",
            { ZONES, { S, AT, "CNAME", "www.acme.test", 0 }, { S, "www.acme.test", "CNAME", "x.else.acme.test", 0 } },
            "x.else.acme.test", NULL, NULL, false, false, false },
        { "to itself", { ZONES, { S, AT, "CNAME", AT, 0 } }, NULL, AT " is a CNAME that leads back to " AT, NULL, false,
            false, false },
        { "a circle", { ZONES, { S, AT, "CNAME", "a.acme.test", 0 }, { S, "a.acme.test", "CNAME", AT, 0 } }, NULL,
            AT " is a CNAME that leads back to " AT, NULL, false, false, false },
        { "a circle behind it",
            { ZONES, { S, AT, "CNAME", "a.test", 0 }, { S, "a.test", "CNAME", "b.test", 0 },
                { S, "b.test", "CNAME", "a.test", 0 } },
            NULL, AT " leads through too many CNAMEs, at last to a.test", NULL, false, false, false },
        { "eight",
            { ZONES, { S, AT, "CNAME", "a1.test", 0 }, { S, "a1.test", "CNAME", "a2.test", 0 },
                { S, "a2.test", "CNAME", "a3.test", 0 }, { S, "a3.test", "CNAME", "a4.test", 0 },
                { S, "a4.test", "CNAME", "a5.test", 0 }, { S, "a5.test", "CNAME", "a6.test", 0 },
                { S, "a6.test", "CNAME", "a7.test", 0 }, { S, "a7.test", "CNAME", "a8.test", 0 } },
            "a8.test", NULL, NULL, false, false, false },
        { "a wildcard's",
            { ZONES, { S, AT, "CNAME", "www.acme.test", 0 }, { S, ANY, "CNAME", "www.acme.test", 0 },
                { S, "www.acme.test", "CNAME", "cdn.acme.test", 0 } },
            "cdn.acme.test", NULL, NULL, true, false, false },
        { "a wildcard's in the same zone",
            { ZONES, { S, AT, "CNAME", "www.example.test", 0 }, { S, ANY, "CNAME", "www.example.test", 0 } },
            "www.example.test", NULL, NULL, true, true, false },
        { "a wildcard's that leads in a circle",
            { ZONES, { S, AT, "CNAME", "www.acme.test", 0 }, { S, ANY, "CNAME", "www.acme.test", 0 },
                { S, "www.acme.test", "CNAME", "www.acme.test", 0 } },
            AT, NULL, NULL, false, true, false },
        { "beside a wildcard that leads elsewhere",
            { ZONES, { S, AT, "CNAME", "www.acme.test", 0 }, { S, ANY, "CNAME", "www.test", 0 } }, "www.acme.test",
            NULL, NULL, false, false, false },
        { "nobody answers", { { "-", NULL, "!", "silent", 0 } }, AT, NULL,
            "the name server 192.0.2.99 did not answer in time", false, false, false },
        { "a zone that fails", { ZONES, { S, NULL, "!", "SERVFAIL", 0 } }, AT, NULL,
            "ns.test (" S ") answers with SERVFAIL", false, true, false },
        { "servers that are not reached, and resolvers not to be asked",
            { ZONES, { S, NULL, "!", "silent", 0 }, { "-", AT, "CNAME", "www.acme.test", 0 } }, AT, NULL,
            "ns.test (" S ") does not answer (the name server " S " did not answer in time)", false, true, false },
        { "servers that are not reached, and a resolver that knows",
            { ZONES, { S, NULL, "!", "silent", 0 }, { "-", AT, "CNAME", "www.acme.test", 0 } }, "www.acme.test", NULL,
            NULL, false, false, true },
        { "servers that are not reached, and a resolver that fails",
            { ZONES, { S, NULL, "!", "silent", 0 }, { "-", AT, "!", "SERVFAIL", 0 } }, AT, NULL,
            "the resolver 192.0.2.99 says SERVFAIL", false, true, true },
        { "nobody answers behind it",
            { ZONES, { S, AT, "CNAME", "a.acme.test", 0 }, { S, "a.acme.test", "!", "silent", 0 } }, "a.acme.test",
            NULL, "ns.test (" S ") does not answer (the name server " S " did not answer in time)", false, false,
            false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines, .unspoken = cases[i].resolvers ? NULL : AT };
        struct asker asker = played_asker(&names);
        AUTO(zones_clear) struct zones zones = { .asker = &asker };
        const struct delegation_way way = { &zones,
            cases[i].resolvers ? "https://5.6.7.8/directory" : "https://10.0.0.1/directory" };
        struct delegation both[] = { { .name = AT }, { .name = OTHER } };
        struct error err = { 0 };

        REQUIRE(delegations_follow(&way, both, COUNT(both), &err), "%s: %s", cases[i].name, err.why);
        if (cases[i].why == NULL)
            CHECK_TEXT(both[0].place, cases[i].place, cases[i].name);
        CHECK_TEXT(both[0].error != NULL ? both[0].error->why : NULL, cases[i].why, cases[i].name);
        CHECK_TEXT(both[0].unseen, cases[i].unseen, cases[i].name);
        CHECK(both[0].by_wildcard == cases[i].by_wildcard, "%s", cases[i].name);
        CHECK(cases[i].why != NULL || both[0].same_zone == cases[i].same_zone, "%s", cases[i].name);
        CHECK_TEXT(both[1].place, OTHER, cases[i].name);
        CHECK(both[1].error == NULL, "%s", cases[i].name);
        CHECK(names.asked <= 40, "%s: %zu questions", cases[i].name, names.asked);
        delegation_clear(&both[0]);
        delegation_clear(&both[1]);
    }
}

TEST(interrupted)
{
    static const struct played_line lines[] = { ZONES, { NULL, NULL, NULL, NULL, 0 } };
    struct played_names names = { .lines = lines, .interrupted_at = AT };
    struct asker asker = played_asker(&names);
    AUTO(zones_clear) struct zones zones = { .asker = &asker };
    const struct delegation_way way = { .zones = &zones };
    struct delegation delegation = { .name = AT };
    struct error err = { 0 };

    CHECK(!delegations_follow(&way, &delegation, 1, &err) && err.kind == ERROR_CANCELED, "%s", err.why);
    delegation_clear(&delegation);
}

TEST_MAIN()
