/* Records of dns-persist-01: how they read, and whether they are what is wanted. */
#include "dns/persist_record.h"

#include "base/test.h"
#include "base/text.h"

#define URI "https://ca.test/acct/1"

TEST(read)
{
    static const struct {
        const char *text, *want; /* want NULL: it is none */
    } cases[] = {
        { "ca.test; accounturi=" URI, "ca.test " URI " - for ever" },
        { "ca.test;accounturi=" URI ";policy=wildcard", "ca.test " URI " wildcard for ever" },
        { " CA.Test. ; AccountURI = " URI " ; Policy=WildCard ; persistUntil=1790000000 ;",
            "ca.test " URI " wildcard 1790000000" },
        { "ca.test; policy=other; unknown=1; accounturi=" URI, "ca.test " URI " - for ever" },
        { "ca.test", "ca.test (null) - for ever" },
        { "ca.test; accounturi=", "ca.test  - for ever" },
        { "", NULL },
        { ";", NULL },
        { "v=spf1 include:example.test -all", NULL },
        { "ca.test; accounturi", NULL },
        { "ca.test; =x", NULL },
        { "ca.test; accounturi=" URI "; accounturi=" URI, NULL },
        { "ca.test; persistUntil=soon", NULL },
        { "ca.test; persistUntil=-1", NULL },
        { "ca.test; persistUntil=99999999999999999999", NULL },
        { "ca.test; persistUntil=1; persistUntil=2", NULL },
        { "ca.test; accounturi=a b", NULL },
        { "ca.test; accounturi=\xc3\xa4", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(persist_record_clear) struct persist_record record = { 0 };
        AUTO(free) char *got = NULL, *until = NULL;

        if (persist_record_read(cases[i].text, &record)) {
            until = record.until == INT64_MAX ? xstrdup("for ever") : xprintf("%" PRId64, record.until);
            got = xprintf("%s %s %s %s", record.issuer, record.account_uri != NULL ? record.account_uri : "(null)",
                record.wildcard ? "wildcard" : "-", until);
        }
        CHECK_TEXT(got, cases[i].want, cases[i].text);
    }
}

TEST(fit)
{
    static const struct {
        const char *text;
        bool wildcard;
        enum persist_fit want;
    } cases[] = {
        { "ca.test; accounturi=" URI, false, PERSIST_FITS },
        { "also.test; accounturi=" URI, false, PERSIST_FITS },
        { "ca.test; accounturi=" URI, true, PERSIST_NARROW },
        { "ca.test; accounturi=" URI "; policy=wildcard", true, PERSIST_FITS },
        { "ca.test; accounturi=" URI "; policy=wildcard", false, PERSIST_FITS },
        { "ca.test; accounturi=" URI "; persistUntil=1000", false, PERSIST_OVER },
        { "ca.test; accounturi=" URI "; persistUntil=1001", false, PERSIST_FITS },
        { "ca.test; accounturi=" URI "; persistUntil=1000", true, PERSIST_OVER },
        { "other.test; accounturi=" URI, false, PERSIST_OTHER },
        { "ca.test; accounturi=" URI "2", false, PERSIST_OTHER },
        { "ca.test", false, PERSIST_OTHER },
    };
    AUTO(list_clear) struct list issuers = { 0 };

    list_add(&issuers, "ca.test");
    list_add(&issuers, "also.test");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(persist_record_clear) struct persist_record record = { 0 };
        const struct persist_want want = { &issuers, URI, cases[i].wildcard, 1000 };

        REQUIRE(persist_record_read(cases[i].text, &record), "%s", cases[i].text);
        CHECK_INT(persist_record_fit(&record, &want), cases[i].want, cases[i].text);
    }
}

TEST(lines_for_zone_files)
{
    AUTO(free) char *line = persist_record_line("_validation-persist.a.test", "ca.test; x"), *longer = NULL;
    char value[300];

    CHECK_TEXT(line, "_validation-persist.a.test. IN TXT \"ca.test; x\"", "a short one");
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    longer = persist_record_line("a", value);
    CHECK(strlen(longer) == strlen("a. IN TXT \"\" \"\"") + 299 && text_starts(strstr(longer, "\" \""), "\" \"xxx"),
        "%s", longer);
}

TEST_MAIN()
