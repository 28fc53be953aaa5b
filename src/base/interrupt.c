#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* The signals that end a process and can be answered: those for which Certbot cleans up, too. */
static const struct {
    int number;
    const char *name;
} signals[] = {
    { SIGINT, "SIGINT" },
    { SIGTERM, "SIGTERM" },
    { SIGHUP, "SIGHUP (the terminal has gone)" },
    { SIGQUIT, "SIGQUIT" },
    { SIGXCPU, "SIGXCPU (CPU time limit)" },
    { SIGXFSZ, "SIGXFSZ (file size limit)" },
};

static atomic_int first_signal;
static atomic_int signal_count;
static int wake[2] = { -1, -1 };
static pid_t owner;
static _Thread_local int shields;

/*
 * Only what is safe in a handler. The first signal starts the unwinding and the second is impatience, which
 * must not break it off; with the third the user has decided that leftovers are the smaller evil.
 */
static void on_signal(int number)
{
    int saved = errno, none = 0;

    if (atomic_compare_exchange_strong(&first_signal, &none, number) && getpid() == owner)
        (void)!write(wake[1], "", 1); /* a forked child has this descriptor, too, and must not wake us */
    if (atomic_fetch_add(&signal_count, 1) >= 2 && (number == SIGINT || number == SIGTERM || number == SIGQUIT)) {
        (void)signal(number, SIG_DFL);
        (void)raise(number); /* takes effect when the handler returns */
    }
    errno = saved;
}

void interrupt_init(void)
{
    struct sigaction action = { .sa_handler = on_signal }, old; /* no SA_RESTART: waits are to end */

    if (wake[0] >= 0)
        return;
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        wake[0] = wake[1] = -1; /* the flag still works, waits only end later */
    owner = getpid();
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT(signals); i++)
        if (sigaction(signals[i].number, NULL, &old) == 0 && old.sa_handler != SIG_IGN) /* as by nohup */
            (void)sigaction(signals[i].number, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would hide how our children end */
}

int interrupt_signal(void)
{
    return first_signal;
}

int interrupt_fd(void)
{
    return wake[0];
}

bool interrupt_check(struct error *err)
{
    if (!interrupt_pending())
        return true;
    for (size_t i = 0; i < COUNT(signals); i++)
        if (signals[i].number == interrupt_signal())
            return signals[i].number == SIGINT ? error_set(err, ERROR_CANCELED, "Exiting due to user request.")
                                               : error_set(err, ERROR_CANCELED, "stopped by %s", signals[i].name);
    return error_set(err, ERROR_CANCELED, "stopped by signal %d", interrupt_signal());
}

void interrupt_shield(void)
{
    shields++;
}

void interrupt_unshield(void)
{
    if (shields > 0)
        shields--;
}

bool interrupt_is_shielded(void)
{
    return shields > 0;
}

bool interrupt_pending(void)
{
    return first_signal != 0 && shields == 0;
}
