#include "ops/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "ops/cadence.h"
#include "ops/daemon_state.h"
#include "ops/machine.h"
#include "ops/notify_socket.h"
#include "ops/schedule.h"
#include "ops/wakeup.h"
#include "store/store.h"

extern char **environ;

#define SETTLE_MS 2000       /* after a change in the store, until it is looked at: they come in groups */
#define SETTLE_LOOKS 20      /* and so many times as long as a look takes, where that is more */
#define LOOK_AGAIN_MS 300000 /* where it could not be read */
#define LINE_MAX_LEN 2000

struct daemon {
    const struct settings *settings;
    struct machine machine;
    struct list command; /* words of `renew` */
    char *renewal_dir;
    struct timespec seen; /* its time of change, when the store was looked at */
    struct daemon_state state;
    int64_t interval_s, due; /* of the store, as it was looked at */
    char *due_name;
    pid_t child;        /* 0: none */
    int64_t started_ms; /* by the monotonic clock, when it was */
    int urged;          /* the signal by which it was to end, as it did not by itself; 0: none */
    unsigned stops;     /* how often it was told to */
    int64_t settle_ms;
    int64_t look_at_ms; /* by the monotonic clock, when to look at the store; 0: it was looked at */
    int64_t beat_ms;    /* the last sign of life */
    int64_t watchdog_ms;
    bool mute; /* that its file cannot be written was said */
};

/* ---- what it says ---- */

static void say(const char *format, ...) PRINTF(1, 2);
static void say(const char *format, ...)
{
    char text[LINE_MAX_LEN], at[CLOCK_TEXT_SIZE] = "";
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    clock_format_rfc3339(clock_now(), at);
    (void)fprintf(stderr, "%s%s%s\n",
        getenv("JOURNAL_STREAM") == NULL ? at : "", /* the journal has a time of its own */
        getenv("JOURNAL_STREAM") == NULL ? " " : "", text);
}

static void tell_status(const struct daemon *daemon)
{
    AUTO(free) char *lines = NULL;
    char at[CLOCK_TEXT_SIZE];

    if (daemon->child == 0 && daemon->state.next == 0)
        return; /* nothing is planned yet, or any more */
    clock_format_rfc3339(daemon->state.next, at);
    if (daemon->child != 0)
        lines = xstrdup("STATUS=Renewing");
    else
        lines = xprintf("STATUS=Next run at %s%s%s", at, daemon->state.next_for == NULL ? "" : ", for ",
            daemon->state.next_for == NULL ? "" : daemon->state.next_for);
    notify_socket_say(lines);
}

static void save(struct daemon *daemon)
{
    struct error err = { 0 };

    daemon->state.beat = clock_now();
    if (daemon_state_save(daemon->settings->work_dir, &daemon->state, &err)) {
        daemon->mute = false;
    } else if (!daemon->mute) {
        say("%s; nobody can see how the daemon is", err.why);
        daemon->mute = true;
    }
    tell_status(daemon);
}

/* Tells the service manager, and whoever reads the file, that it is alive. */
static void beat(struct daemon *daemon, bool now)
{
    struct error gone = { 0 };

    if (daemon->watchdog_ms > 0)
        notify_socket_say("WATCHDOG=1");
    if (!now && clock_monotonic_ms() - daemon->beat_ms < DAEMON_BEAT_S * 1000)
        return;
    daemon->beat_ms = clock_monotonic_ms();
    if (!daemon_state_beat(daemon->settings->work_dir, clock_now(), &gone))
        save(daemon); /* the file was removed, or could not be written before */
}

/* ---- the store ---- */

static struct timespec changed_at(const char *dir)
{
    struct stat st;

    return stat(dir, &st) == 0 ? st.st_mtim : (struct timespec){ 0 };
}

static bool has_changed(const struct daemon *daemon)
{
    struct timespec now = changed_at(daemon->renewal_dir);

    return now.tv_sec != daemon->seen.tv_sec || now.tv_nsec != daemon->seen.tv_nsec;
}

/* After a run that failed all that is due counts; after one that succeeded what was due before it is done. */
static bool look_at_store(struct daemon *daemon, struct upcoming_all *out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    int64_t after = daemon->state.failures > 0 ? 0 : daemon->state.began;

    TRY(store_open(daemon->settings, STORE_READ | STORE_AS_IT_IS, &store, err));
    return upcoming_of_all(store, daemon->settings->voice, clock_now(), after, out, err);
}

static void look(struct daemon *daemon)
{
    AUTO(upcoming_all_clear) struct upcoming_all all = { .next = UPCOMING_NEVER };
    int64_t began_ms = clock_monotonic_ms();
    struct error err = { 0 };

    daemon->look_at_ms = 0;
    daemon->seen = changed_at(daemon->renewal_dir);
    wakeup_watch(daemon->renewal_dir);
    if (!look_at_store(daemon, &all, &err)) {
        say("The store cannot be read: %s", err.why);
        daemon->look_at_ms = clock_monotonic_ms() + LOOK_AGAIN_MS;
    }
    daemon->interval_s = cadence_for(all.shortest);
    daemon->due = all.next;
    xreplace(&daemon->due_name, all.next_name);
    daemon->settle_ms = SETTLE_LOOKS * (clock_monotonic_ms() - began_ms);
    if (daemon->settle_ms < SETTLE_MS)
        daemon->settle_ms = SETTLE_MS;
}

static void plan(struct daemon *daemon)
{
    struct daemon_facts facts = { .now = clock_now(),
        .due = daemon->due,
        .interval_s = daemon->interval_s,
        .began = daemon->state.began,
        .failures = daemon->state.failures };
    int64_t next = daemon_next(&facts);
    const char *whose = next == daemon->due ? daemon->due_name : NULL;
    char at[CLOCK_TEXT_SIZE];

    if (next == daemon->state.next && text_equal(whose, daemon->state.next_for))
        return;
    daemon->state.next = next;
    xreplace(&daemon->state.next_for, whose);
    clock_format_rfc3339(next, at);
    if (next > facts.now)
        say("The next run is at %s%s%s.", at, whose == NULL ? "" : ", for ", whose == NULL ? "" : whose);
    save(daemon);
}

/* ---- the run ---- */

static void note_end(struct daemon *daemon, int status)
{
    struct daemon_state *state = &daemon->state;

    daemon->child = 0;
    state->ended = clock_now();
    state->status = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 128 + (unsigned)WTERMSIG(status);
    state->failures = state->status == 0 ? 0 : state->failures + 1;
    if (state->status != 0)
        say("renew ended with status %u%s.", state->status,
            state->failures > 1 ? ", as did the one before it" : "; what failed is told above and in the log");
    daemon->look_at_ms = clock_monotonic_ms();
    save(daemon);
}

static void start(struct daemon *daemon)
{
    char **argv = xcalloc(daemon->command.len + 1, sizeof *argv);
    int sys;

    memcpy(argv, daemon->command.at, daemon->command.len * sizeof *argv);
    daemon->state.began = clock_now();
    daemon->state.ended = 0;
    sys = spawn_program(&(struct spawn){ .path = daemon->machine.self,
                            .argv = argv,
                            .env = environ,
                            .in = -1,
                            .out = -1,
                            .err = -1,
                            .own_group = true },
        &daemon->child);
    free(argv);
    daemon->started_ms = clock_monotonic_ms();
    daemon->urged = 0;
    if (sys == 0) {
        save(daemon);
        return;
    }
    say("%s cannot be run: %s", daemon->machine.self, strerror(sys));
    note_end(daemon, 127 << 8);
}

/* Takes the status of every child that has ended: as process 1 also of those that others have left behind. */
static void reap(struct daemon *daemon)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == daemon->child)
            note_end(daemon, status);
}

/* ---- the loop ---- */

static void stop(struct daemon *daemon)
{
    daemon->stops++;
    if (daemon->stops == 1)
        notify_socket_say("STOPPING=1\nSTATUS=Stopping");
    if (daemon->child == 0)
        return;
    if (daemon->stops == 1) {
        say("Stopping, once the renewal that is at work is done; the same signal again interrupts it.");
    } else {
        say("Interrupting the renewal that is at work.");
        (void)kill(-daemon->child, SIGINT); /* all of its group, as a terminal does */
    }
}

/* A hook that never ends would keep all later runs from beginning. */
static void urge(struct daemon *daemon)
{
    int number =
        daemon->child == 0 ? 0 : daemon_urge((clock_monotonic_ms() - daemon->started_ms) / 1000, daemon->urged);

    if (number == 0)
        return;
    daemon->urged = number;
    say("renew has been at work for more than a day, and is %s.", number == SIGKILL ? "killed" : "asked to end");
    (void)kill(-daemon->child, number);
}

static void reload(struct daemon *daemon)
{
    char stamp[64];

    (void)snprintf(stamp, sizeof stamp, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic_ms() * 1000);
    notify_socket_say(stamp);
    say("Looking at the store anew.");
    if (daemon->state.failures > 0)
        daemon->state.began = 0; /* what has failed is tried at once */
    daemon->state.failures = 0;
    daemon->look_at_ms = daemon->child == 0 ? 1 : daemon->look_at_ms;
    notify_socket_say("READY=1");
}

static void wait_for_something(struct daemon *daemon)
{
    int64_t nap = DAEMON_BEAT_S * 1000, now_ms = clock_monotonic_ms();
    unsigned wake;

    if (daemon->watchdog_ms > 0 && daemon->watchdog_ms / 2 < nap)
        nap = daemon->watchdog_ms / 2;
    if (daemon->look_at_ms != 0 && daemon->look_at_ms - now_ms < nap)
        nap = daemon->look_at_ms > now_ms ? daemon->look_at_ms - now_ms : 0;
    wake = wakeup_wait(daemon->child != 0 ? INT64_MAX : daemon->state.next, nap);
    if (wake & WAKE_CHILD)
        reap(daemon);
    while (daemon->stops < wakeup_stops())
        stop(daemon);
    urge(daemon);
    if (wake & WAKE_RELOAD)
        reload(daemon);
    if (wake & WAKE_CLOCK)
        say("The clock was set.");
    if (daemon->child == 0 && daemon->look_at_ms == 0 && ((wake & WAKE_CHANGE) || has_changed(daemon)))
        daemon->look_at_ms = clock_monotonic_ms() + daemon->settle_ms;
    beat(daemon, wake & WAKE_CLOCK);
}

static void work(struct daemon *daemon)
{
    while (daemon->stops == 0 || daemon->child != 0) {
        if (daemon->child == 0) {
            if (daemon->look_at_ms != 0 && daemon->look_at_ms <= clock_monotonic_ms())
                look(daemon);
            plan(daemon);
            if (daemon->state.next <= clock_now())
                start(daemon);
        }
        wait_for_something(daemon);
    }
}

/* What the last daemon did counts: who is started again and again is to run no more often for it. */
static void remember(struct daemon *daemon)
{
    struct error err = { 0 };
    bool found;

    if (!daemon_state_load(daemon->settings->work_dir, &daemon->state, &found, &err))
        say("What the last daemon has left cannot be read: %s", err.why);
    daemon->state.pid = (unsigned)getpid();
    daemon->state.next = 0;
    if (daemon->state.began != 0 && daemon->state.ended == 0)
        daemon->state.ended = clock_now(); /* it ended with that daemon, or goes on without it */
}

static void daemon_clear(struct daemon *daemon)
{
    machine_clear(&daemon->machine);
    list_clear(&daemon->command);
    free(daemon->renewal_dir);
    free(daemon->due_name);
    daemon_state_clear(&daemon->state);
}

static inline void daemon_clear_at(struct daemon *daemon)
{
    daemon_clear(daemon);
}

/* `renew` for this store: quiet, and at once, since the daemon has chosen the time. */
static void find_command(struct daemon *daemon)
{
    const struct settings *settings = daemon->settings;
    const struct schedule_wish wish = { .config_dir = settings->config_dir,
        .work_dir = settings->work_dir,
        .logs_dir = settings->logs_dir,
        .config_files = &settings->config_files };

    daemon->command = schedule_command(&daemon->machine, &wish, schedule_form(&daemon->machine, "systemd", 0));
}

bool daemon_run(const struct settings *settings, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(daemon_clear) struct daemon daemon = { .settings = settings, .due = UPCOMING_NEVER, .look_at_ms = 1 };

    TRY(machine_open(NULL, &daemon.machine, err));
    TRY(daemon_lock(settings->config_dir, &lock, err));
    find_command(&daemon);
    daemon.renewal_dir = file_join(settings->config_dir, "renewal");
    daemon.watchdog_ms = notify_socket_watchdog_ms();
    daemon.beat_ms = clock_monotonic_ms();
    TRY(wakeup_open(err));
    remember(&daemon);
    save(&daemon);
    say("The daemon renews the certificates in %s.", settings->config_dir);
    notify_socket_say("READY=1");
    work(&daemon);
    daemon.state.next = 0;
    save(&daemon);
    say("The daemon has stopped.");
    wakeup_close();
    return true;
}
