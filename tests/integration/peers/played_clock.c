/* LD_PRELOAD: a time of day that a test plays. The file $PLAYED_CLOCK holds, as two 64-bit integers in memory, the
 * milliseconds by which it is ahead, and at how many it stands still. A process with the word "daemon" in its command
 * line moves it on: whenever it would wait, and has no child that could end meanwhile, the time that it would wait for
 * is there at once. Its monotonic clock moves along. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILD_MS 5

static volatile int64_t *ahead_ms, *end_ms;
static int moves;
static int64_t passed_ms, expiry_ms; /* of the monotonic clock; of the timer, by the played time, 0: none */
static int timer_fd = -1;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static int (*real_poll)(struct pollfd *, nfds_t, int);

__attribute__((constructor)) static void begin(int argc, char **argv)
{
    const char *path = getenv("PLAYED_CLOCK");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real_settime = dlsym(RTLD_NEXT, "timerfd_settime");
    real_poll = dlsym(RTLD_NEXT, "poll");
    for (int i = 1; i < argc; i++)
        moves |= strcmp(argv[i], "daemon") == 0;
    if (fd >= 0) {
        void *at = mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        ahead_ms = at == MAP_FAILED ? NULL : at;
        end_ms = ahead_ms == NULL ? NULL : ahead_ms + 1;
        close(fd);
    }
}

static void add(struct timespec *time, int64_t ms)
{
    time->tv_sec += ms / 1000;
    time->tv_nsec += ms % 1000 * 1000000;
    if (time->tv_nsec >= 1000000000) {
        time->tv_sec++;
        time->tv_nsec -= 1000000000;
    }
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result;

    if (real_gettime == NULL)
        real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    result = real_gettime(clock, now);
    if (result == 0 && ahead_ms != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        add(now, *ahead_ms);
    else if (result == 0 && clock == CLOCK_MONOTONIC)
        add(now, passed_ms);
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
    if (!moves)
        return real_settime(fd, flags, new, old);
    timer_fd = fd;
    expiry_ms = new->it_value.tv_sec * 1000 + new->it_value.tv_nsec / 1000000;
    return real_settime(fd, flags, &(struct itimerspec){ 0 }, old);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int has_child(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    int64_t step = timeout;
    int ready;

    if (!moves || ahead_ms == NULL || timeout == 0)
        return real_poll(fds, count, timeout);
    ready = real_poll(fds, count, 0);
    if (ready != 0)
        return ready;
    if (has_child() || *ahead_ms >= *end_ms)
        return real_poll(fds, count, CHILD_MS);
    if (timer_fd >= 0 && expiry_ms > 0 && (timeout < 0 || expiry_ms - now_ms() < timeout))
        step = expiry_ms - now_ms() < 0 ? 0 : expiry_ms - now_ms();
    *ahead_ms += step;
    passed_ms += step;
    if (timer_fd >= 0 && expiry_ms > 0 && now_ms() >= expiry_ms) /* in the past, by the real clock as well: it fires */
        real_settime(timer_fd, TFD_TIMER_ABSTIME, &(struct itimerspec){ .it_value = { .tv_sec = 1 } }, NULL);
    return real_poll(fds, count, 0);
}
