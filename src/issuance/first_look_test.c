/* Which proofs certainly fail, by what was found before the CA said what is to be proved. */
#include "issuance/first_look.h"

#include "base/test.h"

TEST(dooms)
{
    static const struct {
        const char *name;
        struct preflight_look look;
        struct preflight_finding finding;
        struct proof proof;
        bool doomed;
    } cases[] = {
        { "that name by that proof", { "a.test", "http-01", NULL }, { "no-address", PREFLIGHT_FAILURE, "a.test" },
            { .identifier = "a.test", .type = "http-01" }, true },
        { "a warning", { "a.test", "http-01", NULL }, { "no-address", PREFLIGHT_WARNING, "a.test" },
            { .identifier = "a.test", .type = "http-01" }, false },
        { "another name", { "a.test", "http-01", NULL }, { "no-address", PREFLIGHT_FAILURE, "b.test" },
            { .identifier = "a.test", .type = "http-01" }, false },
        { "the CA offers another proof alone", { "a.test", "http-01", NULL },
            { "no-address", PREFLIGHT_FAILURE, "a.test" }, { .identifier = "a.test", .type = "dns-01" }, false },
        { "a wildcard", { "*.a.test", "dns-01", NULL }, { "caa-forbids", PREFLIGHT_FAILURE, "*.a.test" },
            { .identifier = "a.test", .type = "dns-01", .wildcard = true }, true },
        { "the name of a wildcard", { "*.a.test", "dns-01", NULL }, { "caa-forbids", PREFLIGHT_FAILURE, "*.a.test" },
            { .identifier = "a.test", .type = "dns-01" }, false },
        { "no proof was thought possible", { "a.test", NULL, NULL },
            { "wildcard-needs-dns", PREFLIGHT_FAILURE, "a.test" }, { .identifier = "a.test", .type = "http-01" },
            false },
        { "of no single name", { "a.test", "http-01", NULL }, { "clock-off", PREFLIGHT_FAILURE, NULL },
            { .identifier = "a.test", .type = "http-01" }, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct preflight_look look = cases[i].look;
        struct preflight_finding finding = cases[i].finding;
        const struct preflight found = { &finding, 1, &look, 1 };

        CHECK((first_look_dooms(&found, &cases[i].proof) != NULL) == cases[i].doomed, "%s", cases[i].name);
    }
}

TEST(nobody_looked)
{
    const struct preflight none = { 0 };
    const struct proof proof = { .identifier = "a.test", .type = "http-01" };

    CHECK(first_look_dooms(&none, &proof) == NULL, " ");
}

TEST_MAIN()
