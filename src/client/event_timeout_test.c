/* A timeout of less than a second: a struct timeval that libevent reads otherwise than we wrote it would lose that
 * part. */
#include "client/event_timeout.h"

#include "base/clock.h"
#include "base/test.h"

static void fired(evutil_socket_t fd __attribute__((unused)), short what, void *ctx)
{
    *(short *)ctx = what;
}

TEST(timeout_is_not_early)
{
    struct event_base *base = event_base_new();
    int64_t begin = clock_monotonic_ms();
    struct event *event;
    short what = 0;

    REQUIRE(base != NULL);
    event = event_new(base, -1, 0, fired, &what);
    REQUIRE(event != NULL && event_add_ms(event, 300) == 0);
    REQUIRE(event_base_dispatch(base) == 1, "it returns when no event is left");
    CHECK_INT(what, EV_TIMEOUT, "what");
    CHECK(clock_monotonic_ms() - begin >= 290, "early; 10 ms are for a coarse clock");
    event_free(event);
    event_base_free(base);
}

TEST_MAIN()
