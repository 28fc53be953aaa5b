/* Questions to the zone of a name that is not there: which zone, which server, and never the resolvers. */
#include "dns/zones.h"

#include "dns/played_names.h"

#define AT "_acme-challenge.www.example.test"
#define ZONE                                                                                                           \
    { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "a.test", 0 },                                 \
        { "-", "example.test", "NS", "b.test", 0 }, { "-", "a.test", "A", "192.0.2.1", 0 },                            \
    {                                                                                                                  \
        "-", "b.test", "A", "192.0.2.2", 0                                                                             \
    }
#define A "192.0.2.1"
#define B "192.0.2.2"
#define SUB "192.0.2.3"

/* "ZONE: SERVER'S ADDRESS rcode N records", or why there is no answer; of the caller's. */
static char *tell(const struct zoned *zoned)
{
    static const char *const states[] = { "unknown", "silent", "lame", "says" };

    return zoned->state == ZONED_SAYS ? xprintf("%s: %s %s", zoned->zone->name, zoned->reply.answer.server,
                                            zoned->reply.answer.rcode == DNS_NXDOMAIN ? "no such name"
                                            : zoned->reply.answer.len > 0             ? "found"
                                                                                      : "nothing")
                                      : xprintf("%s (%s): %s", states[zoned->state],
                                            zoned->zone != NULL ? zoned->zone->name : "-", zoned->why);
}

TEST(asked)
{
    static const struct {
        const char *name;
        struct played_line lines[16];
        const char *want;
        size_t most; /* questions */
    } cases[] = {
        { "the first server", { ZONE, { A, AT, "TXT", "v", 0 } }, "example.test: " A " found", 7 },
        { "a name that is not there", { ZONE }, "example.test: " A " no such name", 7 },
        { "the next server", { ZONE, { A, NULL, "!", "silent", 0 }, { B, AT, "TXT", "v", 0 } },
            "example.test: " B " found", 8 },
        { "one that fails", { ZONE, { A, NULL, "!", "SERVFAIL", 0 }, { B, AT, "TXT", "v", 0 } },
            "example.test: " B " found", 8 },
        { "one without authority", { ZONE, { A, NULL, "!", "lame", 0 }, { B, AT, "TXT", "v", 0 } },
            "example.test: " B " found", 8 },
        { "none is reached", { ZONE, { A, NULL, "!", "silent", 0 }, { B, NULL, "!", "silent", 0 } },
            "silent (example.test): a.test (" A ") does not answer (the name server " A " did not answer in time)", 8 },
        { "none is of use", { ZONE, { A, NULL, "!", "silent", 0 }, { B, NULL, "!", "REFUSED", 0 } },
            "lame (example.test): a.test (" A ") does not answer (the name server " A " did not answer in time)", 8 },
        { "no addresses", { { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "a.test", 0 } },
            "silent (example.test): no name server of example.test has an address", 5 },
        { "no resolver", { { "-", NULL, "!", "silent", 0 } },
            "unknown (-): the name server 192.0.2.99 did not answer in time", 1 },
        { "given away, with the address",
            { ZONE, { A, AT, "REFER", "ns." AT, 0 }, { A, "ns." AT, "GLUE", SUB, 0 }, { SUB, AT, "TXT", "v", 0 } },
            AT ": " SUB " found", 8 },
        { "given away above it, to a server whose address is asked for",
            { ZONE, { A, "www.example.test", "REFER", "c.test", 0 }, { "-", "c.test", "A", SUB, 0 },
                { SUB, AT, "TXT", "v", 0 } },
            "www.example.test: " SUB " found", 10 },
        { "given away to nobody who answers",
            { ZONE, { A, AT, "REFER", "c.test", 0 }, { "-", "c.test", "A", SUB, 0 }, { SUB, NULL, "!", "silent", 0 } },
            "silent (" AT "): c.test (" SUB ") does not answer (the name server " SUB " did not answer in time)", 10 },
        { "a circle", { ZONE, { A, AT, "REFER", "a.test", 0 } },
            "lame (" AT "): a.test (" A ") answers without authority for this zone", 10 },
        { "referred to above", { ZONE, { A, "test", "REFER", "c.test", 0 }, { B, AT, "TXT", "v", 0 } },
            "example.test: " B " found", 8 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines, .unspoken = AT };
        struct asker asker = played_asker(&names);
        AUTO(zones_clear) struct zones zones = { .asker = &asker };
        struct zoned zoned = { .name = AT };
        AUTO(free) char *told = NULL;
        struct error err = { 0 };

        REQUIRE(zones_ask(&zones, DNS_TXT, &zoned, 1, &err), "%s: %s", cases[i].name, err.why);
        told = tell(&zoned);
        CHECK_TEXT(told, cases[i].want, cases[i].name);
        CHECK(names.asked <= cases[i].most, "%s: %zu questions", cases[i].name, names.asked);
        zoned_clear(&zoned);
    }
}

/* The server that has the zone above has this one, too, and says so by its SOA record. */
TEST(both_on_one_server)
{
    static const struct played_line lines[] = { ZONE, { A, AT, "SOA", "", 0 }, { A, AT, "NS", "c.test", 0 },
        { "-", "c.test", "A", SUB, 0 }, { SUB, AT, "SOA", "", 0 }, { NULL, NULL, NULL, NULL, 0 } };
    struct played_names names = { .lines = lines, .unspoken = AT };
    struct asker asker = played_asker(&names);
    AUTO(zones_clear) struct zones zones = { .asker = &asker };
    struct zoned zoned = { .name = AT };
    AUTO(free) char *told = NULL;
    struct error err = { 0 };

    REQUIRE(zones_ask(&zones, DNS_SOA, &zoned, 1, &err), "%s", err.why);
    told = tell(&zoned);
    CHECK_TEXT(told, AT ": " SUB " found", "its own servers are asked");
    zoned_clear(&zoned);
}

/* Zones are found once, and a server that is silent is waited for once. */
TEST(many_names)
{
    static const struct played_line lines[] = { ZONE, { A, NULL, "!", "silent", 0 }, { NULL, NULL, NULL, NULL, 0 } };
    static const struct played_line dead[] = { ZONE, { A, NULL, "!", "silent", 0 }, { B, NULL, "!", "silent", 0 },
        { NULL, NULL, NULL, NULL, 0 } };
    static const struct {
        const struct played_line *lines;
        enum zoned_state want;
        size_t first, again;
    } cases[] = {
        /* 3 SOA, NS, 4 addresses, 3 at A, 1 at B for the first name, 2 for the others. */
        { lines, ZONED_SAYS, 14, 6 },
        { dead, ZONED_SILENT, 12, 3 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines };
        struct asker asker = played_asker(&names);
        AUTO(zones_clear) struct zones zones = { .asker = &asker };
        struct error err = { 0 };

        for (size_t round = 0; round < 2; round++) {
            struct zoned zoned[] = { { .name = "_acme-challenge.example.test" },
                { .name = "_acme-challenge.a.example.test" }, { .name = "_acme-challenge.b.example.test" } };

            names.asked = 0;
            REQUIRE(zones_ask(&zones, DNS_TXT, zoned, COUNT(zoned), &err), "%s", err.why);
            CHECK_INT((int64_t)names.asked, (int64_t)(round == 0 ? cases[i].first : cases[i].again), "questions");
            for (size_t k = 0; k < COUNT(zoned); k++) {
                CHECK_INT(zoned[k].state, cases[i].want, zoned[k].name);
                zoned_clear(&zoned[k]);
            }
        }
        CHECK_INT((int64_t)zones.count, 1, "zones");
    }
}

TEST(interrupted)
{
    static const struct played_line lines[] = { ZONE, { A, AT, "REFER", "c.test", 0 }, { NULL, NULL, NULL, NULL, 0 } };
    static const char *const places[] = { "www.example.test", "example.test", "a.test", AT, "c.test" };

    for (size_t i = 0; i < COUNT(places); i++) {
        struct played_names names = { .lines = lines, .interrupted_at = places[i] };
        struct asker asker = played_asker(&names);
        AUTO(zones_clear) struct zones zones = { .asker = &asker };
        struct zoned zoned = { .name = AT };
        struct error err = { 0 };

        CHECK(!zones_ask(&zones, DNS_TXT, &zoned, 1, &err) && err.kind == ERROR_CANCELED, "%s", places[i]);
        zoned_clear(&zoned);
    }
}

TEST_MAIN()
