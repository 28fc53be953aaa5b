/* Which answers of a zone's servers confirm what the resolvers say. */
#include "preflight/zone_view.h"

#include "dns/played_names.h"

#define ONE "5.6.0.1"
#define TWO "5.6.0.2"
#define ZONE                                                                                                           \
    { "-", "a.test", "SOA", "" }, { "-", "a.test", "NS", "n1.test" }, { "-", "a.test", "NS", "n2.test" },              \
    {                                                                                                                  \
        "-", "n2.test", "A", TWO                                                                                       \
    }
#define PUBLIC                                                                                                         \
    ZONE,                                                                                                              \
    {                                                                                                                  \
        "-", "n1.test", "A", ONE                                                                                       \
    }

static const struct {
    const char *name;
    enum lookup_what what; /* what the resolvers say of www.a.test */
    const char *address;   /* which they found */
    struct played_line lines[10];
    bool confirmed;
} cases[] = {
    { "no such name, say both", LOOKUP_NO_NAME, NULL, { PUBLIC }, true },
    { "there is a name without records", LOOKUP_NOTHING, NULL, { PUBLIC, { ONE, "www.a.test", "TXT", "x" } }, true },
    { "one has it", LOOKUP_NO_NAME, NULL, { PUBLIC, { TWO, "www.a.test", "A", "5.6.7.8" } }, false },
    { "one is silent", LOOKUP_NO_NAME, NULL, { PUBLIC, { ONE, NULL, "!", "silent" } }, true },
    { "both are silent", LOOKUP_NO_NAME, NULL, { PUBLIC, { ONE, NULL, "!", "silent" }, { TWO, NULL, "!", "silent" } },
        false },
    { "one is lame", LOOKUP_NO_NAME, NULL, { PUBLIC, { ONE, NULL, "!", "lame" } }, false },
    { "one fails", LOOKUP_NO_NAME, NULL, { PUBLIC, { ONE, NULL, "!", "SERVFAIL" } }, false },
    { "one is inside", LOOKUP_NO_NAME, NULL, { ZONE, { "-", "n1.test", "A", "10.0.0.1" } }, false },
    { "one has another address inside", LOOKUP_NO_NAME, NULL, { PUBLIC, { "-", "n1.test", "AAAA", "fd00::1" } },
        false },
    { "one has no address", LOOKUP_NO_NAME, NULL, { ZONE }, true },
    { "the same address", LOOKUP_FOUND, "10.1.2.3",
        { PUBLIC, { ONE, "www.a.test", "A", "10.1.2.3" }, { TWO, "www.a.test", "A", "10.1.2.3" } }, true },
    { "another address", LOOKUP_FOUND, "10.1.2.3",
        { PUBLIC, { ONE, "www.a.test", "A", "10.1.2.3" }, { TWO, "www.a.test", "A", "5.6.7.8" } }, false },
    { "nobody knows the zone", LOOKUP_NO_NAME, NULL, { { "-", NULL, "!", "SERVFAIL" } }, false },
};

TEST(zone_view_confirm)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines };
        struct asker asker = played_asker(&names);
        AUTO(lookup_clear) struct lookup lookup = { .what = cases[i].what };

        if (cases[i].address != NULL)
            list_add(&lookup.found, cases[i].address);
        zone_view_confirm(&asker, "www.a.test", DNS_A, &lookup);
        CHECK(lookup.confirmed == cases[i].confirmed, "%s", cases[i].name);
    }
}

TEST(an_alias_is_never_confirmed)
{
    static const struct played_line lines[] = { PUBLIC, { 0 } };
    struct played_names names = { .lines = lines };
    struct asker asker = played_asker(&names);
    AUTO(lookup_clear) struct lookup lookup = { .what = LOOKUP_NO_NAME };

    list_add(&lookup.aliases, "b.test");
    zone_view_confirm(&asker, "www.a.test", DNS_A, &lookup);
    CHECK(!lookup.confirmed, "where it leads is another zone's");
    CHECK_INT((int64_t)names.asked, 0, "nobody is asked");
}

/* What keeps CAA records from being certain, which else they are. */
TEST(zone_view_confirm_caa)
{
    static const struct {
        const char *name;
        const char *at;    /* whose records count for www.a.test */
        size_t unreadable; /* records that were not read: they may permit what those that were read do not */
        const char *alias;
        struct played_line lines[12];
        bool confirmed;
    } caa_cases[] = {
        { "of the name", "www.a.test", 0, NULL,
            { PUBLIC, { ONE, "www.a.test", "CAA", "issue ca.test" }, { TWO, "www.a.test", "CAA", "issue ca.test" } },
            true },
        { "of the name above, and none between", "a.test", 0, NULL,
            { PUBLIC, { ONE, "a.test", "CAA", "issue ca.test" }, { TWO, "a.test", "CAA", "issue ca.test" } }, true },
        { "of the name above, and one server has some between", "a.test", 0, NULL,
            { PUBLIC, { ONE, "a.test", "CAA", "issue ca.test" }, { TWO, "a.test", "CAA", "issue ca.test" },
                { TWO, "www.a.test", "CAA", "issue other.test" } },
            false },
        { "another one at one server", "www.a.test", 0, NULL,
            { PUBLIC, { ONE, "www.a.test", "CAA", "issue ca.test" }, { TWO, "www.a.test", "CAA", "issue other.test" } },
            false },
        { "records that were not read", "www.a.test", 1, NULL,
            { PUBLIC, { ONE, "www.a.test", "CAA", "issue ca.test" }, { TWO, "www.a.test", "CAA", "issue ca.test" } },
            false },
        { "an alias", "www.a.test", 0, "b.test",
            { PUBLIC, { ONE, "www.a.test", "CAA", "issue ca.test" }, { TWO, "www.a.test", "CAA", "issue ca.test" } },
            false },
    };

    for (size_t i = 0; i < COUNT(caa_cases); i++) {
        struct played_names names = { .lines = caa_cases[i].lines };
        struct asker asker = played_asker(&names);
        AUTO(lookup_clear) struct lookup lookup = { .what = LOOKUP_FOUND };

        caa_add(&lookup.caa, (struct view){ "\0\5issueca.test", 2 + 5 + 7 });
        lookup.caa.unreadable = caa_cases[i].unreadable;
        if (caa_cases[i].alias != NULL)
            list_add(&lookup.aliases, caa_cases[i].alias);
        zone_view_confirm_caa(&asker, "www.a.test", caa_cases[i].at, &lookup);
        CHECK(lookup.confirmed == caa_cases[i].confirmed, "%s", caa_cases[i].name);
    }
}

TEST_MAIN()
