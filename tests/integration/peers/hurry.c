/*
 * Loaded into a program (LD_PRELOAD), makes its monotonic clock run HURRY times as fast, and all that it waits for by
 * that clock end as much sooner: a test of half an hour's patience takes seconds. Its clock for instants is AHEAD
 * seconds ahead.
 *
 * System calls are made directly, as this is called before the C library and a sanitizer are ready.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static long long begin; /* by the clock as it is, in nanoseconds */
static long long factor = 1;
static long long ahead; /* seconds */

static long long real_now(void)
{
    struct timespec now;

    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("HURRY"), *more = getenv("AHEAD");

    factor = text == NULL ? 1 : atoll(text);
    ahead = more == NULL ? 0 : atoll(more);
    begin = real_now();
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long long now;

    if (clock != CLOCK_MONOTONIC || begin == 0) {
        if (syscall(SYS_clock_gettime, clock, out) != 0)
            return -1;
        if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
            out->tv_sec += ahead;
        return 0;
    }
    now = begin + (real_now() - begin) * factor;
    *out = (struct timespec){ now / SECOND, now % SECOND };
    return 0;
}

static int shorter(int ms)
{
    return ms <= 0 ? ms : (int)((ms + factor - 1) / factor);
}

static struct timespec *as_timespec(int ms, struct timespec *out)
{
    *out = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
    return ms < 0 ? NULL : out;
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
    struct timespec limit;

    return (int)syscall(SYS_ppoll, fds, count, as_timespec(shorter(ms), &limit), NULL, 0);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, max, shorter(ms), NULL, 8);
}

/* All conditions that are waited for with a limit go by the monotonic clock here. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    long long at = begin + (until->tv_sec * SECOND + until->tv_nsec - begin) / factor;

    if (real == NULL)
        *(void **)&real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return real(condition, mutex, &(struct timespec){ at / SECOND, at % SECOND });
}
