#include "acme/renewal_info.h"

#include "acme/script.h"

#define WINDOW(start, end) "{\"suggestedWindow\":{\"start\":\"" start "\",\"end\":\"" end "\"}}"
#define GOOD WINDOW("2027-01-20T00:00:00Z", "2027-01-21T00:00:00Z")
#define START 1800403200 /* 2027-01-20 */
#define END (START + 60 * (int64_t)DAY)
#define DAY 86400

static const struct {
    const char *name, *body, *why; /* why: NULL when it parses */
    bool allow_instant;
} cases[] = {
    { "nothing", "", "not valid JSON" },
    { "an array", "[]", "not a JSON object" },
    { "no window", "{}", "'suggestedWindow' is missing" },
    { "window is text", "{\"suggestedWindow\":\"2027\"}", "'suggestedWindow' is missing" },
    { "no end", "{\"suggestedWindow\":{\"start\":\"2027-01-20T00:00:00Z\"}}", "no end" },
    { "null start", "{\"suggestedWindow\":{\"start\":null,\"end\":\"2027-01-20T00:00:00Z\"}}", "no start" },
    { "start is a number", "{\"suggestedWindow\":{\"start\":1800403200,\"end\":\"2027-01-20T00:00:00Z\"}}", "start" },
    { "start is no time", WINDOW("soon", "2027-01-21T00:00:00Z"), "start" },
    { "end before start", WINDOW("2027-01-21T00:00:00Z", "2027-01-20T00:00:00Z"), "ends before it starts" },
    { "end is start", WINDOW("2027-01-20T00:00:00Z", "2027-01-20T00:00:00Z"), "ends before it starts", false },
    { "end is start, as Certbot takes it", WINDOW("2027-01-20T00:00:00Z", "2027-01-20T00:00:00Z"), NULL, true },
    { "end before start, for Certbot, too", WINDOW("2027-01-20T00:00:01Z", "2027-01-20T00:00:00Z"),
        "ends before it starts", true },
    { "end is start by another offset", WINDOW("2027-01-20T01:00:00+01:00", "2027-01-20T00:00:00Z"),
        "ends before it starts" },
    { "before 1970", WINDOW("0001-01-01T00:00:00Z", "2027-01-20T00:00:00Z"), "start" },
    { "good", GOOD, NULL },
    { "one second", WINDOW("2027-01-20T00:00:00Z", "2027-01-20T00:00:01Z"), NULL },
    { "explanation that is no URL",
        "{\"suggestedWindow\":{\"start\":\"2027-01-20T00:00:00Z\",\"end\":\"2027-01-21T00:00:00Z\"},"
        "\"explanationURL\":\"javascript:alert(1)\"}",
        NULL },
};

TEST(renewal_info_parse)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(renewal_info_clear) struct renewal_info info = { 0 };
        struct error err = { 0 };
        bool ok = renewal_info_parse(view_of(cases[i].body), cases[i].allow_instant, &info, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_ACME, "%s", cases[i].name);
        CHECK(!ok || info.start == START, "%s: %lld", cases[i].name, (long long)info.start);
        CHECK(ok || info.start == 0, "%s: *out was touched", cases[i].name);
        CHECK(info.explanation_url == NULL, "%s", cases[i].name);
    }
}

/* ---- fetching ---- */

#define ASK "GET " CA "/ari/aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" /* the example of RFC 9773 section 4.1 */

static const struct {
    const char *name;
    struct step step;
    enum error_kind kind; /* ERROR_NONE when it succeeds */
    const char *why;
    int64_t ask_again_s;
} fetches[] = {
    { "not found", { ASK, NULL, 404, NULL, "" }, ERROR_CONFIG, "no renewal information for this certificate", 21600 },
    { "trouble", { ASK, NULL, 500, "Retry-After: 7200", "" }, ERROR_ACME, "HTTP status 500", 7200 },
    { "no network", { ASK, NULL, 0, NULL, NULL }, ERROR_NETWORK, "connection reset", 21600 },
    { "backward window",
        { ASK, NULL, 200, "Retry-After: 7200", WINDOW("2027-01-20T00:00:00Z", "2027-01-19T00:00:00Z") }, ERROR_ACME,
        "ends before", 7200 },
    { "no Retry-After", { ASK, NULL, 200, NULL, GOOD }, ERROR_NONE, NULL, 21600 },
    { "unreadable Retry-After", { ASK, NULL, 200, "Retry-After: x", GOOD }, ERROR_NONE, NULL, 21600 },
    { "at once", { ASK, NULL, 200, "Retry-After: 0", GOOD }, ERROR_NONE, NULL, 60 },
    { "in a year", { ASK, NULL, 200, "Retry-After: 31536000", GOOD }, ERROR_NONE, NULL, DAY },
    { "a date", { ASK, NULL, 200, "Retry-After: Fri, 15 Jan 2027 10:00:00 GMT", GOOD }, ERROR_NONE, NULL, 7200 },
};

TEST(renewal_info_fetch)
{
    char key_id[] = "\x69\x88\x5b\x6b\x87\x46\x40\x41\xe1\xb3\x7b\x84\x7b\xa0\xae\x2c\xde\x01\xc8\xd4",
         serial[] = "\x00\x87\x65\x43\x21";
    const struct cert cert = { .key_identifier = { .at = key_id, .len = 20 },
        .serial_der = { .at = serial, .len = 5 } };

    for (size_t i = 0; i < COUNT(fetches); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(renewal_info_clear) struct renewal_info info = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, &fetches[i].step, 1);
        ok = renewal_info_fetch(script.session, &cert, false, &info, &err);
        CHECK(ok == (fetches[i].kind == ERROR_NONE), "%s: %s", fetches[i].name, err.why);
        CHECK_INT(err.kind, fetches[i].kind, fetches[i].name);
        CHECK(ok || strstr(err.why, fetches[i].why) != NULL, "%s: %s", fetches[i].name, err.why);
        CHECK_INT(info.retry_at - SCRIPT_NOW, fetches[i].ask_again_s, fetches[i].name);
        CHECK_INT(info.start, ok ? START : 0, fetches[i].name);
    }
}

TEST(a_certificate_without_key_identifier)
{
    char serial[] = "\x01";
    const struct cert cert = { .serial_der = { .at = serial, .len = 1 } };
    AUTO(script_clear) struct script script = { 0 };
    AUTO(renewal_info_clear) struct renewal_info info = { 0 };
    struct error err = { 0 };

    script_open(&script, NULL, 0);
    CHECK(!renewal_info_fetch(script.session, &cert, false, &info, &err), "asked");
    CHECK_INT(err.kind, ERROR_CONFIG, "kind");
    CHECK_INT(info.retry_at, SCRIPT_NOW + 21600, "retry_at");
}

/* ---- choosing ---- */

static const struct {
    const char *name;
    int64_t start, end, chosen;
    uint64_t random;
    int64_t want;
} choices[] = {
    { "first", START, START + DAY, 0, 0, START },
    { "middle", START, START + DAY, 0, UINT64_C(1) << 63, START + DAY / 2 },
    { "last", START, START + DAY, 0, UINT64_MAX, START + DAY - 1 },
    { "one second", START, START + 1, 0, UINT64_MAX, START },
    { "what was chosen stays", START, START + DAY, START + 77, UINT64_MAX, START + 77 },
    { "at the edges too", START, START + DAY, START, UINT64_MAX, START },
    { "at the other edge", START, START + DAY, START + DAY, 0, START + DAY },
    { "the window moved back: anew", START, START + DAY, START + 9 * DAY, 0, START },
    { "the window moved on: anew", START, START + DAY, START - 1, UINT64_C(1) << 63, START + DAY / 2 },
    { "wholly in the past: due at once", 1000, 2000, START, UINT64_MAX, 1999 },
    { "an instant", START, START, 0, UINT64_MAX, START },
    { "begins in its last second", END - 1, END + DAY, 0, 0, END - 1 },
    { "begins when it ends: nothing", END, END + DAY, 0, UINT64_MAX, 0 },
    { "begins after its end, as what was chosen", END + DAY, END + 2 * DAY, END + DAY, 0, 0 },
};

TEST(renewal_info_instant)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        const struct renewal_info info = { .start = choices[i].start, .end = choices[i].end };

        CHECK_INT(
            renewal_info_instant(&info, END, choices[i].chosen, choices[i].random), choices[i].want, choices[i].name);
    }
}

/* A time written by a clock that ran far ahead does not keep later runs from asking. */
TEST(renewal_info_may_wait)
{
    CHECK(renewal_info_may_wait(START + 1, START), "in a second");
    CHECK(renewal_info_may_wait(START + DAY, START), "in a day");
    CHECK(!renewal_info_may_wait(START, START), "now");
    CHECK(!renewal_info_may_wait(0, START), "never asked");
    CHECK(!renewal_info_may_wait(START + DAY + 1, START), "later than anybody may say");
    CHECK(!renewal_info_may_wait(START + 40 * DAY, START), "by a clock that was 40 days ahead");
}

TEST_MAIN()
