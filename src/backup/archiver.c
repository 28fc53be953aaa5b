#include "backup/archiver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/pipe.h"
#include "base/sanitizer.h"
#include "base/spawn.h"
#include "base/text.h"
#include "net/process.h"

#define PROGRAM "evercert-archive"
#define STUCK_MS 120000 /* without a byte in either direction */
#define PIECE (64 * 1024)
#define ENOUGH (256 * 1024) /* bytes that wait to be written: no more is asked for then */
#define SAID_MAX 4096

struct archiver {
    pid_t pid;
    int in, out, err; /* our ends of its standard streams; -1 when closed */
    struct buf to;    /* for it, from to_at on */
    size_t to_at;
    struct buf from; /* by it, from from_at on */
    size_t from_at;
    struct buf said;
    bool fed; /* the source has no more */
};

bool archiver_is_there(void)
{
    AUTO(free) char *path = process_program(PROGRAM);

    return path != NULL;
}

static void end_process(struct archiver *archiver)
{
    if (archiver->pid <= 0)
        return;
    (void)kill(archiver->pid, SIGKILL);
    while (waitpid(archiver->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    archiver->pid = 0;
}

void archiver_free(struct archiver *archiver)
{
    end_process(archiver);
    pipe_close(&archiver->in);
    pipe_close(&archiver->out);
    pipe_close(&archiver->err);
    buf_clear(&archiver->to);
    buf_clear(&archiver->from);
    buf_clear(&archiver->said);
    free(archiver);
}

static bool find(char **path, struct error *err)
{
    *path = process_program(PROGRAM);
    if (*path != NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "backups are made and read by the program %s, which is not installed", PROGRAM);
    return error_next(
        err, "install it: it is left out where Evercert is built without libarchive (meson -Darchive=enabled)");
}

static bool run(struct archiver *archiver, const char *path, enum archiver_job job, struct error *err)
{
    char *const argv[] = { (char *)(uintptr_t)PROGRAM, (char *)(uintptr_t)(job == ARCHIVER_PACKS ? "pack" : "unpack"),
        NULL };
    char *const env[] = { NULL };
    AUTO(close) int in = -1;
    AUTO(close) int out = -1;
    AUTO(close) int said = -1;
    struct spawn spawn = { .path = path, .argv = argv, .env = env, .own_group = true };

    TRY(pipe_open(&archiver->in, &in, true, ERROR_INTERNAL, err));
    TRY(pipe_open(&archiver->out, &out, false, ERROR_INTERNAL, err));
    TRY(pipe_open(&archiver->err, &said, false, ERROR_INTERNAL, err));
    spawn.in = in;
    spawn.out = out;
    spawn.err = said;
    errno = spawn_program(&spawn, &archiver->pid);
    return errno == 0 || error_errno(err, ERROR_INTERNAL, "cannot run %s", path);
}

bool archiver_start(enum archiver_job job, struct archiver **out, struct error *err)
{
    AUTO(archiver_free) struct archiver *archiver = xcalloc(1, sizeof *archiver);
    AUTO(free) char *path = NULL;

    archiver->in = archiver->out = archiver->err = -1;
    archiver->to = BUF_SECRET(2 * ENOUGH);
    archiver->from = BUF_SECRET(2 * ENOUGH);
    archiver->said = BUF(SAID_MAX);
    TRY(find(&path, err));
    TRY(run(archiver, path, job, err));
    *out = TAKE(archiver);
    return true;
}

/* ---- moving bytes ---- */

static size_t waiting(const struct archiver *archiver)
{
    return archiver->to.len - archiver->to_at;
}

/* Writes what the pipe takes. Whether it has gone is told by the end of its output. */
static void write_some(struct archiver *archiver)
{
    while (archiver->in >= 0 && waiting(archiver) > 0) {
        ssize_t put = write(archiver->in, archiver->to.at + archiver->to_at, waiting(archiver));

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            break;
        if (put < 0) {
            pipe_close(&archiver->in);
            archiver->to_at = archiver->to.len;
        } else {
            archiver->to_at += (size_t)put;
        }
    }
    if (archiver->to_at == archiver->to.len) {
        buf_cut(&archiver->to, 0);
        archiver->to_at = 0;
    }
}

/* Moves what was not consumed yet to the front. */
static void close_up(struct buf *buf, size_t *at)
{
    if (*at == 0)
        return;
    memmove(buf->at, buf->at + *at, buf->len - *at);
    buf_cut(buf, buf->len - *at);
    *at = 0;
}

/* Reads one piece, if any is there and there is room for it. */
static void read_some(struct archiver *archiver)
{
    char *room;
    ssize_t got;

    close_up(&archiver->from, &archiver->from_at);
    if (archiver->out < 0 || archiver->from.len >= ENOUGH)
        return;
    room = buf_room(&archiver->from, PIECE);
    got = room == NULL ? 0 : read(archiver->out, room, PIECE);
    if (got > 0)
        buf_grow(&archiver->from, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        pipe_close(&archiver->out);
}

/* Waits until bytes can be moved in either direction, and moves them. */
static bool move(struct archiver *archiver, struct error *err)
{
    bool reads = archiver->out >= 0 && archiver->from.len - archiver->from_at < ENOUGH;
    bool listening = interrupt_signal() == 0 || interrupt_pending();
    struct pollfd fds[] = { { .fd = waiting(archiver) > 0 ? archiver->in : -1, .events = POLLOUT },
        { .fd = reads ? archiver->out : -1, .events = POLLIN }, { .fd = archiver->err, .events = POLLIN },
        { .fd = listening ? interrupt_fd() : -1, .events = POLLIN } };
    size_t dropped = 0;
    int ready;

    TRY(interrupt_check(err));
    ready = poll(fds, COUNT(fds), STUCK_MS);
    TRY(interrupt_check(err));
    if (ready == 0)
        return error_set(err, ERROR_INTERNAL, "%s has done nothing for %d seconds", PROGRAM, STUCK_MS / 1000);
    pipe_drain(&archiver->err, &archiver->said, &dropped);
    write_some(archiver);
    if (fds[1].revents != 0)
        read_some(archiver);
    return true;
}

/* Waits for its end, which has begun: it has closed its output. */
static int reap(struct archiver *archiver)
{
    int status = 0;

    while (waitpid(archiver->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    archiver->pid = 0;
    return status;
}

/* The program ended by itself, too early: what it said, or how it ended. */
static bool ended(struct archiver *archiver, int status, struct error *err)
{
    struct view said;
    size_t dropped = 0;

    pipe_drain(&archiver->err, &archiver->said, &dropped);
    said = view_trim(buf_view(&archiver->said));
    if (said.len > 0)
        return error_set(err, ERROR_STORE, "%s failed: %.*s", PROGRAM, (int)said.len, said.at);
    return error_set(err, ERROR_STORE, "%s ended before it was done (%s %d)", PROGRAM,
        WIFSIGNALED(status) ? "signal" : "exit status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- packing ---- */

struct buf *archiver_frames(struct archiver *archiver)
{
    return &archiver->to;
}

static bool hand_over(struct archiver *archiver, struct seal_sink sink, struct error *err)
{
    if (archiver->from.len == 0)
        return true;
    TRY(sink.take(sink.context, buf_view(&archiver->from), err));
    buf_cut(&archiver->from, 0);
    return true;
}

bool archiver_pass(struct archiver *archiver, struct seal_sink sink, struct error *err)
{
    if (archiver->to.failed)
        return error_set(err, ERROR_INTERNAL, "a member does not fit into a frame");
    write_some(archiver);
    while (waiting(archiver) >= ENOUGH - MEMBER_MAX_FRAME) {
        TRY(move(archiver, err));
        TRY(hand_over(archiver, sink, err));
        if (archiver->out < 0)
            return ended(archiver, reap(archiver), err);
    }
    close_up(&archiver->to, &archiver->to_at);
    return true;
}

bool archiver_finish(struct archiver *archiver, struct seal_sink sink, struct error *err)
{
    bool taken;
    int status;

    member_put_end(&archiver->to);
    while (archiver->out >= 0) {
        TRY(move(archiver, err));
        TRY(hand_over(archiver, sink, err));
    }
    taken = archiver->in >= 0 && waiting(archiver) == 0;
    status = reap(archiver);
    return (taken && status == 0) || ended(archiver, status, err);
}

/* ---- unpacking ---- */

/* Until its pipe is full, so that it is never without input while we wait for what it says. */
static bool feed(struct archiver *archiver, struct archiver_source source, struct error *err)
{
    while (!archiver->fed && waiting(archiver) == 0) {
        TRY(source.more(source.context, &archiver->to, &archiver->fed, err));
        write_some(archiver);
    }
    if (archiver->fed && waiting(archiver) == 0)
        pipe_close(&archiver->in);
    return true;
}

bool archiver_next(struct archiver *archiver, struct archiver_source source, struct wire_frame *out, struct error *err)
{
    for (;;) {
        size_t len = archiver->from.len - archiver->from_at;
        enum wire_step step = WIRE_MORE;

        if (len > 0)
            step = wire_peek((struct view){ archiver->from.at + archiver->from_at, len }, member_frame_max, out);
        if (step == WIRE_BROKEN)
            return error_set(err, ERROR_INTERNAL, "what %s says cannot be read", PROGRAM);
        if (step == WIRE_WHOLE) {
            archiver->from_at += out->size;
            return true;
        }
        if (archiver->out < 0)
            return ended(archiver, reap(archiver), err);
        TRY(feed(archiver, source, err));
        TRY(move(archiver, err));
    }
}
