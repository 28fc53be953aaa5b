#include "ops/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#ifdef __linux__
#include <sys/inotify.h>
#include <sys/timerfd.h>
#endif

#define YEAR_S ((int64_t)366 * 86400)

static const struct {
    int number;
    unsigned wake;
} signals[] = {
    { SIGTERM, WAKE_STOP },
    { SIGINT, WAKE_STOP },
    { SIGQUIT, WAKE_STOP },
    { SIGHUP, WAKE_RELOAD },
    { SIGCHLD, WAKE_CHILD },
};

static int pipes[2] = { -1, -1 }; /* from the handler to the wait */
static unsigned stops;
static int timer = -1, changes = -1, watched = -1;

/* Each signal is a byte. A pipe that is full holds enough of them: also of those that are there the first is seen. */
static void on_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;

    (void)!write(pipes[1], &byte, 1);
    errno = saved;
}

bool wakeup_open(struct error *err)
{
    struct sigaction action = { .sa_handler = on_signal };

    if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot make a pipe");
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < COUNT(signals); i++)
        if (sigaction(signals[i].number, &action, NULL) != 0)
            return error_errno(err, ERROR_INTERNAL, "cannot handle signal %d", signals[i].number);
#ifdef __linux__
    timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (timer < 0 || changes < 0)
        log_debug("no timer or no news of changes: %s", strerror(errno));
#endif
    return true;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void wakeup_close(void)
{
    for (size_t i = 0; i < COUNT(signals); i++)
        (void)signal(signals[i].number, signals[i].wake == WAKE_CHILD ? SIG_DFL : SIG_IGN);
    close_one(&pipes[0]);
    close_one(&pipes[1]);
    close_one(&timer);
    close_one(&changes);
    watched = -1;
}

void wakeup_watch(const char *dir)
{
#ifdef __linux__
    if (changes < 0)
        return;
    /* The same directory again is the same watch; of one that was removed and made anew it is another. */
    watched = inotify_add_watch(
        changes, dir, IN_ONLYDIR | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE);
    if (watched < 0)
        log_debug("changes in %s are looked for every minute: %s", dir, strerror(errno));
#else
    (void)dir;
#endif
}

/* Arms the timer, which also fires when the clock is set. */
static void arm(int64_t until)
{
#ifdef __linux__
    int64_t now = clock_now();
    struct itimerspec when = { .it_value = { .tv_sec = until > now + YEAR_S ? now + YEAR_S : until < 1 ? 1 : until } };

    if (timer >= 0 && timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) != 0)
        close_one(&timer);
#else
    (void)until;
#endif
}

/* The milliseconds that a wait by the monotonic clock may take. */
static int bounded_ms(int64_t until, int64_t most_ms)
{
    int64_t left = until - clock_now();

    if (timer < 0 && left < most_ms / 1000)
        most_ms = left < 0 ? 0 : left * 1000;
    return most_ms > INT_MAX ? INT_MAX : (int)most_ms;
}

static unsigned take_signals(void)
{
    unsigned char bytes[64];
    unsigned wake = 0;
    ssize_t len;

    while ((len = read(pipes[0], bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < len; at++)
            for (size_t i = 0; i < COUNT(signals); i++)
                if (signals[i].number == bytes[at]) {
                    wake |= signals[i].wake;
                    stops += signals[i].wake == WAKE_STOP;
                }
    return wake;
}

unsigned wakeup_stops(void)
{
    return stops;
}

static unsigned take_timer(void)
{
    uint64_t count;

    if (timer < 0 || read(timer, &count, sizeof count) >= 0)
        return 0;
    return errno == ECANCELED ? WAKE_CLOCK : 0;
}

static unsigned take_changes(void)
{
    char events[4096];
    unsigned wake = 0;

    while (changes >= 0 && read(changes, events, sizeof events) > 0)
        wake = WAKE_CHANGE;
    return wake;
}

unsigned wakeup_wait(int64_t until, int64_t most_ms)
{
    struct pollfd fds[3] = { { .fd = pipes[0], .events = POLLIN }, { .fd = changes, .events = POLLIN } };

    arm(until);
    fds[2] = (struct pollfd){ .fd = timer, .events = POLLIN };
    (void)poll(fds, COUNT(fds), bounded_ms(until, most_ms));
    return take_signals() | take_timer() | take_changes();
}
