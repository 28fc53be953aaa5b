#include "lifecycle/obtain.h"

#include "fixture.h"
#include "lifecycle/next_version.h"

TEST(names_are_summed_up_as_certbot_does)
{
    static const struct {
        const char *names[4], *want;
    } cases[] = {
        { { NULL }, "" },
        { { "a.test" }, "a.test" },
        { { "a.test", "b.test" }, "a.test and b.test" },
        { { "a.test", "b.test", "c.test" }, "a.test and 2 more" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *got = NULL;

        for (size_t k = 0; cases[i].names[k] != NULL; k++)
            list_add(&names, cases[i].names[k]);
        got = names_summary(&names);
        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST(a_first_certificate_and_its_successor)
{
    static const struct setup setup = { .options = "domains=a.test,www.a.test" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(obtain_result_clear) struct obtain_result first = { 0 }, kept = { 0 }, next = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(obtain(&fixture.context, &first, &err), "%s: %s", err.what, err.why);
    CHECK_INT(first.what, OBTAINED_NEW, "first");
    CHECK_TEXT(first.lineage->name, "a.test", "its name");
    fixture_next_run(&fixture);
    fixture_set(fixture.settings, "keep-until-expiring", ORIGIN_COMMAND_LINE);
    REQUIRE(obtain(&fixture.context, &kept, &err), "%s: %s", err.what, err.why);
    CHECK_INT(kept.what, OBTAINED_KEPT, "again");
    CHECK(acme_ca_sleep_ms(&fixture.ca, 65 * FIXTURE_DAY * 1000));
    fixture_next_run(&fixture);
    REQUIRE(obtain(&fixture.context, &next, &err), "%s: %s", err.what, err.why);
    CHECK_INT(next.what, OBTAINED_RENEWED, "two months later");
    CHECK(fixture.ca.replaces != NULL && fixture_has_said(&fixture, "Renewing an existing certificate for a.test"),
        "%s", buf_text(&fixture.said));
}

TEST_MAIN()
