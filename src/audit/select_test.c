#include "audit/select.h"

#include "audit/audit.h"
#include "audit/test_trail.h"
#include "base/text.h"

struct seen {
    struct list lines;
    size_t stop_at; /* 0: never */
};

static bool note(void *arg, struct view line, const struct node *record, struct error *err)
{
    struct seen *seen = arg;
    AUTO(free)
    char *what = xprintf("%s %s", node_text(node_member(record, "act")),
        node_text(node_member(record, "lineage")) != NULL ? node_text(node_member(record, "lineage")) : "-");

    CHECK(line.len > 0 && line.at[line.len - 1] == '}', "%.*s", (int)line.len, line.at);
    list_add(&seen->lines, what);
    return seen->lines.len != seen->stop_at || error_set(err, ERROR_INTERNAL, "enough");
}

/* The lines that are chosen, with bars between them, of the caller's. */
static char *chosen(const struct audit_choice *choice, uint64_t *unread)
{
    struct seen seen = { 0 };
    struct error err = { 0 };
    char *text;

    REQUIRE(audit_select(test_dir(), choice, note, &seen, unread, &err), "%s", err.why);
    text = list_join(&seen.lines, "|");
    list_clear(&seen.lines);
    return text;
}

static void make_acts(void)
{
    struct error err = { 0 };

    audit_begin(test_dir(), "test", "/nonexistent");
    audit_done(ACT_KEY_MADE, "a.test", NULL);
    audit_done(ACT_CERTIFICATE_LIVE, "a.test", NULL);
    audit_done(ACT_KEY_MADE, "b.test", NULL);
    (void)error_set(&err, ERROR_HOOK, "no");
    audit_failed(ACT_HOOK_FAILED, "b.test", &err, NULL);
    audit_end();
}

TEST(acts_are_chosen)
{
    static const struct {
        const char *name;
        struct audit_choice choice;
        const char *want;
    } cases[] = {
        { "all", { .since = INT64_MIN },
            "trail-begun -|key-made a.test|certificate-live a.test|key-made b.test|hook-failed b.test" },
        { "an act", { .since = INT64_MIN, .act = "key-made" }, "key-made a.test|key-made b.test" },
        { "a lineage", { .since = INT64_MIN, .lineage = "a.test" }, "key-made a.test|certificate-live a.test" },
        { "both", { .since = INT64_MIN, .act = "key-made", .lineage = "b.test" }, "key-made b.test" },
        { "the last", { .since = INT64_MIN, .last = 2 }, "key-made b.test|hook-failed b.test" },
        { "what failed", { .since = INT64_MIN, .failed = true }, "hook-failed b.test" },
        { "the last of an act", { .since = INT64_MIN, .act = "key-made", .last = 1 }, "key-made b.test" },
        { "more than there are", { .since = INT64_MIN, .act = "key-made", .last = 10 },
            "key-made a.test|key-made b.test" },
        { "none", { .since = INT64_MIN, .lineage = "c.test" }, "" },
        { "in the future", { .since = INT64_MAX }, "" },
    };

    make_acts();
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t unread;
        AUTO(free) char *got = chosen(&cases[i].choice, &unread);

        CHECK_TEXT(got, cases[i].want, cases[i].name);
        CHECK_INT(unread, 0, cases[i].name);
    }
}

TEST(what_cannot_be_read_is_counted)
{
    const struct audit_choice all = { .since = INT64_MIN };
    AUTO(free) char *text = NULL, *more = NULL, *got = NULL;
    uint64_t unread;

    make_acts();
    text = trail_text("audit.log");
    more = xprintf("junk\n%s{\"seq\":9,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\","
                   "\"time\":\"2026-12-01T00:00:00Z\",\"act\":\"key-made\",no json}\n",
        text);
    write_trail("audit.log", more);
    write_trail("audit.log.1.gz", "no such thing");
    got = chosen(&all, &unread);
    CHECK_TEXT(
        got, "trail-begun -|key-made a.test|certificate-live a.test|key-made b.test|hook-failed b.test", "what can");
    CHECK_INT(unread, 3, "two lines and a file");
}

TEST(whoever_looks_may_stop)
{
    const struct audit_choice all = { .since = INT64_MIN };
    struct seen seen = { .stop_at = 2 };
    struct error err = { 0 };
    uint64_t unread;

    make_acts();
    CHECK(!audit_select(test_dir(), &all, note, &seen, &unread, &err) && seen.lines.len == 2, "%zu", seen.lines.len);
    list_clear(&seen.lines);
}

TEST(since_when)
{
    static const struct {
        const char *text;
        int64_t at; /* -1: it is none */
    } cases[] = {
        { "2026-12-01", 1796083200 },
        { "2026-12-01T03:45:31Z", 1796096731 },
        { "2026-12-01T04:45:31+01:00", 1796096731 },
        { "30m", 1000000 - 1800 },
        { "12h", 1000000 - 12 * 3600 },
        { "7d", 1000000 - 7 * 86400 },
        { "0d", 1000000 },
        { "", -1 },
        { "d", -1 },
        { "7", -1 },
        { "-7d", -1 },
        { "7w", -1 },
        { "100001d", -1 },
        { "yesterday", -1 },
        { "2026-13-01", -1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at = -1;

        CHECK(audit_since(cases[i].text, 1000000, &at) == (cases[i].at != -1), "%s", cases[i].text);
        CHECK_INT(at, cases[i].at, cases[i].text);
    }
}

TEST_MAIN()
