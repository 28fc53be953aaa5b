#include "lifecycle/due.h"

#include "base/test.h"

#define DAY 86400
#define BORN 1700000000

/* A certificate of `life` days, looked at `age` seconds after its birth. */
static struct due_facts facts(int64_t life_days, int64_t age_s)
{
    return (struct due_facts){
        .now = BORN + age_s,
        .not_before = BORN,
        .not_after = BORN + life_days * DAY,
        .autorenew = true,
    };
}

TEST(the_rules_hold_in_their_order)
{
    struct {
        const char *name;
        struct due_facts facts;
        enum due want;
    } cases[] = {
        { "a 90 day certificate is left alone a second before day 60", facts(90, 60 * DAY - 1), DUE_NOT },
        { "and due on day 60", facts(90, 60 * DAY), DUE_LIFETIME },
        { "a 6 day certificate is left alone a second before day 3", facts(6, 3 * DAY - 1), DUE_NOT },
        { "and due on day 3", facts(6, 3 * DAY), DUE_LIFETIME },
        { "ten days is not short", facts(10, 5 * DAY), DUE_NOT },
        { "expired", facts(90, 91 * DAY), DUE_LIFETIME },
        { "a clock before its birth", facts(90, -DAY), DUE_NOT },
        { "forced beats everything", facts(90, 0), DUE_FORCED },
        { "a dry run is always due", facts(90, 0), DUE_DRY_RUN },
        { "autorenew = False holds although it expired", facts(90, 91 * DAY), DUE_NOT },
        { "autorenew = False holds although it is revoked", facts(90, 0), DUE_NOT },
        { "the CA's instant has come", facts(90, DAY), DUE_RENEWAL_INFO },
        { "the CA's instant is to the second", facts(90, DAY), DUE_RENEWAL_INFO },
        { "the CA wants later than two thirds: the CA is right", facts(90, 70 * DAY), DUE_NOT },
        { "revoked", facts(90, 0), DUE_REVOKED },
        { "renew_before_expiry says later than two thirds", facts(90, 70 * DAY), DUE_NOT },
        { "renew_before_expiry says now", facts(90, 81 * DAY), DUE_RENEW_BEFORE },
        { "renew_before_expiry of 100 years", facts(90, 0), DUE_RENEW_BEFORE },
        { "renew_before_expiry of 0 days: its last second", facts(90, 90 * DAY), DUE_NOT },
        { "and due when it has expired", facts(90, 90 * DAY + 1), DUE_RENEW_BEFORE },
        { "its successor is ordered already, whatever renew_before_expiry says", facts(90, 0), DUE_WAITING },
        { "not so with autorenew = False", facts(90, 0), DUE_NOT },
    };
    size_t last = COUNT(cases) - 1;

    cases[7].facts.force = true;
    cases[8].facts.dry_run = true;
    cases[9].facts.autorenew = cases[10].facts.autorenew = false;
    cases[10].facts.revoked = cases[14].facts.revoked = true;
    cases[11].facts.instant = BORN + 1;
    cases[12].facts.instant = BORN + DAY;
    cases[last - 1].facts.waiting = cases[last].facts.waiting = true;
    cases[last].facts.autorenew = false;
    cases[13].facts.instant = BORN + 75 * DAY;
    for (size_t i = 15; i < COUNT(cases); i++)
        cases[i].facts.has_renew_before = true;
    cases[15].facts.renew_before_s = cases[16].facts.renew_before_s = 10 * DAY;
    cases[17].facts.renew_before_s = 100 * 365 * (int64_t)DAY;
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_INT(due_decide(&cases[i].facts), cases[i].want, cases[i].name);
}

TEST(intervals_are_read)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } cases[] = {
        { "30 days", 30 * DAY },
        { "30", 30 * DAY },
        { "3 weeks", 21 * DAY },
        { "1 day", DAY },
        { " 2 hours ", 7200 },
        { "6 months 1 week", 187 * (int64_t)DAY },
        { "100 years", 36500 * (int64_t)DAY },
        { "12h", 12 * 3600 },
        { "30 Days", 30 * DAY },
        { "3 days, 12 hours", 84 * 3600 },
        { "1 week and 2 days", 9 * DAY },
        { "1 hr 5 min", 3900 },
        { "2 days,", -1 },
        { "2 days, and 1 hour", -1 },
        { "2 days and", -1 },
        { ", 2 days", -1 },
        { "", -1 },
        { "days", -1 },
        { "30 parsecs", -1 },
        { "-3 days", -1 },
        { "30 days and more", -1 },
        { "9999999999 years", -1 },
        { "99999999999999999999 days", -1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };
        int64_t seconds = -1;
        bool ok = due_parse_interval(cases[i].text, &seconds, &err);

        CHECK_INT(seconds, cases[i].want, cases[i].text);
        CHECK(ok || strstr(err.why, "interval") != NULL, "%s: %s", cases[i].text, err.why);
    }
}

TEST_MAIN()
