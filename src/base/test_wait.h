#pragma once
/*
 * For tests: no time is spent on waiting (clock_sleep_ms). Not for programs that wait for other processes.
 * Included by test programs only, once each.
 */
#include <poll.h>
#include <stdint.h>

#include "base/test_clock.h"

static int64_t waited_ns;

/* A wait is over at once, and the clock says that it was not. */
int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    (void)fds;
    (void)count;
    waited_ns += timeout_ms * INT64_C(1000000);
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t ns;

    if (kernel_clock(clock, now) != 0)
        return -1;
    ns = now->tv_nsec + (clock == CLOCK_MONOTONIC ? waited_ns : 0);
    now->tv_sec += (time_t)(ns / 1000000000);
    now->tv_nsec = (long)(ns % 1000000000);
    return 0;
}
