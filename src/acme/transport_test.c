#include "base/test.h"

#include "acme/transport.h"
#include "base/clock.h"
#include "base/test_clock.h"

static int64_t clock_set_by_s; /* what somebody has set the system's clock forward by */

/* In place of the C library's. */
int clock_gettime(clockid_t which, struct timespec *out)
{
    int result = kernel_clock(which, out);

    if (result == 0 && which == CLOCK_REALTIME)
        out->tv_sec += clock_set_by_s;
    return result;
}

TEST(the_real_clock)
{
    struct transport transport = transport_of_net(NULL);
    struct error err = { 0 };
    int64_t before = clock_monotonic_ms(), apart;

    CHECK(transport.sleep_ms(transport.self, 30, &err), "%s", err.why);
    CHECK(clock_monotonic_ms() - before >= 30, "it did not wait");
    apart = transport.now(transport.self) - clock_now();
    CHECK(apart >= -1 && apart <= 1, "%lld s apart", (long long)apart);
}

TEST(who_sets_the_clock_changes_nothing)
{
    static const int64_t steps_s[] = { -3600, 3600, 40 * 86400, -40 * 86400, 0 };
    struct transport transport = transport_of_net(NULL);
    int64_t before = transport.now(transport.self), begun_ms = clock_monotonic_ms();

    for (size_t i = 0; i < COUNT(steps_s); i++) {
        int64_t since;

        clock_set_by_s = steps_s[i];
        since = transport.now(transport.self) - before;
        CHECK(since >= 0 && since <= (clock_monotonic_ms() - begun_ms) / 1000 + 1, "set by %lld s: %lld s have passed",
            (long long)steps_s[i], (long long)since);
    }
}

TEST_MAIN()
