/* CNAMEs at the name of a challenge: followed, refused, or a wildcard's. */
#include "dns/delegation.h"

#include "dns/played_names.h"

#define AT "_acme-challenge.www.example.test"

TEST(followed)
{
    static const struct {
        const char *name;
        struct played_line lines[12];
        const char *place, *why;
    } cases[] = {
        { "none", { { "-", "example.test", "SOA", "" } }, AT, NULL },
        { "one", { { "-", AT, "CNAME", "www.acme.test" } }, "www.acme.test", NULL },
        { "written in upper case", { { "-", AT, "CNAME", "WWW.Acme.test." } }, "www.acme.test", NULL },
        { "two", { { "-", AT, "CNAME", "www.acme.test" }, { "-", "www.acme.test", "CNAME", "x.else.test" } },
            "x.else.test", NULL },
        { "to itself", { { "-", AT, "CNAME", AT } }, NULL, AT " is a CNAME that leads back to " AT },
        { "a circle", { { "-", AT, "CNAME", "a.test" }, { "-", "a.test", "CNAME", AT } }, NULL,
            AT " is a CNAME that leads back to " AT },
        { "a circle behind it",
            { { "-", AT, "CNAME", "a.test" }, { "-", "a.test", "CNAME", "b.test" },
                { "-", "b.test", "CNAME", "a.test" } },
            NULL, AT " leads through too many CNAMEs, at last to a.test" },
        { "eight",
            { { "-", AT, "CNAME", "a1.test" }, { "-", "a1.test", "CNAME", "a2.test" },
                { "-", "a2.test", "CNAME", "a3.test" }, { "-", "a3.test", "CNAME", "a4.test" },
                { "-", "a4.test", "CNAME", "a5.test" }, { "-", "a5.test", "CNAME", "a6.test" },
                { "-", "a6.test", "CNAME", "a7.test" }, { "-", "a7.test", "CNAME", "a8.test" } },
            "a8.test", NULL },
        { "a wildcard's",
            { { "-", AT, "CNAME", "www.test" },
                { "-", "_acme-challenge-is-this-a-wildcard.www.example.test", "CNAME", "www.test" },
                { "-", "www.test", "CNAME", "cdn.test" } },
            AT, NULL },
        { "beside a wildcard that leads elsewhere",
            { { "-", AT, "CNAME", "www.acme.test" },
                { "-", "_acme-challenge-is-this-a-wildcard.www.example.test", "CNAME", "www.test" } },
            "www.acme.test", NULL },
        { "nobody answers", { { "-", NULL, "!", "silent" } }, AT, NULL },
        { "a resolver that fails", { { "-", NULL, "!", "SERVFAIL" } }, AT, NULL },
        { "nobody answers behind it", { { "-", AT, "CNAME", "a.test" }, { "-", "a.test", "!", "silent" } }, "a.test",
            NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines };
        struct asker asker = played_asker(&names);
        struct delegation both[] = { { .name = AT }, { .name = "_acme-challenge.plain.test" } };
        struct error err = { 0 };

        REQUIRE(delegations_follow(&asker, both, COUNT(both), &err), "%s: %s", cases[i].name, err.why);
        if (cases[i].why == NULL)
            CHECK_TEXT(both[0].place, cases[i].place, cases[i].name);
        CHECK_TEXT(both[0].error != NULL ? both[0].error->why : NULL, cases[i].why, cases[i].name);
        CHECK_TEXT(both[1].place, "_acme-challenge.plain.test", cases[i].name);
        CHECK(both[1].error == NULL, "%s", cases[i].name);
        CHECK(names.asked <= 2 + 1 + DELEGATION_STEPS_MAX, "%s: %zu questions", cases[i].name, names.asked);
        delegation_clear(&both[0]);
        delegation_clear(&both[1]);
    }
}

TEST(interrupted)
{
    static const struct played_line none[] = { { NULL, NULL, NULL, NULL, 0 } };
    struct played_names names = { .lines = none, .interrupted_at = AT };
    struct asker asker = played_asker(&names);
    struct delegation delegation = { .name = AT };
    struct error err = { 0 };

    CHECK(!delegations_follow(&asker, &delegation, 1, &err) && err.kind == ERROR_CANCELED, "%s", err.why);
    delegation_clear(&delegation);
}

TEST_MAIN()
