#include "ops/cadence.h"

#include "base/mem.h"
#include "base/test.h"

#define HOUR 3600
#define DAY 86400

TEST(how_often_for_which_life)
{
    static const struct {
        const char *name;
        int64_t life, interval, longest;
    } cases[] = {
        { "none", 0, 12 * HOUR, INT64_MAX },
        { "90 days", 90 * DAY, 12 * HOUR, 5 * DAY },
        { "47 days", 47 * DAY, 12 * HOUR, 47 * DAY / 18 },
        { "10 days", 10 * DAY, 4 * HOUR, 10 * DAY / 18 },
        { "six days", 6 * DAY, 3 * HOUR, 12 * HOUR },
        { "a second less, as X.509 counts", 6 * DAY - 1, 3 * HOUR, (6 * DAY - 1) / 12 },
        { "two seconds less", 6 * DAY - 2, 2 * HOUR, (6 * DAY - 2) / 12 },
        { "a day", DAY, HOUR / 2, 2 * HOUR },
        { "an hour", HOUR, 300, 300 },
        { "a minute", 60, 300, 5 },
        { "one that ended before it began", -5, 12 * HOUR, INT64_MAX },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_INT(cadence_for(cases[i].life), cases[i].interval, cases[i].name);
        CHECK(cadence_longest(cases[i].life) == cases[i].longest, "%s: %lld", cases[i].name,
            (long long)cadence_longest(cases[i].life));
    }
}

TEST(lines_of_cron)
{
    static const struct {
        const char *line;
        int64_t want;
    } cases[] = {
        { "0 */12 * * * root certbot -q renew", 12 * HOUR },
        { "17 1,13 * * * root evercert -q renew", 12 * HOUR },
        { "17\t3  *\t* * evercert renew", DAY },
        { "5 0,6 * * * x", 18 * HOUR },
        { "* * * * * x", 60 },
        { "7-59/15 * * * * x", 15 * 60 },
        { "30 2-23/3 * * * x", 3 * HOUR },
        { "0 0 * * 0 x", 7 * DAY },
        { "0 0 1 * * x", 7 * DAY },
        { "0 0 * 6 * x", 7 * DAY },
        { "@hourly x", HOUR },
        { "@daily x", DAY },
        { "@monthly x", 31 * DAY },
        { "@reboot x", 0 },
        { "61 * * * * x", 0 },
        { "5-1 * * * * x", 0 },
        { "*/0 * * * * x", 0 },
        { "", 0 },
        { "1 2 3", 0 },
        { "PATH=/bin", 0 },
        { ", * * * * x", 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_INT(cadence_of_cron(view_of(cases[i].line)), cases[i].want, cases[i].line);
}

TEST(calendars)
{
    static const struct {
        const char *value;
        int64_t want;
    } cases[] = {
        { "*-*-* 00,12:00:00", 12 * HOUR },
        { "*-*-* 00/3:00:00", 3 * HOUR },
        { "*-*-* *:00/15:00", 15 * 60 },
        { "*-*-* 6..18/6:30", 12 * HOUR },
        { "*-*-* 00,16:43:00", 16 * HOUR },
        { "05:40", DAY },
        { "daily", DAY },
        { "hourly", HOUR },
        { "Mon *-*-* 00:00:00", 7 * DAY },
        { "weekly", 7 * DAY },
        { "*-*-* 04:00:00 UTC", DAY },
        { "*-*-01 04:00:00", 7 * DAY },
        { "*-*-* 25:00", 0 },
        { "", 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_INT(cadence_of_calendar(view_of(cases[i].value)), cases[i].want, cases[i].value);
}

/* What is written is read as what it was to say, whatever the machine. */
TEST(what_is_written)
{
    static const int64_t lives[] = { 0, 6 * DAY, 5 * DAY, 9 * DAY, 12 * DAY, 3 * DAY, DAY, DAY / 2, HOUR };

    for (size_t i = 0; i < COUNT(lives); i++) {
        int64_t interval = cadence_for(lives[i]);
        AUTO(free) char *calendar = cadence_calendar(interval);

        CHECK_INT(cadence_of_calendar(view_of(calendar)), interval, calendar);
        for (uint64_t spread = 0; spread < 1500; spread += 7) {
            AUTO(free) char *fields = cadence_cron(interval, spread), *line = xprintf("%s root x", fields);

            CHECK_INT(cadence_of_cron(view_of(line)), interval, line);
        }
    }
}

TEST(words)
{
    AUTO(free) char *two = cadence_words(12 * HOUR), *three = cadence_words(3 * HOUR), *quarter = cadence_words(900);

    CHECK_TEXT(two, "twice a day", "12 h");
    CHECK_TEXT(three, "every 3 hours", "3 h");
    CHECK_TEXT(quarter, "every 15 minutes", "15 min");
}

TEST_MAIN()
