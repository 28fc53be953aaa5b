#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/pipe.h"
#include "base/spawn.h"

#define CHILD_POLL_MS 50 /* between looks whether the child has ended, where the system cannot tell us */

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

/* Where something was dropped, what is left ends with a whole line. Returns how much is missing. */
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

/* Returns an errno. */
static int spawn_shell(const char *command, char **environment, int out, int err, pid_t *pid)
{
    AUTO(free) char *text = xstrdup(command);
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, text, NULL };

    return spawn_program(
        &(struct spawn){ .path = "/bin/sh", .argv = argv, .env = environment, .in = -1, .out = out, .err = err }, pid);
}

/* Waits for the child, not for the end of its output: a hook may leave a daemon behind that keeps the
 * pipes. */
static int wait_child(pid_t pid, struct stream *out, struct stream *err)
{
    AUTO(close) int process = spawn_watch(pid);
    bool forwarded = false;
    int status = 0;

    for (;;) {
        bool listening = !forwarded && (interrupt_signal() == 0 || interrupt_pending());
        struct pollfd fds[] = { { .fd = out->read_end, .events = POLLIN }, { .fd = err->read_end, .events = POLLIN },
            { .fd = process, .events = POLLIN }, { .fd = listening ? interrupt_fd() : -1, .events = POLLIN } };
        pid_t ended;

        (void)poll(fds, COUNT(fds), process >= 0 ? -1 : CHILD_POLL_MS);
        if (interrupt_pending() && !forwarded) {
            (void)kill(pid, interrupt_signal());
            forwarded = true;
        }
        ended = waitpid(pid, &status, WNOHANG); /* first: all that it wrote is in the pipes then */
        pipe_drain(&out->read_end, out->to, &out->dropped);
        pipe_drain(&err->read_end, err->to, &err->dropped);
        if (ended == pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (ended < 0 && errno != EINTR)
            return 127; /* somebody else has waited for it: nothing is known */
    }
}

bool child_shell(const char *command, const struct list *env, struct child_result *out, struct error *err)
{
    AUTO(child_result_clear)
    struct child_result result = { .out = BUF(CHILD_MAX_OUTPUT), .err = BUF(CHILD_MAX_OUTPUT) };
    AUTO(stream_close) struct stream output = { -1, -1, &result.out, 0 };
    AUTO(stream_close) struct stream errors = { -1, -1, &result.err, 0 };
    AUTO(free) char **environment = merge_environment(env);
    pid_t pid = -1;

    TRY(pipe_open(&output.read_end, &output.write_end, false, ERROR_HOOK, err));
    TRY(pipe_open(&errors.read_end, &errors.write_end, false, ERROR_HOOK, err));
    errno = spawn_shell(command, environment, output.write_end, errors.write_end, &pid);
    if (errno != 0)
        return error_errno(err, ERROR_HOOK, "cannot run /bin/sh");
    pipe_close(&output.write_end); /* ours; else the pipes would never end */
    pipe_close(&errors.write_end);
    result.status = wait_child(pid, &output, &errors);
    result.out_dropped = stream_settle(&output);
    result.err_dropped = stream_settle(&errors);

    *out = result;
    result = (struct child_result){ 0 };
    return true;
}

void child_result_clear(struct child_result *result)
{
    buf_clear(&result->out);
    buf_clear(&result->err);
    result->status = 0;
}
