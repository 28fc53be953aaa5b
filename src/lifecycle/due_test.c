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

/* The CA's window against the certificate's life. */
TEST(the_window_has_bounds)
{
    static const struct {
        const char *name;
        int64_t life_days, age_s, instant_s, predecessor_s; /* since its birth; predecessor_s 0: none */
        enum due want;
    } cases[] = {
        { "90 days: the last sixth begins", 90, 75 * DAY, 85 * DAY, 0, DUE_LIFETIME },
        { "90 days: a second before", 90, 75 * DAY - 1, 85 * DAY, 0, DUE_NOT },
        { "6 days: the last quarter begins", 6, 9 * DAY / 2, 5 * DAY, 0, DUE_LIFETIME },
        { "6 days: a second before", 6, 9 * DAY / 2 - 1, 5 * DAY, 0, DUE_NOT },
        { "10 days: a quarter", 10, 15 * DAY / 2, 9 * DAY, 0, DUE_LIFETIME },
        { "the window ends with the certificate", 90, 89 * DAY, 90 * DAY, 0, DUE_LIFETIME },
        { "past at its birth: obeyed", 90, 60, -3600, 0, DUE_RENEWAL_INFO },
        { "past, and its predecessor lived well", 90, 60, -3600, -60 * DAY, DUE_RENEWAL_INFO },
        { "past, and its predecessor was young as well", 90, 60, -3600, -60, DUE_NOT },
        { "the same, a second before a day", 90, DAY - 1, -3600, -60, DUE_NOT },
        { "the same, after a day", 90, DAY, -3600, -60, DUE_RENEWAL_INFO },
        { "every day is young, too", 90, 60, -3600, -DAY, DUE_NOT },
        { "a day of life: a sixth of it", 1, 4 * 3600 - 1, -3600, -60, DUE_NOT },
        { "and then", 1, 4 * 3600, -3600, -60, DUE_RENEWAL_INFO },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct due_facts of = facts(cases[i].life_days, cases[i].age_s);

        of.instant = BORN + cases[i].instant_s;
        of.predecessor = cases[i].predecessor_s == 0 ? 0 : BORN + cases[i].predecessor_s;
        CHECK_INT(due_decide(&of), cases[i].want, cases[i].name);
    }
}

TEST(a_floor_holds_nothing_but_the_window)
{
    struct due_facts of = facts(90, 60);

    of.instant = BORN - 3600;
    of.predecessor = BORN - 60;
    CHECK_INT(due_decide(&of), DUE_NOT, "the window alone");
    CHECK_INT(due_floor(&of), BORN + DAY, "until when");
    of.revoked = true;
    CHECK_INT(due_decide(&of), DUE_REVOKED, "revoked");
    of.force = true;
    CHECK_INT(due_decide(&of), DUE_FORCED, "forced");
}

/* due_at is where due_decide changes its mind: not a second before, and from then on for as long as anybody asks. */
TEST(the_time_at_which_it_will_be_due)
{
    static const struct {
        const char *name;
        int64_t life_days, instant_s, predecessor_s, renew_before_s; /* since its birth; 0: none */
        int64_t want_s;
    } cases[] = {
        { "90 days", 90, 0, 0, 0, 60 * DAY },
        { "6 days", 6, 0, 0, 0, 3 * DAY },
        { "the CA's instant", 90, 55 * DAY, 0, 0, 55 * DAY },
        { "it is too late", 6, 5 * DAY, 0, 0, 9 * DAY / 2 },
        { "it is past, as for the one before", 6, -3600, -60, 0, DAY },
        { "renew_before_expiry, which is over by a second", 90, 0, 0, 10 * DAY, 80 * DAY + 1 },
        { "the CA is earlier than that", 90, 70 * DAY, 0, 10 * DAY, 70 * DAY },
        { "and later", 90, 85 * DAY, 0, 10 * DAY, 80 * DAY + 1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct due_facts of = facts(cases[i].life_days, 0);

        of.instant = cases[i].instant_s == 0 ? 0 : BORN + cases[i].instant_s;
        of.predecessor = cases[i].predecessor_s == 0 ? 0 : BORN + cases[i].predecessor_s;
        of.has_renew_before = cases[i].renew_before_s != 0;
        of.renew_before_s = cases[i].renew_before_s;
        CHECK_INT(due_at(&of) - BORN, cases[i].want_s, cases[i].name);
        of.now = due_at(&of) - 1;
        CHECK(due_decide(&of) == DUE_NOT, "%s: a second before", cases[i].name);
        of.now++;
        CHECK(due_decide(&of) != DUE_NOT, "%s: then", cases[i].name);
        of.now = of.not_after;
        CHECK(due_decide(&of) != DUE_NOT, "%s: at its end", cases[i].name);
    }
}

TEST(what_is_due_whenever_it_is)
{
    struct due_facts never = facts(90, 91 * DAY), revoked = facts(90, DAY), waiting = facts(90, DAY);

    never.autorenew = false;
    revoked.revoked = waiting.waiting = true;
    CHECK(due_at(&never) == INT64_MAX, "autorenew = False");
    CHECK_INT(due_at(&revoked), revoked.now, "revoked");
    CHECK_INT(due_at(&waiting), waiting.now, "its successor is ordered");
}

TEST(renew_before_expiry_and_the_life)
{
    struct due_facts of = facts(6, 0);

    of.renew_before_s = 6 * DAY - 1;
    CHECK(due_renew_before_fits(&of), "a second shorter");
    of.renew_before_s = 6 * DAY;
    CHECK(!due_renew_before_fits(&of), "as long");
    of.renew_before_s = 30 * DAY;
    CHECK(!due_renew_before_fits(&of), "longer");
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
