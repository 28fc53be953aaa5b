#pragma once
/*
 * For tests: plays a function in a child process whose standard input, output and error belong to the test: pipes, or a
 * terminal of its own on which a user types.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/interrupt.h"
#include "base/test.h"

#define SCENE_MAX_MS 20000

struct scene {
    const char *input; /* text typed, or in the pipe */
    const char *after; /* typed once this was seen; NULL: at once */
    bool terminal;     /* standard input and output are one, `columns` wide */
    bool stays_open;   /* a pipe that does not end behind the input */
    unsigned short columns;
    struct buf out, err; /* output, line ends as "\n" */
    int status;          /* exit status, 128 + signal */
};

static inline void scene_clear_at(struct scene *scene)
{
    buf_clear(&scene->out);
    buf_clear(&scene->err);
}

struct scene_ends { /* of the test */
    int in, out, err;
};

static inline int scene_terminal(const struct scene *scene, int *ours)
{
    struct winsize size = { .ws_row = 24, .ws_col = scene->columns };
    int theirs;

    *ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*ours < 0 || grantpt(*ours) != 0 || unlockpt(*ours) != 0)
        fail_msg("no pseudo terminal: %s", strerror(errno));
    theirs = open(ptsname(*ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (theirs < 0 || ioctl(theirs, TIOCSWINSZ, &size) != 0)
        fail_msg("no pseudo terminal: %s", strerror(errno));
    return theirs;
}

__attribute__((noreturn)) static inline void scene_child(
    bool terminal, const int *ends, void (*play)(void *), void *ctx)
{
    if (terminal && (setsid() < 0 || ioctl(ends[0], TIOCSCTTY, 0) != 0))
        _exit(99);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(ends[fd], fd) < 0)
            _exit(99);
    (void)signal(SIGINT, SIG_DFL); /* ignored in what a shell without job control runs in the background */
    (void)signal(SIGQUIT, SIG_DFL);
    interrupt_init();
    play(ctx);
    exit(0); /* with the leak check of the sanitizer */
}

/* Reads what there is into *to; false at the end. */
static inline bool scene_read(int fd, struct buf *to)
{
    char chunk[4096];
    ssize_t got = read(fd, chunk, sizeof chunk);

    for (ssize_t i = 0; i < got; i++)
        if (chunk[i] != '\r')
            buf_put_char(to, chunk[i]);
    return got > 0 || (got < 0 && errno == EINTR);
}

/* The input goes once its cue was seen. A pipe is closed behind it, unless it is to stay open. */
static inline void scene_type(struct scene *scene, int *in, bool *typed)
{
    if (*typed || (scene->after != NULL && strstr(buf_text(&scene->out), scene->after) == NULL))
        return;
    *typed = true;
    if (scene->input != NULL && write(*in, scene->input, strlen(scene->input)) < 0 && errno != EPIPE)
        fail_msg("cannot type: %s", strerror(errno));
    if (!scene->terminal && !scene->stays_open) {
        (void)close(*in);
        *in = -1;
    }
}

static inline void scene_watch(struct scene *scene, struct scene_ends *ends, pid_t child)
{
    bool typed = false, out_open = true, err_open = true;

    for (int waited = 0; out_open || err_open;) {
        struct pollfd on[2] = { { .fd = out_open ? ends->out : -1, .events = POLLIN },
            { .fd = err_open ? ends->err : -1, .events = POLLIN } };

        scene_type(scene, &ends->in, &typed);
        if (poll(on, 2, 100) == 0 && (waited += 100) >= SCENE_MAX_MS) {
            (void)kill(child, SIGKILL);
            break;
        }
        if (on[0].revents != 0)
            out_open = scene_read(ends->out, &scene->out);
        if (on[1].revents != 0)
            err_open = scene_read(ends->err, &scene->err);
    }
}

/* Out, err and status of *scene are filled; out and err must be empty. */
__attribute__((unused)) static void scene_play(struct scene *scene, void (*play)(void *), void *ctx)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error[2] = { -1, -1 }, status = 0;
    struct scene_ends ends;
    pid_t child;

    scene->out = scene->err = BUF(1 << 20);
    (void)signal(SIGPIPE, SIG_IGN);
    if (scene->terminal) {
        in[0] = scene_terminal(scene, &in[1]);
        out[1] = fcntl(in[0], F_DUPFD_CLOEXEC, 3);
        out[0] = fcntl(in[1], F_DUPFD_CLOEXEC, 3);
    } else if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        fail_msg("pipe: %s", strerror(errno));
    }
    if (pipe2(error, O_CLOEXEC) != 0)
        fail_msg("pipe: %s", strerror(errno));
    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        int theirs[3] = { in[0], out[1], error[1] };

        (void)close(in[1]);
        (void)close(out[0]);
        scene_child(scene->terminal, theirs, play, ctx);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(error[1]);
    ends = (struct scene_ends){ in[1], out[0], error[0] };
    scene_watch(scene, &ends, child);
    if (ends.in >= 0)
        (void)close(ends.in);
    (void)close(ends.out);
    (void)close(ends.err);
    (void)waitpid(child, &status, 0);
    scene->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
