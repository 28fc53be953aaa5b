/*
 * The network process's end of the socket to the privileged one.
 */
#include "netd/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

#define READ_CHUNK 65536
#define MAX_DESCRIPTORS (4 * MESSAGE_MAX_SOCKETS) /* in transit at one time */

struct peer {
    int fd;
    struct event *readable, *writable;
    struct buf in;
    struct evbuffer *out;
    int descriptors[MAX_DESCRIPTORS];
    size_t descriptor_count;
    peer_frame frame;
    peer_end end;
    void *ctx;
};

static void finish(struct peer *peer, bool violated)
{
    (void)event_del(peer->readable);
    (void)event_del(peer->writable);
    peer->end(peer->ctx, violated);
}

/* Keeps the descriptors of one recvmsg. False when they are more than any message has. */
static bool keep_descriptors(struct peer *peer, struct msghdr *message)
{
    bool fits = (message->msg_flags & MSG_CTRUNC) == 0;

    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (peer->descriptor_count < MAX_DESCRIPTORS) {
                peer->descriptors[peer->descriptor_count++] = fd;
            } else {
                (void)close(fd);
                fits = false;
            }
        }
    }
    return fits;
}

static ssize_t receive(struct peer *peer, char *room)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(MAX_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec part = { .iov_base = room, .iov_len = READ_CHUNK };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof control.room,
    };
    ssize_t got = recvmsg(peer->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got > 0 && !keep_descriptors(peer, &message)) {
        errno = EPROTO;
        return -1;
    }
    return got;
}

/* Hands out the whole frames at the start of what came. False: one of them must not have come. */
static bool hand_out(struct peer *peer)
{
    struct view stream = buf_view(&peer->in);
    struct wire_frame frame;
    enum wire_step step;

    while ((step = wire_peek(stream, message_max_question, &frame)) == WIRE_WHOLE) {
        if (!peer->frame(peer->ctx, &frame))
            return false;
        stream.at += frame.size;
        stream.len -= frame.size;
    }
    if (step == WIRE_BROKEN)
        return false;
    if (stream.len > 0 && stream.len < peer->in.len)
        memmove(peer->in.at, stream.at, stream.len);
    buf_cut(&peer->in, stream.len);
    if (stream.len == 0 && peer->in.size > 4 * READ_CHUNK)
        buf_clear(&peer->in); /* the CA bundle came through here */
    return true;
}

static void on_readable(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct peer *peer = ctx;
    char *room = buf_room(&peer->in, READ_CHUNK);
    ssize_t got = room == NULL ? 0 : receive(peer, room);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        finish(peer, got < 0 && errno == EPROTO);
        return;
    }
    buf_grow(&peer->in, (size_t)got);
    if (!hand_out(peer))
        finish(peer, true);
}

static void on_writable(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct peer *peer = ctx;

    if (evbuffer_get_length(peer->out) == 0)
        return; /* peer_send() has written all meanwhile; libevent takes writing nothing for a failure */
    if (evbuffer_write(peer->out, peer->fd) < 0 && errno != EAGAIN && errno != EINTR) {
        finish(peer, false);
        return;
    }
    if (evbuffer_get_length(peer->out) > 0)
        (void)event_add(peer->writable, NULL);
}

struct peer *peer_new(struct event_base *base, int fd, peer_frame frame, peer_end end, void *ctx)
{
    struct peer *peer = xcalloc(1, sizeof *peer);

    *peer =
        (struct peer){ .fd = fd, .in = BUF_SECRET(MESSAGE_MAX + READ_CHUNK), .frame = frame, .end = end, .ctx = ctx };
    (void)evutil_make_socket_nonblocking(fd);
    (void)evutil_make_socket_closeonexec(fd);
    peer->out = evbuffer_new();
    peer->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, peer);
    peer->writable = event_new(base, fd, EV_WRITE, on_writable, peer);
    if (peer->out == NULL || peer->readable == NULL || peer->writable == NULL || event_add(peer->readable, NULL) != 0)
        abort(); /* at the start of the process: no memory for a few hundred bytes */
    return peer;
}

void peer_free(struct peer *peer)
{
    for (size_t i = 0; i < peer->descriptor_count; i++)
        (void)close(peer->descriptors[i]);
    event_free(peer->readable);
    event_free(peer->writable);
    evbuffer_free(peer->out);
    buf_clear(&peer->in);
    (void)close(peer->fd);
    free(peer);
}

void peer_send(struct peer *peer, const struct buf *frames)
{
    struct view bytes = buf_view(frames);

    if (evbuffer_add(peer->out, bytes.at, bytes.len) != 0)
        abort();
    on_writable(peer->fd, EV_WRITE, peer); /* mostly there is room at once */
}

int peer_take_descriptor(struct peer *peer)
{
    int fd;

    if (peer->descriptor_count == 0)
        return -1;
    fd = peer->descriptors[0];
    peer->descriptor_count--;
    memmove(peer->descriptors, peer->descriptors + 1, peer->descriptor_count * sizeof fd);
    return fd;
}
