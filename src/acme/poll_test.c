#include "acme/poll.h"

#include "acme/script.h"

static const struct {
    const char *name;
    int64_t retry_after; /* -1: none named */
    int timeout_s;
    int64_t waits[10]; /* ended by 0 */
    bool in_time;      /* the last of them did not end in a time-out */
} polls[] = {
    { "no header", -1, 90, { 40, 100, 250, 400, 640, 1024, 1638, 2620, 3000, 0 }, true },
    { "three seconds", 3, 90, { 40, 100, 250, 3000, 3000, 3000, 0 }, true },
    { "one second: sooner than our own step would be", 1, 90, { 40, 100, 250, 1000, 1000, 1000, 1000, 1000, 0 }, true },
    { "at once", 0, 90, { 40, 100, 250, 400, 640, 0 }, true },
    { "a whole day", 86400, 90, { 40, 100, 250, 89610, 0 }, false },
    { "no time at all", -1, 0, { 0 }, false },
    { "one second of time", -1, 1, { 40, 100, 250, 400, 210, 0 }, false },
};

TEST(poll_wait)
{
    for (size_t i = 0; i < COUNT(polls); i++) {
        struct script script = { 0 };
        struct poll poll;
        struct error err = { 0 };
        size_t k;

        script_open(&script, NULL, 0);
        poll = poll_start(script.session, polls[i].timeout_s);
        for (k = 0; polls[i].waits[k] != 0; k++) {
            int64_t now = script_now(&script);

            CHECK(poll_heeds_retry_after(&poll) == (k > 3), "%s: wait %zu", polls[i].name, k);
            REQUIRE(poll_wait(&poll, polls[i].retry_after < 0 ? 0 : now + polls[i].retry_after, &err), "%s", err.why);
            CHECK_INT(script.sleeps[k], polls[i].waits[k], polls[i].name);
        }
        CHECK(poll_wait(&poll, 7, &err) == polls[i].in_time, "%s", polls[i].name);
        CHECK_INT(err.kind, polls[i].in_time ? ERROR_NONE : ERROR_NETWORK, polls[i].name);
        CHECK_INT(err.retry_at, polls[i].in_time ? 0 : 7, polls[i].name);
        script_clear(&script);
    }
}

TEST(slow_answers_count)
{
    struct script script = { 0 };
    struct poll poll;
    struct error err = { 0 };

    script_open(&script, NULL, 0);
    poll = poll_start(script.session, 90);
    REQUIRE(poll_wait(&poll, 0, &err), "%s", err.why);
    poll.until -= 179 * 1000; /* as if the CA had taken so long to say "pending" */
    REQUIRE(poll_wait(&poll, script_now(&script) + 60, &err), "%s", err.why);
    poll.until -= 1000;
    CHECK(!poll_wait(&poll, 0, &err), "went on");
    CHECK_INT(err.kind, ERROR_NETWORK, err.why);
    script_clear(&script);
}

TEST(an_interrupt_ends_the_wait)
{
    struct script script = { .interrupt_at = 2 };
    struct poll poll;
    struct error err = { 0 };

    script_open(&script, NULL, 0);
    poll = poll_start(script.session, 90);
    REQUIRE(poll_wait(&poll, 0, &err), "%s", err.why);
    CHECK(!poll_wait(&poll, 0, &err), "went on");
    CHECK_INT(err.kind, ERROR_CANCELED, "kind");
    script_clear(&script);
}

TEST_MAIN()
