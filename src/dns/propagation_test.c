/* Waiting for name servers that are played, by a clock that is. */
#include "dns/propagation.h"

#include "dns/played_names.h"

#define AT "_acme-challenge.example.test"
/* Two servers of a zone, one with two addresses. */
#define ZONE                                                                                                           \
    { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "a.test", 0 },                                 \
        { "-", "example.test", "NS", "b.test", 0 }, { "-", "a.test", "A", "198.41.0.4", 0 },                           \
        { "-", "a.test", "AAAA", "2001:503:ba3e::2:30", 0 },                                                           \
    {                                                                                                                  \
        "-", "b.test", "A", "170.247.170.2", 0                                                                         \
    }
#define A4 "198.41.0.4"
#define A6 "2001:503:ba3e::2:30"
#define B4 "170.247.170.2"

struct hearer {
    char text[512];
    size_t count;
};

static void hear(void *arg, const char *what)
{
    struct hearer *hearer = arg;

    (void)snprintf(hearer->text, sizeof hearer->text, "%s", what);
    hearer->count++;
}

TEST(waits)
{
    static const struct {
        const char *name;
        struct played_line lines[20];
        int limit_s;
        enum verdict want;
        int64_t least_ms, most_ms;
        const char *why, *left_out;
    } cases[] = {
        { "all at once", { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, AT, "TXT", "v", 0 } }, 600,
            VERDICT_THERE, 0, 0, NULL, NULL },
        { "one comes late",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, AT, "TXT", "v", 40000 } }, 600,
            VERDICT_THERE, 40000, 50000, NULL, NULL },
        { "one address comes late",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 25000 }, { B4, AT, "TXT", "v", 0 } }, 600,
            VERDICT_THERE, 25000, 35000, NULL, NULL },
        { "one never comes",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, AT, "TXT", "old", 0 } }, 100,
            VERDICT_BEHIND, 100000, 100000, "b.test (" B4 ") does not have the record", NULL },
        { "none ever comes", { ZONE }, 100, VERDICT_BEHIND, 100000, 100000,
            "a.test (" A4 ") does not have the record; a.test (" A6 ") does not have the record; b.test (" B4
            ") does not have the record",
            NULL },
        { "no IPv6 here",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, NULL, "!", "silent", 0 }, { B4, AT, "TXT", "v", 0 } }, 600,
            VERDICT_THERE, 0, 0, NULL,
            "a.test (" A6 ") does not answer (the name server " A6 " did not answer in time)" },
        { "one server is down",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, NULL, "!", "silent", 0 } }, 600,
            VERDICT_THERE, 15000, 25000, NULL,
            "b.test (" B4 ") does not answer (the name server " B4 " did not answer in time)" },
        { "one server is lame",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, NULL, "!", "lame", 0 } }, 600,
            VERDICT_THERE, 15000, 25000, NULL, "b.test (" B4 ") answers without authority for this zone" },
        { "SERVFAIL for a while",
            { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 }, { B4, NULL, "!", "SERVFAIL", 0 },
                { B4, NULL, "!", NULL, 5000 }, { B4, AT, "TXT", "v", 0 } },
            600, VERDICT_THERE, 5000, 12000, NULL, NULL },
        { "port 53 is closed",
            { ZONE, { A4, NULL, "!", "silent", 0 }, { A6, NULL, "!", "silent", 0 }, { B4, NULL, "!", "REFUSED", 0 } },
            600, VERDICT_BLIND, 15000, 25000,
            "a.test (" A4 ") does not answer (the name server " A4 " did not answer in time); a.test (" A6
            ") does not answer (the name server " A6 " did not answer in time); b.test (" B4 ") answers with REFUSED",
            NULL },
        { "no resolver", { { "-", NULL, "!", "silent", 0 } }, 600, VERDICT_BLIND, 0, 0,
            "the name server 192.0.2.99 did not answer in time", NULL },
        { "another horizon",
            { { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "in.test", 0 },
                { "-", "in.test", "A", "10.0.0.53", 0 } },
            600, VERDICT_ELSEWHERE, 60000, 70000, "in.test (10.0.0.53) does not have the record", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines, .unspoken = AT };
        struct asker asker = played_asker(&names);
        struct propagation how = { .limit_s = cases[i].limit_s, .fixed_s = 10 };
        struct spread spread = { .place = AT, .value = "v" };
        struct error err = { 0 };

        REQUIRE(propagation_wait(&asker, &how, &spread, 1, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(spread.verdict, cases[i].want, cases[i].name);
        CHECK(names.now_ms >= cases[i].least_ms && names.now_ms <= cases[i].most_ms, "%s: %d ms", cases[i].name,
            (int)names.now_ms);
        CHECK_TEXT(spread.why, cases[i].why, cases[i].name);
        CHECK_TEXT(spread.left_out, cases[i].left_out, cases[i].name);
        CHECK(names.asked < 250, "%s: %zu questions", cases[i].name, names.asked);
        spread_clear(&spread);
    }
}

/* Two values of one name, and a name in another zone that is behind. */
TEST(each_name_has_its_verdict)
{
    static const struct played_line lines[] = { ZONE, { A4, AT, "TXT", "v", 0 }, { A6, AT, "TXT", "v", 0 },
        { B4, AT, "TXT", "v", 0 }, { A4, AT, "TXT", "w", 3000 }, { A6, AT, "TXT", "w", 3000 },
        { B4, AT, "TXT", "w", 3000 }, { "-", "other.test", "SOA", "", 0 }, { "-", "other.test", "NS", "c.test", 0 },
        { "-", "c.test", "A", "9.9.9.9", 0 }, { "9.9.9.9", "_acme-challenge.other.test", "TXT", "x", 0 },
        { NULL, NULL, NULL, NULL, 0 } };
    struct played_names names = { .lines = lines };
    struct asker asker = played_asker(&names);
    struct hearer hearer = { 0 };
    struct propagation how = { .limit_s = 60, .tell = hear, .arg = &hearer };
    struct spread spreads[] = { { .place = AT, .value = "v" }, { .place = AT, .value = "w" },
        { .place = "_acme-challenge.other.test", .value = "x" },
        { .place = "_acme-challenge.other.test", .value = "y" } };
    struct error err = { 0 };

    REQUIRE(propagation_wait(&asker, &how, spreads, COUNT(spreads), &err), "%s", err.why);
    CHECK(spreads[0].verdict == VERDICT_THERE && spreads[1].verdict == VERDICT_THERE, " ");
    CHECK(spreads[2].verdict == VERDICT_BEHIND && spreads[3].verdict == VERDICT_BEHIND, " ");
    CHECK_TEXT(spreads[3].why, "c.test (9.9.9.9) has 1 of 2 values", "why");
    CHECK_INT((int64_t)hearer.count, 1, "told once");
    CHECK_TEXT(hearer.text, "_acme-challenge.other.test: c.test (9.9.9.9) has 1 of 2 values", "told");
    for (size_t i = 0; i < COUNT(spreads); i++)
        spread_clear(&spreads[i]);
}

TEST(interrupted)
{
    static const struct played_line lines[] = { ZONE, { NULL, NULL, NULL, NULL, 0 } };
    static const char *const names_at[] = { AT, "example.test", "a.test" };

    for (size_t i = 0; i < COUNT(names_at); i++) {
        struct played_names names = { .lines = lines, .interrupted_at = names_at[i] };
        struct asker asker = played_asker(&names);
        struct propagation how = { .limit_s = 60 };
        struct spread spread = { .place = AT, .value = "v" };
        struct error err = { 0 };

        CHECK(!propagation_wait(&asker, &how, &spread, 1, &err) && err.kind == ERROR_CANCELED, "%s", err.why);
        spread_clear(&spread);
    }
}

TEST_MAIN()
