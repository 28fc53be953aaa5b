#pragma once
/*
 * For tests that have a clock_gettime of their own: what the kernel's clock says.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As clock_gettime. Machines of 32 bits have two calls, one of which knows a time_t of 32 bits only. */
static int kernel_clock(clockid_t clock, struct timespec *now)
{
#ifdef SYS_clock_gettime64
    return (int)syscall(SYS_clock_gettime64, clock, now);
#else
    return (int)syscall(SYS_clock_gettime, clock, now);
#endif
}
