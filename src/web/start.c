#include "web/start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/spawn.h"
#include "base/text.h"
#include "web/private.h"

#define STAYS_MS 3000  /* after which it counts as the server where its pid file is not known */
#define LIMIT_MS 10000 /* where it is known, but names nobody */
#define LOOK_MS 20
#define TRIES 3 /* while the one before still has the ports */
#define TRY_AGAIN_MS 1000

struct started {
    pid_t pid;
    int said; /* the file with its output */
    int status;
    bool ended;
};

static void started_close_at(struct started *started)
{
    close_at(&started->said);
}

static int open_said(const struct web_server *server)
{
    if (server->start_log == NULL)
        return memfd_create("started", MFD_CLOEXEC);
    return open(server->start_log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static bool run(const struct web_server *server, char *const *argv, struct started *out, struct error *err)
{
    AUTO(list_clear) struct list variables = web_environment(server);
    AUTO(free) char **env = xcalloc(variables.len + 1, sizeof *env);
    AUTO(close) int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (nothing < 0)
        return error_errno(err, ERROR_PLUGIN, "cannot open /dev/null for %s", argv[0]);
    out->said = open_said(server);
    if (out->said < 0)
        return error_errno(err, ERROR_PLUGIN, "cannot open %s for the output of %s",
            server->start_log != NULL ? server->start_log : "a file in memory", argv[0]);
    memcpy(env, variables.at, variables.len * sizeof *env);
    errno = spawn_program(&(struct spawn){ .path = argv[0],
                              .argv = argv,
                              .env = env,
                              .in = nothing,
                              .out = out->said,
                              .err = out->said,
                              .own_session = true },
        &out->pid);
    return errno == 0 || error_errno(err, ERROR_PLUGIN, "cannot run %s", argv[0]);
}

static bool has_ended(struct started *started)
{
    pid_t ended = started->ended ? 0 : waitpid(started->pid, &started->status, WNOHANG);

    if (ended == started->pid)
        started->ended = true;
    else if (ended < 0 && errno != EINTR) { /* waited for elsewhere: its status is unknown */
        started->ended = true;
        started->status = 0;
    }
    return started->ended;
}

/* Whether what still runs is the server. */
static bool stays(const struct web_server *server, int64_t since_ms)
{
    int64_t time_ms = clock_monotonic_ms() - since_ms;

    if (server->pid_file != NULL && web_is_running(server))
        return true;
    return time_ms > (server->pid_file != NULL ? LIMIT_MS : STAYS_MS);
}

/* Each line once: nginx says five times that an address is in use. */
static char *without_repetition(struct view said)
{
    AUTO(list_clear) struct list lines = { 0 };
    struct view line;

    while (view_cut(&said, '\n', &line)) {
        AUTO(free) char *text = view_dup(line);

        if (!list_has(&lines, text))
            list_add(&lines, text);
    }
    return list_join(&lines, "\n");
}

static char *read_said(const struct started *started)
{
    AUTO(buf_clear) struct buf said = BUF(WEB_MAX_SAID);
    AUTO(free) char *lines = NULL;
    char *to = buf_room(&said, WEB_MAX_SAID - 1);
    ssize_t got = to != NULL ? pread(started->said, to, WEB_MAX_SAID - 1, 0) : -1;

    if (got > 0)
        buf_grow(&said, (size_t)got);
    lines = without_repetition(view_trim(buf_view(&said)));
    return text_printable_dup(view_of(lines), WEB_MAX_SAID, true);
}

static bool try(const struct web_server *server, char *const *argv, bool *in_use, struct error *err)
{
    AUTO(started_close) struct started started = { .said = -1 };
    AUTO(free) char *said = NULL;
    int64_t since_ms = clock_monotonic_ms();

    TRY(run(server, argv, &started, err));
    while (!has_ended(&started) && !stays(server, since_ms))
        (void)clock_sleep_ms(LOOK_MS);
    if (!started.ended) {
        log_info("%s was started, and stays as process %d", argv[0], (int)started.pid);
        return true;
    }
    if (WIFEXITED(started.status) && WEXITSTATUS(started.status) == 0)
        return true;
    said = read_said(&started);
    *in_use = strstr(said, "ddress already in use") != NULL;
    return web_failed(
        argv, WIFEXITED(started.status) ? WEXITSTATUS(started.status) : 128 + WTERMSIG(started.status), said, err);
}

bool web_start(const struct web_server *server, char *const *argv, struct error *err)
{
    bool ok = false, in_use = true;

    interrupt_shield();
    for (int tries = 0; !ok && in_use && tries < TRIES; tries++) {
        if (tries > 0)
            (void)clock_sleep_ms(TRY_AGAIN_MS);
        in_use = false;
        ok = try(server, argv, &in_use, err);
    }
    interrupt_unshield();
    if (!ok && in_use)
        return error_next(err, "another program has that port (ss -ltnp shows which): stop it, then try again");
    return ok;
}
