#include "store/backoff.h"

#include "base/mem.h"
#include "base/test.h"

TEST(pauses_grow)
{
    static const int64_t pauses[] = { 0, 60, 600, 6000, 86400, 86400 };
    AUTO(backoff_clear) struct backoff backoff = { 0 };

    for (size_t i = 0; i < COUNT(pauses); i++) {
        backoff_failed(&backoff, "why", 1000, BACKOFF_MAX_S);
        CHECK_INT(backoff.not_before, 1000 + pauses[i], "pause");
        CHECK_INT(backoff.failures, i + 1, "failures");
    }
    CHECK_TEXT(backoff.why, "why", "why");
}

TEST(a_pause_has_a_longest)
{
    AUTO(backoff_clear) struct backoff backoff = { .failures = 4 };

    backoff_failed(&backoff, "why", 1000, 3600);
    CHECK_INT(backoff.not_before, 1000 + 3600, "of a certificate that ends soon");
    backoff.failures = 1;
    backoff_failed(&backoff, "why", 1000, 3600);
    CHECK_INT(backoff.not_before, 1000 + 60, "shorter ones stay");
}

/* Written while the clock was 40 days ahead, it keeps nobody waiting for 40 days. */
TEST(pauses_end_whatever_the_clock_was)
{
    AUTO(backoff_clear) struct backoff backoff = { .failures = 4 };

    backoff_failed(&backoff, "why", 1000, BACKOFF_MAX_S);
    CHECK(backoff_waits(&backoff, 1000), "at first");
    CHECK(backoff_waits(&backoff, 1000 + 86399), "for a day");
    CHECK(!backoff_waits(&backoff, 1000 + 86400), "no longer");
    CHECK(!backoff_waits(&backoff, 1000 - 40 * 86400), "by the right clock");
}

TEST_MAIN()
