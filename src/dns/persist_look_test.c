/* What name servers have in place of a standing record. */
#include "dns/persist_look.h"

#include "dns/played_names.h"

#define AT "_validation-persist.example.test"
#define ZONE                                                                                                           \
    { "-", "example.test", "SOA", "", 0 }, { "-", "example.test", "NS", "a.test", 0 },                                 \
        { "-", "example.test", "NS", "b.test", 0 }, { "-", "a.test", "A", "198.41.0.4", 0 },                           \
    {                                                                                                                  \
        "-", "b.test", "A", "170.247.170.2", 0                                                                         \
    }
#define A4 "198.41.0.4"
#define B4 "170.247.170.2"
#define GOOD "ca.test; accounturi=https://ca.test/1"

TEST(looks)
{
    static const struct {
        const char *name;
        struct played_line lines[14];
        bool wildcard;
        int fit; /* -1: an error */
        const char *said;
        int64_t until;
    } cases[] = {
        { "both have it", { ZONE, { A4, AT, "TXT", GOOD, 0 }, { B4, AT, "TXT", GOOD, 0 } }, false, PERSIST_FITS, NULL,
            INT64_MAX },
        { "one has it not", { ZONE, { A4, AT, "TXT", GOOD, 0 }, { B4, AT, "TXT", "v=spf1", 0 } }, false, PERSIST_OTHER,
            "b.test (" B4 ") does not have it", 0 },
        { "none has it", { ZONE }, false, PERSIST_OTHER, "a.test (" A4 ") does not have it", 0 },
        { "one has it without the policy",
            { ZONE, { A4, AT, "TXT", GOOD "; policy=wildcard", 0 }, { B4, AT, "TXT", GOOD, 0 } }, true, PERSIST_NARROW,
            "b.test (" B4 ") has it, but without policy=wildcard", 0 },
        { "it is over",
            { ZONE, { A4, AT, "TXT", GOOD "; persistUntil=5", 0 }, { B4, AT, "TXT", GOOD "; persistUntil=5", 0 } },
            false, PERSIST_OVER, "a.test (" A4 ") has it, but its persistUntil has passed", 0 },
        { "the longest counts",
            { ZONE, { A4, AT, "TXT", GOOD "; persistUntil=2000", 0 }, { A4, AT, "TXT", GOOD "; persistUntil=3000", 0 },
                { B4, NULL, "!", "silent", 0 } },
            false, PERSIST_FITS, NULL, 3000 },
        { "behind a CNAME",
            { ZONE, { A4, AT, "CNAME", "x.example.test", 0 }, { A4, "x.example.test", "TXT", GOOD, 0 },
                { B4, "x.example.test", "TXT", GOOD, 0 } },
            false, PERSIST_FITS, NULL, INT64_MAX },
        { "only the resolver answers",
            { ZONE, { A4, NULL, "!", "silent", 0 }, { B4, NULL, "!", "lame", 0 }, { "-", AT, "TXT", GOOD, 0 } }, false,
            PERSIST_FITS, NULL, INT64_MAX },
        { "the resolver has it not", { { "-", "test", "SOA", "", 0 } }, false, PERSIST_OTHER,
            "the resolver (192.0.2.99) does not have it", 0 },
        { "nobody answers", { { "-", NULL, "!", "silent", 0 } }, false, -1,
            "the name server 192.0.2.99 did not answer in time", 0 },
        { "a resolver that fails", { { "-", NULL, "!", "SERVFAIL", 0 } }, false, -1,
            "no name server says what records " AT " has", 0 },
        { "behind a wildcard's CNAME",
            { ZONE, { A4, AT, "CNAME", "x.example.test", 0 },
                { A4, "_acme-challenge-is-this-a-wildcard.example.test", "CNAME", "x.example.test", 0 },
                { A4, "x.example.test", "TXT", GOOD, 0 }, { B4, "x.example.test", "TXT", GOOD, 0 } },
            false, PERSIST_FITS, NULL, INT64_MAX },
        { "a circle", { ZONE, { A4, AT, "CNAME", AT, 0 } }, false, -1, AT " is a CNAME that leads back to " AT, 0 },
    };
    AUTO(list_clear) struct list issuers = { 0 };

    list_add(&issuers, "ca.test");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = cases[i].lines };
        struct asker asker = played_asker(&names);
        const struct persist_want want = { &issuers, "https://ca.test/1", cases[i].wildcard, 1000 };
        AUTO(persist_seen_clear) struct persist_seen seen = { 0 };
        struct error err = { 0 };
        bool ok = persist_look(&asker, AT, &want, &seen, &err);

        CHECK(ok == (cases[i].fit >= 0), "%s: %s", cases[i].name, err.why);
        if (ok)
            CHECK_INT(seen.fit, cases[i].fit, cases[i].name);
        if (cases[i].said != NULL)
            CHECK_TEXT(ok ? seen.said : err.why, cases[i].said, cases[i].name);
        if (ok && seen.fit == PERSIST_FITS)
            CHECK_INT(seen.until, cases[i].until, cases[i].name);
    }
}

TEST_MAIN()
