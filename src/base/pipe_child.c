#include "base/pipe_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/pipe.h"
#include "base/spawn.h"

#define TICK_MS 50   /* between looks at a child whose end the system cannot tell us */
#define TERM_MS 1000 /* from SIGTERM to SIGKILL */

struct pipe_child {
    pid_t pid;
    int process;      /* readable when it has ended; -1 on old systems */
    int in, out, err; /* our ends; -1 when closed */
    struct buf said;
};

static void child_free(struct pipe_child *child)
{
    pipe_close(&child->process);
    pipe_close(&child->in);
    pipe_close(&child->out);
    pipe_close(&child->err);
    buf_clear(&child->said);
    free(child);
}
DEFINE_AUTO(struct pipe_child, child_free)

bool pipe_child_start(const char *path, struct pipe_child **out, struct error *err)
{
    AUTO(child_free) struct pipe_child *child = xcalloc(1, sizeof *child);
    AUTO(close) int in = -1;
    AUTO(close) int output = -1;
    AUTO(close) int errors = -1;
    AUTO(free) char *name = xstrdup(path);
    char *argv[] = { name, NULL };
    struct spawn spawn = { .path = path, .argv = argv, .env = environ, .own_group = true };

    child->process = child->in = child->out = child->err = -1;
    child->said = BUF(PIPE_CHILD_MAX_SAID);
    TRY(pipe_open(&child->in, &in, true, ERROR_PLUGIN, err));
    TRY(pipe_open(&child->out, &output, false, ERROR_PLUGIN, err));
    TRY(pipe_open(&child->err, &errors, false, ERROR_PLUGIN, err));
    spawn.in = in;
    spawn.out = output;
    spawn.err = errors;
    errno = spawn_program(&spawn, &child->pid);
    if (errno != 0)
        return error_errno(err, ERROR_PLUGIN, "cannot run %s", path);
    child->process = spawn_watch(child->pid);
    *out = TAKE(child);
    return true;
}

/* Writes what the pipe takes. A child that no longer reads is told by the end of its output. */
static void feed(struct pipe_child *child, struct view *question)
{
    while (question->len > 0) {
        ssize_t put = write(child->in, question->at, question->len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        if (put < 0) {
            question->len = 0;
            return;
        }
        question->at += put;
        question->len -= (size_t)put;
    }
}

/* Whether it has ended; not reaped, so that its number and its group stay its own. */
static bool has_ended(const struct pipe_child *child, siginfo_t *how)
{
    *how = (siginfo_t){ 0 };
    return waitid(P_PID, (id_t)child->pid, how, WEXITED | WNOHANG | WNOWAIT) != 0 || how->si_pid == child->pid;
}

/* The last line that it wrote on standard error is mostly the reason. */
static struct view last_words(const struct pipe_child *child)
{
    struct view text = view_trim(buf_view(&child->said));
    size_t start = text.len;

    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    return (struct view){ text.at + start, text.len - start };
}

static bool fail_ended(const struct pipe_child *child, const siginfo_t *how, struct error *err)
{
    struct view said = last_words(child);
    int len = (int)(said.len < 400 ? said.len : 400);
    bool killed = how->si_code == CLD_KILLED || how->si_code == CLD_DUMPED;

    return error_set(err, ERROR_PLUGIN, "it ended without an answer (%s %d)%s%.*s", killed ? "signal" : "exit status",
        how->si_status, len > 0 ? "; it said: " : "", len, len > 0 ? said.at : "");
}

/* Waits until something can be read or written, the child ends or the user interrupts. */
static void wait_for(const struct pipe_child *child, bool writing, int64_t until)
{
    int64_t left = until - clock_monotonic_ms();
    bool listening = interrupt_signal() == 0 || interrupt_pending();
    struct pollfd fds[] = { { .fd = writing ? child->in : -1, .events = POLLOUT },
        { .fd = child->out, .events = POLLIN }, { .fd = child->err, .events = POLLIN },
        { .fd = child->process, .events = POLLIN }, { .fd = listening ? interrupt_fd() : -1, .events = POLLIN } };

    if (left > TICK_MS && child->process < 0)
        left = TICK_MS;
    (void)poll(fds, COUNT(fds), left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
}

/* Whether what came is the answer, complete and alone. */
static bool take_answer(struct buf *answer, size_t dropped, bool *complete, struct error *err)
{
    const char *end = answer->len == 0 ? NULL : memchr(answer->at, '\n', answer->len);

    if (end != NULL && ((size_t)(end - answer->at) + 1 != answer->len || dropped > 0))
        return error_set(err, ERROR_PLUGIN, "it answered one question with more than one line");
    if (dropped > 0)
        return error_set(err, ERROR_PLUGIN, "its answer is longer than %zu bytes", answer->max);
    *complete = end != NULL;
    return true;
}

bool pipe_child_ask(
    struct pipe_child *child, struct view question, int64_t limit_ms, struct buf *answer, struct error *err)
{
    int64_t until = clock_monotonic_ms() + limit_ms;
    size_t dropped = 0, ignored = 0;
    bool complete = false;
    siginfo_t how;

    buf_clear(answer);
    for (;;) {
        bool ended = has_ended(child, &how); /* first: all that it wrote is in the pipes then */

        feed(child, &question);
        pipe_drain(&child->out, answer, &dropped);
        pipe_drain(&child->err, &child->said, &ignored);
        TRY(take_answer(answer, dropped, &complete, err));
        if (complete && question.len == 0)
            break;
        if (ended)
            return fail_ended(child, &how, err);
        TRY(interrupt_check(err));
        if (clock_monotonic_ms() >= until)
            return error_set(err, ERROR_PLUGIN, "it did not answer within %.3g seconds", (double)limit_ms / 1000);
        wait_for(child, question.len > 0, until);
        if (child->out < 0)
            (void)clock_sleep_ms(1); /* it closed its output, and can only end now */
    }
    buf_cut(answer, answer->len - 1);
    return true;
}

char *pipe_child_take_said(struct pipe_child *child)
{
    char *said = view_dup(buf_view(&child->said)); /* stops at a NUL: it is for the log only */

    buf_clear(&child->said);
    return said;
}

/* Waits for its end, throwing away what it still writes. */
static bool wait_end(struct pipe_child *child, int64_t grace_ms)
{
    int64_t until = clock_monotonic_ms() + grace_ms;
    AUTO(buf_clear) struct buf nothing = BUF(0);
    size_t ignored = 0;
    siginfo_t how;

    while (!has_ended(child, &how)) {
        pipe_drain(&child->out, &nothing, &ignored);
        pipe_drain(&child->err, &child->said, &ignored);
        if (clock_monotonic_ms() >= until)
            return false;
        interrupt_shield(); /* the time is short, and the child still has to be ended properly */
        wait_for(child, false, until);
        interrupt_unshield();
    }
    return true;
}

void pipe_child_close(struct pipe_child *child, int64_t grace_ms)
{
    pipe_close(&child->in);
    if (grace_ms <= 0 || !wait_end(child, grace_ms)) {
        if (grace_ms > 0)
            (void)kill(-child->pid, SIGTERM);
        if (grace_ms <= 0 || !wait_end(child, TERM_MS))
            (void)kill(-child->pid, SIGKILL);
    }
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    child_free(child);
}
