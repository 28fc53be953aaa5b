#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/pipe.h"
#include "base/spawn.h"

#define CHILD_GRACE_MS 2000 /* from the request to end, to the end */
#define CHILD_LOOK_MS 60000 /* the longest single wait for one that has a limit */
#define CHILD_POLL_MS 50    /* between looks whether the child has ended, where the system cannot tell us */

struct stream {
    int read_end, write_end; /* -1 when closed */
    struct buf *to;
    size_t dropped;
};

static void stream_close_at(struct stream *stream)
{
    close_at(&stream->read_end);
    close_at(&stream->write_end);
}

/* After a drop, cuts the text at its last whole line. Returns how many bytes are missing. */
static size_t stream_settle(struct stream *stream)
{
    size_t whole = stream->to->len;

    if (stream->dropped == 0)
        return 0;
    while (whole > 0 && stream->to->at[whole - 1] != '\n')
        whole--;
    if (whole > 0) { /* else it is one line */
        stream->dropped += stream->to->len - whole;
        buf_cut(stream->to, whole);
    }
    return stream->dropped;
}

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return len == strcspn(b, "=") && memcmp(a, b, len) == 0;
}

static bool is_overridden(const char *variable, const struct list *env, size_t from)
{
    for (size_t i = from; env != NULL && i < env->len; i++)
        if (same_name(variable, env->at[i]))
            return true;
    return false;
}

/* Our environment with env over it, ended by NULL. The strings are borrowed. */
static char **merge_environment(const struct list *env)
{
    size_t count = 0, at = 0;
    char **merged;

    while (environ != NULL && environ[count] != NULL)
        count++;
    merged = xcalloc(count + (env != NULL ? env->len : 0) + 1, sizeof *merged);
    for (size_t i = 0; i < count; i++)
        if (!is_overridden(environ[i], env, 0))
            merged[at++] = environ[i];
    for (size_t i = 0; env != NULL && i < env->len; i++)
        if (strchr(env->at[i], '=') != NULL && !is_overridden(env->at[i], env, i + 1))
            merged[at++] = env->at[i];
    return merged;
}

/* Nothing of ours but what every program needs; ended by NULL, the strings are borrowed. */
static char **clean_environment(const struct list *env)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
    char **clean = xcalloc((env != NULL ? env->len : 0) + 3, sizeof *clean);
    size_t at = 0;

    if (!is_overridden(path, env, 0))
        clean[at++] = path;
    if (!is_overridden(language, env, 0))
        clean[at++] = language;
    for (size_t i = 0; env != NULL && i < env->len; i++)
        if (!is_overridden(env->at[i], env, i + 1))
            clean[at++] = env->at[i];
    return clean;
}

struct child {         /* one that runs */
    pid_t pid, target; /* target: the process that gets the signals, negative for its whole group */
    int64_t end_ms;    /* of clock_monotonic_ms, when it is ended; 0: never */
    unsigned ended;    /* how often it was told to */
    bool forwarded;    /* our interrupt */
};

/* The timeout for poll(2), in ms, for the child's output or end. */
static int poll_limit_ms(const struct child *child, bool watched)
{
    int64_t left = child->end_ms - clock_monotonic_ms();

    if (child->end_ms == 0)
        return watched ? -1 : CHILD_POLL_MS;
    if (!watched && left > CHILD_POLL_MS)
        return CHILD_POLL_MS;
    return left < 0 ? 0 : left > CHILD_LOOK_MS ? CHILD_LOOK_MS : (int)left;
}

/* Its time is over: first it is asked to end, then it is killed. */
static void end_late(struct child *child)
{
    if (child->end_ms == 0 || clock_monotonic_ms() < child->end_ms)
        return;
    (void)kill(child->target, child->ended == 0 ? SIGTERM : SIGKILL);
    child->ended++;
    child->end_ms = clock_monotonic_ms() + CHILD_GRACE_MS;
}

/* Waits for the child, not for the end of its output: a hook may leave a daemon behind that keeps the
 * pipes. */
static int wait_child(struct child *child, struct stream *out, struct stream *err)
{
    AUTO(close) int process = spawn_watch(child->pid);
    int status = 0;

    for (;;) {
        bool listening = !child->forwarded && (interrupt_signal() == 0 || interrupt_pending());
        struct pollfd fds[] = { { .fd = out->read_end, .events = POLLIN }, { .fd = err->read_end, .events = POLLIN },
            { .fd = process, .events = POLLIN }, { .fd = listening ? interrupt_fd() : -1, .events = POLLIN } };
        pid_t ended;

        (void)poll(fds, COUNT(fds), poll_limit_ms(child, process >= 0));
        if (interrupt_pending() && !child->forwarded) {
            (void)kill(child->target, interrupt_signal());
            child->forwarded = true;
        }
        ended = waitpid(child->pid, &status, WNOHANG); /* first: all that it wrote is in the pipes then */
        pipe_drain(&out->read_end, out->to, &out->dropped);
        pipe_drain(&err->read_end, err->to, &err->dropped);
        if (ended == child->pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (ended < 0 && errno != EINTR)
            return 127; /* the child was waited for elsewhere: its status is unknown */
        end_late(child);
    }
}

/* *spawn says what to run, and in which surroundings; its streams are set here. */
static bool run(struct spawn *spawn, int64_t limit_ms, struct child_result *out, struct error *err)
{
    AUTO(child_result_clear)
    struct child_result result = { .out = BUF(CHILD_MAX_OUTPUT), .err = BUF(CHILD_MAX_OUTPUT) };
    AUTO(stream_close) struct stream output = { -1, -1, &result.out, 0 };
    AUTO(stream_close) struct stream errors = { -1, -1, &result.err, 0 };
    struct child child = { .end_ms = limit_ms > 0 ? clock_monotonic_ms() + limit_ms : 0 };

    TRY(pipe_open(&output.read_end, &output.write_end, false, ERROR_HOOK, err));
    TRY(pipe_open(&errors.read_end, &errors.write_end, false, ERROR_HOOK, err));
    spawn->out = output.write_end;
    spawn->err = errors.write_end;
    errno = spawn_program(spawn, &child.pid);
    if (errno != 0)
        return error_errno(err, ERROR_HOOK, "cannot run %s", spawn->path);
    child.target = spawn->own_group ? -child.pid : child.pid;
    pipe_close(&output.write_end); /* ours; else the pipes would never end */
    pipe_close(&errors.write_end);
    result.status = wait_child(&child, &output, &errors);
    result.out_dropped = stream_settle(&output);
    result.err_dropped = stream_settle(&errors);
    if (child.ended > 0)
        return error_set(
            err, ERROR_HOOK, "%s was not done after %.1f s, and was ended", spawn->path, (double)limit_ms / 1000);

    *out = result;
    result = (struct child_result){ 0 };
    return true;
}

bool child_shell(const char *command, const struct list *env, struct child_result *out, struct error *err)
{
    AUTO(free) char **environment = merge_environment(env);
    AUTO(free) char *text = xstrdup(command);
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, text, NULL };

    return run(&(struct spawn){ .path = "/bin/sh", .argv = argv, .env = environment, .in = -1 }, 0, out, err);
}

/* What the program finds on its standard input: a file in memory, so that nobody waits for it to read. */
static bool open_input(const struct child_program *program, int *out, struct error *err)
{
    AUTO(close) int fd = -1;

    if (program->input.len == 0) {
        *out = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *out >= 0 || error_errno(err, ERROR_HOOK, "cannot open /dev/null for %s", program->path);
    }
    fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, program->input) || lseek(fd, 0, SEEK_SET) != 0)
        return error_errno(err, ERROR_HOOK, "cannot hand its input to %s", program->path);
    *out = fd;
    fd = -1;
    return true;
}

bool child_run(const struct child_program *program, struct child_result *out, struct error *err)
{
    AUTO(free) char **environment = clean_environment(program->env);
    AUTO(close) int input = -1;

    TRY(open_input(program, &input, err));
    return run(
        &(struct spawn){
            .path = program->path, .argv = program->argv, .env = environment, .in = input, .own_group = true },
        program->limit_ms, out, err);
}

void child_result_clear(struct child_result *result)
{
    buf_clear(&result->out);
    buf_clear(&result->err);
    result->status = 0;
}
