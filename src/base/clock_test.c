#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/test.h"

#define BAD INT64_MIN

struct instant {
    const char *name, *text;
    int64_t at; /* BAD: refused */
};

static void check(const struct instant *cases, size_t count, bool (*parse)(struct view text, int64_t *out))
{
    for (size_t i = 0; i < count; i++) {
        int64_t at = BAD;
        bool ok = parse(view_of(cases[i].text), &at);

        CHECK(ok == (cases[i].at != BAD), "%s: %s", cases[i].name, cases[i].text);
        CHECK_INT(at, cases[i].at, cases[i].name);
        for (size_t len = 0; len < strlen(cases[i].text); len++) { /* on the heap: none may read beyond */
            AUTO(free) char *cut = malloc(len + 1);

            memcpy(cut, cases[i].text, len);
            at = BAD;
            ok = parse((struct view){ cut, len }, &at);
            CHECK(ok == (at != BAD), "%s, cut to %zu", cases[i].name, len);
        }
    }
}

TEST(clock_parse_rfc3339)
{
    static const struct instant cases[] = {
        { "empty", "", BAD },
        { "no offset", "2026-11-22T00:29:12", BAD },
        { "blank for T", "2026-11-22 00:29:12Z", BAD },
        { "trailing garbage", "2026-11-22T00:29:12Zx", BAD },
        { "blank behind", "2026-11-22T00:29:12Z ", BAD },
        { "month 13", "2026-13-01T00:00:00Z", BAD },
        { "month 0", "2026-00-01T00:00:00Z", BAD },
        { "day 0", "2026-01-00T00:00:00Z", BAD },
        { "30 February", "2024-02-30T00:00:00Z", BAD },
        { "29 February of no leap year", "2026-02-29T00:00:00Z", BAD },
        { "29 February 1900", "1900-02-29T00:00:00Z", BAD },
        { "31 April", "2026-04-31T00:00:00Z", BAD },
        { "hour 24", "2026-01-01T24:00:00Z", BAD },
        { "minute 60", "2026-01-01T00:60:00Z", BAD },
        { "second 61", "2026-01-01T00:00:61Z", BAD },
        { "year of five digits", "12026-01-01T00:00:00Z", BAD },
        { "sign in a field", "2026-+1-01T00:00:00Z", BAD },
        { "empty fraction", "2026-01-01T00:00:00.Z", BAD },
        { "offset without colon", "2026-01-01T00:00:00+0100", BAD },
        { "offset 24:00", "2026-01-01T00:00:00+24:00", BAD },
        { "epoch", "1970-01-01T00:00:00Z", 0 },
        { "1969", "1969-12-31T23:59:59Z", -1 },
        { "first of all", "0000-01-01T00:00:00Z", INT64_C(-62167219200) },
        { "last of all", "9999-12-31T23:59:59Z", INT64_C(253402300799) },
        { "leap day", "2024-02-29T00:00:00Z", 1709164800 },
        { "leap day of 2000", "2000-02-29T12:00:00Z", 951825600 },
        { "after 2038", "2038-01-19T03:14:08Z", INT64_C(2147483648) },
        { "leap second", "2016-12-31T23:59:60Z", 1483228800 },
        { "fraction and offset", "2026-11-22T00:29:12.5+01:00", 1795303752 },
        { "many digits", "2026-11-21T23:29:12.123456789012345678901Z", 1795303752 },
        { "west", "2026-11-21T18:29:12-05:00", 1795303752 },
        { "half an hour", "2026-11-22T04:59:12+05:30", 1795303752 },
        { "unknown offset", "2026-11-21T23:29:12-00:00", 1795303752 },
        { "lower case", "2026-11-21t23:29:12z", 1795303752 },
    };

    check(cases, COUNT(cases), clock_parse_rfc3339);
}

TEST(clock_parse_http_date)
{
    static const struct instant cases[] = {
        { "empty", "", BAD },
        { "a number", "120", BAD },
        { "another zone", "Sun, 06 Nov 1994 08:49:37 CET", BAD },
        { "no zone", "Sun, 06 Nov 1994 08:49:37", BAD },
        { "offset", "Sun, 06 Nov 1994 08:49:37 +0000", BAD },
        { "trailing garbage", "Sun, 06 Nov 1994 08:49:37 GMT,", BAD },
        { "one digit of day", "Sun, 6 Nov 1994 08:49:37 GMT", BAD },
        { "lower case month", "Sun, 06 nov 1994 08:49:37 GMT", BAD },
        { "no such month", "Sun, 06 Noo 1994 08:49:37 GMT", BAD },
        { "no such day name", "Son, 06 Nov 1994 08:49:37 GMT", BAD },
        { "31 November", "Sun, 31 Nov 1994 08:49:37 GMT", BAD },
        { "29 February of no leap year", "Sat, 29 Feb 2025 08:49:37 GMT", BAD },
        { "hour 24", "Sun, 06 Nov 1994 24:49:37 GMT", BAD },
        { "two blanks", "Sun, 06  Nov 1994 08:49:37 GMT", BAD },
        { "minus in the year", "Sun, 06 Nov -994 08:49:37 GMT", BAD },
        { "five digits of year", "Sun, 06 Nov 11994 08:49:37 GMT", BAD },
        { "IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "wrong name of the day", "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "1969", "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "9999", "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
        { "leap day", "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 },
        { "RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "RFC 850, short name of the day", "Sun, 06-Nov-94 08:49:37 GMT", BAD },
        { "RFC 850, four digits of year", "Sunday, 06-Nov-1994 08:49:37 GMT", BAD },
        { "asctime", "Sun Nov  6 08:49:37 1994", 784111777 },
        { "asctime, two digits of day", "Wed Nov 16 08:49:37 1994", 784975777 },
        { "asctime, trailing garbage", "Sun Nov  6 08:49:37 1994 GMT", BAD },
    };

    check(cases, COUNT(cases), clock_parse_http_date);
}

TEST(clock_parse_local)
{
    static const struct instant cases[] = {
        { "empty", "", BAD },
        { "date alone", "2026-11-22", BAD },
        { "garbage", "2026-11-22T06:29:12x", BAD },
        { "garbage behind an offset", "2026-11-22T06:29:12Zx", BAD },
        { "winter", "2026-11-22T00:29:12", 1795303752 },
        { "summer", "2026-07-01T02:00:00", 1782864000 },
        { "fraction", "2026-11-22T00:29:12.999", 1795303752 },
        { "UTC", "2026-11-21T23:29:12Z", 1795303752 },
        { "offset", "2026-11-21T23:29:12+00:00", 1795303752 },
        { "second before the epoch", "1970-01-01T00:59:59", -1 },
    };
    char text[CLOCK_TEXT_SIZE];

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    check(cases, COUNT(cases), clock_parse_local);
    clock_format_local(1795303752, text);
    CHECK_TEXT(text, "2026-11-22T00:29:12", "format");
    unsetenv("TZ");
    tzset();
}

TEST(clock_writes_http_dates)
{
    static const int64_t cases[] = { 0, 784111777, 1795303752, 4102444799 };
    char text[CLOCK_TEXT_SIZE];
    int64_t again;

    clock_format_http_date(784111777, text);
    CHECK_TEXT(text, "Sun, 06 Nov 1994 08:49:37 GMT", "RFC 9110 section 5.6.7");
    for (size_t i = 0; i < COUNT(cases); i++) {
        clock_format_http_date(cases[i], text);
        CHECK(clock_parse_http_date(view_of(text), &again) && again == cases[i], "%s", text);
    }
}

TEST(clock_formats)
{
    static const struct {
        int64_t at;
        const char *rfc3339, *date;
    } cases[] = {
        { 0, "1970-01-01T00:00:00Z", "1970-01-01" },
        { -1, "1969-12-31T23:59:59Z", "1969-12-31" },
        { 1795303752, "2026-11-21T23:29:12Z", "2026-11-21" },
        { INT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31" },
        { INT64_MIN, "0000-01-01T00:00:00Z", "0000-01-01" },
    };
    char text[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < COUNT(cases); i++) {
        clock_format_rfc3339(cases[i].at, text);
        CHECK_TEXT(text, cases[i].rfc3339, "rfc3339");
        clock_format_date(cases[i].at, text);
        CHECK_TEXT(text, cases[i].date, "date");
    }
}

/* Against the C library, over all days of some 800 years. */
TEST(clock_from_date)
{
    for (int64_t day = -146097; day < 146097; day++) {
        time_t at = day * 86400 + 3661;
        struct tm tm;

        REQUIRE(gmtime_r(&at, &tm) != NULL);
        REQUIRE(clock_from_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, 1, 1, 1) == at, "day %" PRId64, day);
    }
}

TEST(clock_sleeps)
{
    int64_t before = clock_monotonic_ms(), after;

    CHECK(clock_sleep_ms(30), "interrupted");
    after = clock_monotonic_ms();
    CHECK(after - before >= 30, "%" PRId64 " ms", after - before);
    CHECK(clock_sleep_ms(0) && clock_sleep_ms(-5), "no time at all");
    CHECK(clock_now() > 1600000000, "clock_now");
}

TEST_MAIN()
