/* Tests the words that all screens share. */
#include "status/words.h"

#include "base/test.h"
#include "lifecycle/upcoming.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define NOW INT64_C(1800000000)

TEST(spans_of_time)
{
    static const struct {
        int64_t seconds;
        const char *want;
    } rows[] = {
        { 0, "less than a minute" },
        { 59, "less than a minute" },
        { MINUTE, "1 minute" },
        { 2 * MINUTE - 1, "1 minute" },
        { 59 * MINUTE, "59 minutes" },
        { HOUR, "1 hour" },
        { 2 * DAY - 1, "47 hours" },
        { 2 * DAY, "2 days" },
        { 89 * (int64_t)DAY + HOUR, "89 days" },
        { 3 * 365 * (int64_t)DAY, "3 years" },
        { -5 * (int64_t)DAY, "5 days" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        words_put_span(&text, rows[i].seconds);
        CHECK_TEXT(buf_text(&text), rows[i].want, rows[i].want);
    }
}

static char *state_of(const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

    words_put_state(&text, cert, NOW);
    return buf_take(&text);
}

TEST(how_it_is_with_a_certificate)
{
    static const struct {
        enum cert_state state;
        int64_t left_s, due_s; /* from now */
        const char *want;
    } rows[] = {
        { CERT_EXPIRED, -3 * DAY, -33 * DAY, "expired 3 days ago" },
        { CERT_REVOKED, DAY, 0, "was revoked by its CA" },
        { CERT_BROKEN, 0, 0, "cannot be used" },
        { CERT_UNREADABLE, 0, 0, "cannot be read by this user" },
        { CERT_ENDING, 5 * DAY, -25 * DAY, "expires in 5 days, and its renewal has been due for 25 days" },
        { CERT_LATE, 20 * DAY, UPCOMING_NEVER, "expires in 20 days, and nothing renews it by itself" },
        { CERT_LATE, 20 * DAY, DAY, "expires in 20 days" },
        { CERT_SERVED_EXPIRED, 20 * DAY, DAY, "a server shows one that has expired" },
        { CERT_FAILING, 28 * DAY, -DAY, "its renewal fails; 28 days left" },
        { CERT_SERVED_WRONG, 28 * DAY, DAY, "a server does not show it; 28 days left" },
        { CERT_UNDELIVERED, 89 * DAY, DAY, "renewed, but not all that follows is done; 89 days left" },
        { CERT_DUE, 29 * DAY, -DAY, "renewal is due; 29 days left" },
        { CERT_VALID, 5 * HOUR, DAY, "5 hours left" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cert_status cert = { .state = rows[i].state,
            .not_after = NOW + rows[i].left_s,
            .due = rows[i].due_s == UPCOMING_NEVER ? UPCOMING_NEVER : NOW + rows[i].due_s };
        AUTO(free) char *got = state_of(&cert);

        CHECK_TEXT(got, rows[i].want, rows[i].want);
    }
}

TEST(what_more_there_is_to_say)
{
    struct served served[] = { { .name = (char[]){ "a.test" }, .address = (char[]){ "192.0.2.1" }, .port = 443 },
        { .name = (char[]){ "a.test" }, .port = 443, .how = SERVING_NONE, .what = (char[]){ "refused" } } };
    struct cert_status cert = { .failures = 3,
        .tried = NOW - 2 * HOUR,
        .retry = NOW + HOUR,
        .failure = (char[]){ "too bad" },
        .is_undelivered = true,
        .served = served,
        .served_len = 2 };
    AUTO(list_clear) struct list details = { 0 };

    words_add_details(&cert, NOW, &details);
    REQUIRE(details.len == 4, "%zu", details.len);
    CHECK_TEXT(details.at[0], "3 renewals have failed in a row, the last one 2 hours ago: too bad", "failures");
    CHECK_TEXT(details.at[1], "No run tries again before 2027-01-15 09:00 UTC", "the next attempt");
    CHECK_TEXT(details.at[2], "Hooks or a server's reload are outstanding", "delivery");
    CHECK_TEXT(details.at[3], "a.test, port 443, shows no certificate: refused", "servers");
}

static char *row_of(const struct status *status, enum words_row row)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

    return words_put_row(&text, status, row) ? buf_take(&text) : NULL;
}

TEST(what_there_is_beside_the_certificates)
{
    struct scheduled_entry entries[] = {
        { .who = SCHEDULED_US, .where = (char[]){ "evercert.timer" }, .interval_s = 12 * HOUR },
        { .who = SCHEDULED_CERTBOT, .where = (char[]){ "/etc/cron.d/certbot" } },
    };
    struct status status = { .now = NOW,
        .issued = { NOW - 3 * DAY, (char[]){ "good.test" } },
        .failed = { NOW - HOUR, (char[]){ "bad.test" } },
        .due = { NOW + 2 * DAY, (char[]){ "next.test" } },
        .failing = 1 };
    static const struct {
        enum words_row row;
        enum level level;
        const char *want;
    } rows[] = {
        { ROW_LAST, LEVEL_WARNING, "bad.test, 1 hour ago: failed; the last that succeeded: good.test, 3 days ago" },
        { ROW_NEXT, LEVEL_OK, "next.test, in 2 days (2027-01-17 08:00 UTC)" },
        { ROW_DELIVERIES, LEVEL_OK, "none outstanding" },
        { ROW_PERMISSIONS, LEVEL_OK, "nothing is open to others (0 certificates examined)" },
        { ROW_BACKUPS, LEVEL_OK, "this user may not look" },
        { ROW_SERVERS, LEVEL_OK, NULL },
        { ROW_SCHEDULE, LEVEL_WARNING, "nothing on this machine was found to renew by itself (timer, cron, daemon)" },
    };
    AUTO(free) char *schedule = NULL;

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *got = row_of(&status, rows[i].row);

        CHECK_TEXT(got, rows[i].want, words_row_title(rows[i].row));
        CHECK_INT(words_row_level(&status, rows[i].row), rows[i].level, words_row_title(rows[i].row));
    }
    status.schedules = (struct scheduled_entries){ entries, COUNT(entries) };
    schedule = row_of(&status, ROW_SCHEDULE);
    CHECK_TEXT(
        schedule, "evercert.timer runs evercert, within 12 hours; /etc/cron.d/certbot runs Certbot", "schedules");
    CHECK_INT(words_row_level(&status, ROW_SCHEDULE), LEVEL_OK, "schedules");
}

TEST(how_many_backups_there_are)
{
    static const struct {
        struct backups backups;
        const char *want;
    } rows[] = {
        { { .is_known = true }, "none: `evercert backup create` makes one" },
        { { .is_known = true, .count = 3, .newest = NOW - 2 * DAY },
            "3, the newest 2 days ago (2027-01-13 08:00 UTC)" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct status status = { .now = NOW, .backups = rows[i].backups };
        AUTO(free) char *got = row_of(&status, ROW_BACKUPS);

        CHECK_TEXT(got, rows[i].want, rows[i].want);
        CHECK_INT(words_row_level(&status, ROW_BACKUPS), LEVEL_OK, rows[i].want);
    }
}

TEST(how_it_is_with_a_ca)
{
    static char refused[] = "refused";
    static const struct {
        struct authority authority;
        bool is_well;
        const char *want;
    } rows[] = {
        { { .count = 1 }, true, "1 certificate" },
        { { .count = 2, .is_asked = true, .why = refused }, false, "2 certificates; does not answer: refused" },
        { { .count = 2, .is_asked = true, .answers = true }, true, "2 certificates; answers" },
        { { .count = 2, .is_asked = true, .answers = true, .has_clock = true, .ahead_s = -299 }, true,
            "2 certificates; answers, and its clock agrees with this machine's" },
        { { .count = 2, .is_asked = true, .answers = true, .has_clock = true, .ahead_s = -600 }, true,
            "2 certificates; answers, and its clock is 10 minutes behind this machine's" },
        { { .count = 2, .is_asked = true, .answers = true, .has_clock = true, .ahead_s = 7200 }, false,
            "2 certificates; answers, and its clock is 2 hours ahead of this machine's" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

        words_put_authority(&text, &rows[i].authority);
        CHECK_TEXT(buf_text(&text), rows[i].want, rows[i].want);
        CHECK_INT(authority_is_well(&rows[i].authority), rows[i].is_well, rows[i].want);
    }
}

TEST_MAIN()
