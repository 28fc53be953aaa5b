/*
 * The privileged end of the socket to the network process.
 */
#include "net/channel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "net/message.h"

#define READ_CHUNK 65536
#define SEND_TIMEOUT_S 60 /* a process that reads nothing for so long is stuck */
#define REAP_MS 2000      /* from the end of its socket to the end of the process */

/* A question under way. */
struct waiter {
    struct waiter *next;
    uint32_t id;
    bool sleeping;  /* on its condition: someone must wake it */
    bool abandoned; /* no thread waits any more; freed when the answer comes */
    bool answered;
    struct answer answer;
    struct condition cond;
};

struct channel {
    int fd;
    pid_t pid; /* 0 once reaped */
    struct mutex write_lock;

    struct buf in; /* belongs to the thread that reads */

    struct mutex lock; /* guards what follows */
    struct waiter *waiters;
    uint32_t last_id;
    uint32_t visits;     /* visits that may still come */
    bool reading;        /* some thread reads for all */
    bool interrupt_seen; /* its descriptor stays readable: look at it once */
    bool broken;
    struct error why;
};

struct channel *channel_new(int fd, pid_t pid)
{
    struct channel *channel = xcalloc(1, sizeof *channel);
    struct timeval limit = { .tv_sec = SEND_TIMEOUT_S };

    channel->fd = fd;
    channel->pid = pid;
    channel->in = BUF(MESSAGE_MAX + READ_CHUNK);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    mutex_init(&channel->lock);
    mutex_init(&channel->write_lock);
    return channel;
}

void answer_clear(struct answer *answer)
{
    buf_clear(&answer->bytes);
    answer->frame = (struct wire_frame){ 0 };
}

static void waiter_free(struct waiter *waiter)
{
    answer_clear(&waiter->answer);
    condition_destroy(&waiter->cond);
    free(waiter);
}

/* Waits for the process to end after its socket did; one that stays is ended. Returns its wait status. */
static int reap(struct channel *channel)
{
    int64_t until = clock_monotonic_ms() + REAP_MS;
    int status = 0;

    if (channel->pid <= 0)
        return 0;
    for (int64_t pause_ms = 1; waitpid(channel->pid, &status, WNOHANG) == 0;
         pause_ms = pause_ms < 32 ? pause_ms * 2 : 32) {
        struct timespec pause = { .tv_nsec = pause_ms * 1000000 };

        if (clock_monotonic_ms() > until) {
            if (kill(channel->pid, SIGKILL) == 0) /* else it is another user's by now, and CAP_KILL is missing */
                (void)waitpid(channel->pid, &status, 0);
            break;
        }
        (void)nanosleep(&pause, NULL);
    }
    channel->pid = 0;
    return status;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    (void)close(channel->fd);
    (void)reap(channel);
    for (struct waiter *waiter = channel->waiters, *next; waiter != NULL; waiter = next) {
        next = waiter->next;
        waiter_free(waiter);
    }
    buf_clear(&channel->in);
    mutex_destroy(&channel->lock);
    mutex_destroy(&channel->write_lock);
    free(channel);
}

/* ---- with the lock held ---- */

static struct waiter **find_waiter(struct channel *channel, uint32_t id)
{
    struct waiter **at = &channel->waiters;

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void wake_all(struct channel *channel)
{
    for (struct waiter *waiter = channel->waiters; waiter != NULL; waiter = waiter->next)
        condition_signal(&waiter->cond);
}

/* Lets one of the sleeping threads read from now on. */
static void wake_one(struct channel *channel)
{
    for (struct waiter *waiter = channel->waiters; waiter != NULL; waiter = waiter->next) {
        if (waiter->sleeping && !waiter->answered) {
            condition_signal(&waiter->cond);
            return;
        }
    }
}

/* Ends the connection, once. The process sees the end of its socket and goes. */
static void break_off(struct channel *channel, const struct error *why)
{
    if (channel->broken)
        return;
    channel->broken = true;
    channel->why = *why;
    (void)shutdown(channel->fd, SHUT_RDWR);
    wake_all(channel);
}

static void break_lied(struct channel *channel, const char *how)
{
    struct error why = { 0 };

    (void)error_set(&why, ERROR_NETWORK, "the network process sent an answer that cannot be right (%s)", how);
    (void)error_next(&why, "run the command again; if this comes back, it is a mistake in Evercert or an attack "
                           "on it: please report it");
    break_off(channel, &why);
}

static void break_silent(struct channel *channel)
{
    struct error why = { 0 };

    (void)error_set(&why, ERROR_NETWORK, "the network process does not answer");
    (void)error_next(&why, "look whether evercert-net was stopped, then run the command again");
    break_off(channel, &why);
}

static void break_ended(struct channel *channel)
{
    struct error why = { 0 };
    int status;

    if (channel->broken)
        return;
    status = reap(channel);
    if (WIFSIGNALED(status))
        (void)error_set(
            &why, ERROR_NETWORK, "the network process ended unexpectedly (killed by signal %d)", WTERMSIG(status));
    else
        (void)error_set(
            &why, ERROR_NETWORK, "the network process ended unexpectedly (exit status %d)", WEXITSTATUS(status));
    (void)error_next(&why, "run the command again; if this comes back, look for evercert-net in the system's log "
                           "(out of memory, a security policy)");
    break_off(channel, &why);
}

static enum error_kind kind_of(enum message_failure failure)
{
    switch (failure) {
    case MESSAGE_FAILURE_NETWORK:
    case MESSAGE_FAILURE_REFUSED:
    case MESSAGE_FAILURE_SILENT:
    case MESSAGE_FAILURE_UNREACHABLE:
        return ERROR_NETWORK;
    case MESSAGE_FAILURE_CONFIG:
        return ERROR_CONFIG;
    case MESSAGE_FAILURE_CANCELED:
        return ERROR_CANCELED;
    case MESSAGE_FAILURE_INTERNAL:
        return ERROR_INTERNAL;
    }
    return ERROR_NETWORK;
}

static int errno_of(enum message_failure failure)
{
    return failure == MESSAGE_FAILURE_REFUSED       ? ECONNREFUSED
           : failure == MESSAGE_FAILURE_SILENT      ? ETIMEDOUT
           : failure == MESSAGE_FAILURE_UNREACHABLE ? ENETUNREACH
                                                    : 0;
}

static bool set_failed(const struct message_failed *failed, struct error *err)
{
    (void)error_set(err, kind_of(failed->kind), "%.*s", (int)failed->why.len, failed->why.at);
    (void)error_sys(err, errno_of(failed->kind));
    if (failed->next.len > 0)
        (void)error_next(err, "%.*s", (int)failed->next.len, failed->next.at);
    return false;
}

/* Logs a request that came to the responder: the first thing to look at when the CA could not verify. */
static void take_visit(struct channel *channel, const struct wire_frame *frame)
{
    AUTO(free) char *from = NULL, *question = NULL, *given = NULL; /* one line each: the log keeps line ends */
    struct message_visit visit;

    if (channel->visits == 0 || !message_get_visit(frame->fields, &visit)) {
        break_lied(channel, "a visit that nobody can have made");
        return;
    }
    channel->visits--;
    from = text_printable_dup(visit.from, MESSAGE_MAX_FROM, false);
    question = text_printable_dup(visit.question, MESSAGE_MAX_LINE, false);
    given = text_printable_dup(visit.given, MESSAGE_MAX_GIVEN, false);
    if (visit.given.len == 0)
        log_debug("%s came to the responder, and left before it had asked: %s", from, question);
    else
        log_debug("%s asked the responder: %s: %s", from, question, given);
}

/* Hands one frame to the thread that waits for it. */
static void deliver(struct channel *channel, const struct wire_frame *frame)
{
    struct waiter **at = find_waiter(channel, frame->id), *waiter = *at;
    struct message_failed failed;

    if (frame->id == 0 && frame->type == MESSAGE_FAILED && message_get_failed(frame->fields, &failed)) {
        struct error why = { 0 };

        (void)set_failed(&failed, &why);
        break_off(channel, &why);
        return;
    }
    if (frame->type == MESSAGE_VISIT && frame->id == 0) {
        take_visit(channel, frame);
        return;
    }
    if (waiter == NULL || waiter->answered) {
        break_lied(channel, "nobody asked");
        return;
    }
    if (waiter->abandoned) {
        *at = waiter->next;
        waiter_free(waiter);
        return;
    }
    waiter->answer.bytes = BUF(MESSAGE_MAX);
    buf_put(&waiter->answer.bytes, frame->fields);
    waiter->answer.frame = *frame;
    waiter->answer.frame.fields = buf_view(&waiter->answer.bytes);
    waiter->answered = true;
    condition_signal(&waiter->cond);
}

/* ---- reading for all ---- */

/* Hands out the whole frames at the start of what came, and returns the rest. */
static struct view deliver_frames(struct channel *channel)
{
    struct view stream = buf_view(&channel->in);
    struct wire_frame frame;
    enum wire_step step = WIRE_MORE;
    MUTEX_HOLD(&channel->lock);

    while (!channel->broken && (step = wire_peek(stream, message_max_answer, &frame)) == WIRE_WHOLE) {
        deliver(channel, &frame);
        stream.at += frame.size;
        stream.len -= frame.size;
    }
    if (step == WIRE_BROKEN)
        break_lied(channel, "not a frame");
    return stream;
}

static void deliver_whole_frames(struct channel *channel)
{
    struct view stream = deliver_frames(channel);

    if (stream.len > 0 && stream.len < channel->in.len)
        memmove(channel->in.at, stream.at, stream.len);
    buf_cut(&channel->in, stream.len);
    if (stream.len == 0 && channel->in.size > 4 * READ_CHUNK)
        buf_clear(&channel->in); /* one large answer shall not stay in memory for ever */
}

static void receive(struct channel *channel)
{
    char *room = buf_room(&channel->in, READ_CHUNK);
    ssize_t got = room == NULL ? 0 : recv(channel->fd, room, READ_CHUNK, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        MUTEX_HOLD(&channel->lock);
        break_ended(channel);
        return;
    }
    buf_grow(&channel->in, (size_t)got);
    deliver_whole_frames(channel);
}

/* Waits until something comes, a signal arrives or the time is over, and takes what came. */
static void read_once(struct channel *channel, bool watch_interrupt, int64_t until)
{
    struct pollfd polls[2] = {
        { .fd = channel->fd, .events = POLLIN },
        { .fd = watch_interrupt ? interrupt_fd() : -1, .events = POLLIN },
    };
    int64_t left = until - clock_monotonic_ms();

    if (poll(polls, 2, left < 0 ? 0 : (int)left) <= 0)
        return;
    if (polls[1].revents != 0) {
        MUTEX_HOLD(&channel->lock);
        channel->interrupt_seen = true;
        wake_all(channel); /* each looks for itself whether it is shielded */
    }
    if (polls[0].revents != 0)
        receive(channel);
}

/* ---- sending ---- */

uint32_t channel_next_id(struct channel *channel)
{
    uint32_t id;
    MUTEX_HOLD(&channel->lock);

    do {
        channel->last_id = channel->last_id == UINT32_MAX ? 1 : channel->last_id + 1;
    } while (*find_waiter(channel, channel->last_id) != NULL);
    id = channel->last_id;
    return id;
}

/* Sends with one sendmsg; descriptors go with its first byte. */
static ssize_t send_some(int fd, struct view bytes, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(MESSAGE_MAX_SOCKETS * sizeof(int))];
    } control = { 0 };
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes.at, .iov_len = bytes.len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd_count > 0) {
        struct cmsghdr *head;

        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(head), fds, fd_count * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* False with errno. Part of the frame may be on its way then: the connection is of no use any more. */
static bool send_all(struct channel *channel, struct view frame, const int *fds, size_t fd_count)
{
    MUTEX_HOLD(&channel->write_lock); /* leaves errno as it is */

    while (frame.len > 0) {
        ssize_t sent = send_some(channel->fd, frame, fds, fd_count);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        frame.at += sent;
        frame.len -= (size_t)sent;
        fd_count = 0;
    }
    return true;
}

static void add_waiter(struct channel *channel, uint32_t id)
{
    struct waiter *waiter = xcalloc(1, sizeof *waiter);

    condition_init(&waiter->cond);
    waiter->id = id;
    waiter->next = channel->waiters;
    channel->waiters = waiter;
}

static void drop_waiter(struct channel *channel, uint32_t id)
{
    struct waiter **at = find_waiter(channel, id), *waiter = *at;

    if (waiter == NULL)
        return;
    *at = waiter->next;
    waiter_free(waiter);
}

/* Registers a waiter before the question is sent: its answer may be quick. */
static bool expect_answer(struct channel *channel, uint32_t id, struct error *err)
{
    MUTEX_HOLD(&channel->lock);

    if (channel->broken) {
        *err = channel->why;
        return false;
    }
    add_waiter(channel, id);
    return true;
}

bool channel_send(
    struct channel *channel, uint32_t id, struct view frame, const int *fds, size_t fd_count, struct error *err)
{
    TRY(interrupt_check(err));
    TRY(expect_answer(channel, id, err));
    if (send_all(channel, frame, fds, fd_count))
        return true;
    if (errno == EPIPE || errno == ECONNRESET)
        return true; /* it has ended, perhaps after an answer: the waiting thread reads that first */

    MUTEX_HOLD(&channel->lock);
    break_silent(channel);
    *err = channel->why;
    drop_waiter(channel, id);
    return false;
}

/* ---- waiting ---- */

static void sleep_until(struct channel *channel, struct waiter *waiter, int64_t until)
{
    int64_t left = until - clock_monotonic_ms();

    waiter->sleeping = true;
    condition_wait_ms(&waiter->cond, &channel->lock, left > INT_MAX ? INT_MAX : (int)left);
    waiter->sleeping = false;
}

/* Waits until the answer is there, the connection broken, or an interrupt; called and returns with the lock held. */
static void await(struct channel *channel, struct waiter *waiter, int64_t until)
{
    while (!waiter->answered && !channel->broken && !interrupt_pending()) {
        if (clock_monotonic_ms() >= until) {
            break_silent(channel);
        } else if (channel->reading) {
            sleep_until(channel, waiter, until);
        } else {
            bool watch = !channel->interrupt_seen;

            channel->reading = true;
            mutex_unlock(&channel->lock);
            read_once(channel, watch, until);
            mutex_lock(&channel->lock);
            channel->reading = false;
        }
    }
    if (!channel->reading)
        wake_one(channel);
}

void channel_cancel(struct channel *channel, uint32_t id)
{
    AUTO(buf_clear) struct buf frame = BUF(WIRE_HEAD);

    message_put_empty(&frame, MESSAGE_CANCEL, id);
    (void)send_all(channel, buf_view(&frame), NULL, 0); /* a failure shows at the next call, if there is one */
}

static bool judge(struct channel *channel, uint8_t expected, struct answer *answer, struct error *err)
{
    struct message_failed failed;

    if (answer->frame.type == expected)
        return true;
    if (answer->frame.type != MESSAGE_FAILED)
        return channel_violated(channel, "wrong type", err);
    if (!message_get_failed(answer->frame.fields, &failed))
        return channel_violated(channel, "broken failure", err);
    return set_failed(&failed, err);
}

/* A caller waits again for an answer that it has got already, or that the broken connection has taken along. */
static bool fail_unasked(const struct channel *channel, struct error *err)
{
    if (channel->broken)
        *err = channel->why;
    else
        (void)error_set(err, ERROR_INTERNAL, "an answer of the network process is waited for twice");
    return false;
}

/* False with *canceled when the user interrupts: then the answer is not waited for any more. */
static bool take_answer(
    struct channel *channel, uint32_t id, int timeout_ms, struct answer *out, bool *canceled, struct error *err)
{
    struct waiter *waiter;
    MUTEX_HOLD(&channel->lock);

    waiter = *find_waiter(channel, id);
    if (waiter == NULL)
        return fail_unasked(channel, err);
    waiter->abandoned = false; /* a wait that was canceled may begin anew */
    await(channel, waiter, clock_monotonic_ms() + timeout_ms);
    if (waiter->answered) {
        *out = waiter->answer;
        waiter->answer = (struct answer){ 0 };
        drop_waiter(channel, id);
        return true;
    }
    if (channel->broken) {
        *err = channel->why;
        drop_waiter(channel, id);
        return false;
    }
    *canceled = waiter->abandoned = true;
    return false;
}

bool channel_wait(
    struct channel *channel, uint32_t id, uint8_t expected, int timeout_ms, struct answer *out, struct error *err)
{
    AUTO(answer_clear) struct answer answer = { 0 };
    bool canceled = false;

    if (!take_answer(channel, id, timeout_ms, &answer, &canceled, err)) {
        if (!canceled)
            return false;
        channel_cancel(channel, id);
        return interrupt_check(err);
    }
    TRY(judge(channel, expected, &answer, err));
    *out = answer;
    answer = (struct answer){ 0 };
    return true;
}

bool channel_violated(struct channel *channel, const char *how, struct error *err)
{
    MUTEX_HOLD(&channel->lock);

    break_lied(channel, how);
    *err = channel->why;
    return false;
}

void channel_expect_visits(struct channel *channel, uint32_t count)
{
    MUTEX_HOLD(&channel->lock);

    channel->visits = channel->visits > UINT32_MAX - count ? UINT32_MAX : channel->visits + count;
}
