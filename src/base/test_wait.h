#pragma once
/*
 * For tests: no time is spent on waiting (clock_sleep_ms). Not for programs that wait for other processes.
 * Included by test programs only, once each.
 */
#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef SYS_clock_gettime64 /* machines of 32 bits, whose other call knows a time_t of 32 bits only */
#define CLOCK_GETTIME SYS_clock_gettime64
#else
#define CLOCK_GETTIME SYS_clock_gettime
#endif

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

    if (syscall(CLOCK_GETTIME, clock, now) != 0)
        return -1;
    ns = now->tv_nsec + (clock == CLOCK_MONOTONIC ? waited_ns : 0);
    now->tv_sec += (time_t)(ns / 1000000000);
    now->tv_nsec = (long)(ns % 1000000000);
    return 0;
}
