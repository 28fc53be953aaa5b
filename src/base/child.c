#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/mem.h"

#define CHILD_POLL_MS 50 /* between looks whether the child has ended, where the system cannot tell us */

struct stream {
    int read_end, write_end; /* -1 when closed */
    struct buf *to;
};

static void stream_close_at(struct stream *stream)
{
    close_at(&stream->read_end);
    close_at(&stream->write_end);
}

static bool stream_open(struct stream *stream, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_HOOK, "cannot make a pipe");
    stream->read_end = ends[0];
    stream->write_end = ends[1];
    if (fcntl(stream->read_end, F_SETFL, O_NONBLOCK) != 0) /* of our end alone */
        return error_errno(err, ERROR_HOOK, "cannot set up a pipe");
    return true;
}

/* Reads what is there; what is beyond the limit is dropped, so that the child never waits for us. */
static void stream_drain(struct stream *stream)
{
    char chunk[16 * 1024];

    while (stream->read_end >= 0) {
        ssize_t got = read(stream->read_end, chunk, sizeof chunk);
        size_t left = stream->to->max - stream->to->len;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close_at(&stream->read_end);
            stream->read_end = -1;
            return;
        }
        buf_put(stream->to, (struct view){ chunk, (size_t)got < left ? (size_t)got : left });
    }
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

/* The child starts as from a shell: all signals at their default and none blocked, even those that we
 * ignore. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int sys;

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    sys = posix_spawnattr_setsigdefault(attributes, &all);
    if (sys == 0)
        sys = posix_spawnattr_setsigmask(attributes, &none);
    if (sys == 0)
        sys = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return sys;
}

/* All of ours are close-on-exec; this is for what our own parent left open: no business of a hook. */
static int close_others(posix_spawn_file_actions_t *actions)
{
#if __GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
    (void)actions;
    return 0;
#endif
}

/* Returns an errno. main keeps descriptors 0 to 2 open, so the pipes lie above them. */
static int spawn(const char *command, char **environment, int out, int err, pid_t *pid)
{
    char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, xstrdup(command), NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int sys = posix_spawn_file_actions_init(&actions);

    if (sys == 0) {
        sys = posix_spawnattr_init(&attributes);
        if (sys == 0) {
            sys = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
            if (sys == 0)
                sys = posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
            if (sys == 0)
                sys = close_others(&actions);
            if (sys == 0)
                sys = set_signals(&attributes);
            if (sys == 0)
                sys = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environment);
            (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    free(argv[2]);
    return sys;
}

/* A descriptor that becomes readable when the child ends; -1 where the system has none (before Linux 5.3). */
static int open_process(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0); /* sets close-on-exec by itself */
#else
    (void)pid;
    return -1;
#endif
}

/* Waits for the child, not for the end of its output: a hook may leave a daemon behind that keeps the
 * pipes. */
static int wait_child(pid_t pid, struct stream *out, struct stream *err)
{
    AUTO(close) int process = open_process(pid);
    bool forwarded = false;
    int status = 0;

    for (;;) {
        bool listening = !forwarded && (interrupt_signal() == 0 || interrupt_pending());
        struct pollfd fds[] = { { .fd = out->read_end, .events = POLLIN },
                                { .fd = err->read_end, .events = POLLIN },
                                { .fd = process, .events = POLLIN },
                                { .fd = listening ? interrupt_fd() : -1, .events = POLLIN } };
        pid_t ended;

        (void)poll(fds, COUNT(fds), process >= 0 ? -1 : CHILD_POLL_MS);
        if (interrupt_pending() && !forwarded) {
            (void)kill(pid, interrupt_signal());
            forwarded = true;
        }
        ended = waitpid(pid, &status, WNOHANG); /* first: all that it wrote is in the pipes then */
        stream_drain(out);
        stream_drain(err);
        if (ended == pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (ended < 0 && errno != EINTR)
            return 127; /* somebody else has waited for it: nothing is known */
    }
}

bool child_shell(const char *command, const struct list *env, struct child_result *out, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { .out = BUF(CHILD_MAX_OUTPUT),
                                                            .err = BUF(CHILD_MAX_OUTPUT) };
    AUTO(stream_close) struct stream output = { -1, -1, &result.out };
    AUTO(stream_close) struct stream errors = { -1, -1, &result.err };
    AUTO(free) char **environment = merge_environment(env);
    pid_t pid = -1;

    TRY(stream_open(&output, err));
    TRY(stream_open(&errors, err));
    errno = spawn(command, environment, output.write_end, errors.write_end, &pid);
    if (errno != 0)
        return error_errno(err, ERROR_HOOK, "cannot run /bin/sh");
    close_at(&output.write_end); /* ours; else the pipes would never end */
    close_at(&errors.write_end);
    output.write_end = errors.write_end = -1;
    result.status = wait_child(pid, &output, &errors);

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
