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

TEST_MAIN()
