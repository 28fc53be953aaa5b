#include "ops/daemon_plan.h"

#include <signal.h>

#include "base/mem.h"
#include "base/test.h"
#include "lifecycle/upcoming.h"

#define HOUR 3600
#define NOW INT64_C(1800000000)

TEST(the_next_run)
{
    static const struct {
        const char *name;
        int64_t due_s, interval, ago; /* from now; ago: since the last run, 0: none, negative: in the future */
        unsigned failures;
        int64_t want; /* from now */
    } cases[] = {
        { "the first one is at once", 9 * HOUR, 12 * HOUR, 0, 0, 0 },
        { "a certificate is due before the regular one", 5 * HOUR, 12 * HOUR, HOUR, 0, 5 * HOUR },
        { "and after it", 50 * HOUR, 12 * HOUR, HOUR, 0, 11 * HOUR },
        { "it was due while the machine slept", -7 * HOUR, 12 * HOUR, 9 * HOUR, 0, -7 * HOUR },
        { "it became due right after a run: not within a minute", -5, 12 * HOUR, 10, 0, 50 },
        { "the last run failed", -HOUR, 12 * HOUR, 10, 1, 110 },
        { "twice", -HOUR, 12 * HOUR, 10, 2, 230 },
        { "ten times: an hour at most", -HOUR, 12 * HOUR, 10, 10, 3590 },
        { "six-day certificates: a quarter of three hours", -HOUR, 3 * HOUR, 10, 10, 2690 },
        { "certificates of an hour: a minute is the least", -HOUR, 200, 10, 10, 50 },
        { "failed, and nothing is due: tried again all the same", 90 * HOUR, 12 * HOUR, 10, 1, 3590 },
        { "the clock was set back", 5 * HOUR, 12 * HOUR, -3 * HOUR, 4, 0 },
        { "a huge number of failures", -HOUR, 12 * HOUR, 10, 4000000000U, 3590 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct daemon_facts facts = { .now = NOW,
            .due = NOW + cases[i].due_s,
            .interval_s = cases[i].interval,
            .began = cases[i].ago == 0 ? 0 : NOW - cases[i].ago,
            .failures = cases[i].failures };

        CHECK_INT(daemon_next(&facts) - NOW, cases[i].want, cases[i].name);
    }
}

TEST(nothing_is_ever_due)
{
    struct daemon_facts facts = { .now = NOW, .due = UPCOMING_NEVER, .interval_s = 12 * HOUR, .began = NOW - 60 };

    CHECK_INT(daemon_next(&facts), NOW + 12 * HOUR - 60, "the regular run");
}

/* Whatever happens, a day has no more than so many runs: failing at once, with everything due. */
TEST(no_storm)
{
    struct daemon_facts facts = { .now = NOW, .due = NOW - HOUR, .interval_s = 3 * HOUR };
    int runs = 0;

    for (; facts.now < NOW + 24 * HOUR; runs++) {
        int64_t next = daemon_next(&facts);

        facts.now = next > facts.now ? next : facts.now;
        facts.began = facts.now;
        facts.failures++;
    }
    CHECK(runs > 24 && runs < 45, "%d", runs);
}

TEST(a_run_that_does_not_end)
{
    static const struct {
        int64_t at_work_s;
        int sent, want;
    } cases[] = {
        { 0, 0, 0 }, { 24 * HOUR - 1, 0, 0 }, { 24 * HOUR, 0, SIGTERM }, { 24 * HOUR + 60, SIGTERM, 0 },
        { 24 * HOUR + 299, SIGTERM, 0 }, { 24 * HOUR + 300, SIGTERM, SIGKILL }, { 24 * HOUR + 360, SIGKILL, 0 },
        { 90 * HOUR, 0, SIGKILL }, /* the daemon itself was stopped for so long */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *name = xprintf("%lld s", (long long)cases[i].at_work_s);

        CHECK_INT(daemon_urge(cases[i].at_work_s, cases[i].sent), cases[i].want, name);
    }
}

TEST(illness)
{
    static const struct {
        const char *name;
        int64_t beat, next, began, ended; /* from now */
        const char *want;                 /* NULL: well */
    } cases[] = {
        { "it has just begun", 0, 0, -1, 0, NULL },
        { "it waits", -60, HOUR, -HOUR, -HOUR + 5, NULL },
        { "no sign of life", -181, HOUR, -HOUR, -HOUR + 5, "no sign of life for 181 seconds" },
        { "the clock was set back", 400, HOUR, -HOUR, -HOUR + 5, "no sign of life for 400 seconds" },
        { "a run is late", 0, -601, -HOUR, -HOUR + 5, "was due 601 seconds ago" },
        { "a run takes its time", 0, -HOUR, -HOUR, 0, NULL },
        { "or more than that", 0, -30 * HOUR, -30 * HOUR, 0, "more than a day" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct daemon_state state = { .beat = NOW + cases[i].beat,
            .next = cases[i].next == 0 ? 0 : NOW + cases[i].next,
            .began = NOW + cases[i].began,
            .ended = cases[i].ended == 0 ? 0 : NOW + cases[i].ended };
        AUTO(free) char *illness = daemon_illness(&state, NOW);

        CHECK((illness == NULL) == (cases[i].want == NULL), "%s: %s", cases[i].name, illness == NULL ? "" : illness);
        CHECK(illness == NULL || strstr(illness, cases[i].want) != NULL, "%s: %s", cases[i].name, illness);
    }
}

TEST_MAIN()
