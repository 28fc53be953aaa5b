/* Messages queued for the privileged process arrive whole, however little room the socket has. */
#include "netd/peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/test.h"

#define LARGE ((size_t)1 << 20)

static bool no_frame(void *ctx, const struct wire_frame *frame)
{
    (void)ctx;
    (void)frame;
    return false;
}

static void note_end(void *ctx, bool violated)
{
    (void)violated;
    ++*(int *)ctx;
}

/* Takes what is there; what it took. */
static size_t drain(int fd)
{
    static char room[65536];
    size_t all = 0;
    ssize_t got;

    while ((got = recv(fd, room, sizeof room, MSG_DONTWAIT)) > 0)
        all += (size_t)got;
    return all;
}

/* The rest of an answer goes out with the next one, so nothing is left when the socket is found to have room. */
TEST(room_for_nothing)
{
    struct event_base *base = event_base_new();
    AUTO(buf_clear) struct buf large = BUF(LARGE), small = BUF(16);
    struct peer *peer;
    int pair[2], ended = 0;
    size_t came = 0;

    REQUIRE(base != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    peer = peer_new(base, pair[0], no_frame, note_end, &ended);
    (void)buf_room(&large, LARGE);
    memset(large.at, 'x', LARGE);
    buf_grow(&large, LARGE);
    buf_put_text(&small, "and more");
    peer_send(peer, &large);
    for (int i = 0; i < 1000 && came < LARGE + small.len; i++) {
        came += drain(pair[1]);
        peer_send(peer, &(struct buf){ .max = 1 }); /* the socket has room, before the loop finds it out */
        if (came == LARGE)
            peer_send(peer, &small);
    }
    CHECK_INT((int64_t)came, (int64_t)(LARGE + small.len), "all of it");
    errno = 0; /* as it is when nothing has failed for a while */
    CHECK_INT(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0, "the loop");
    CHECK_INT(ended, 0, "the other side is there");
    peer_free(peer);
    (void)close(pair[1]);
    event_base_free(base);
}

TEST_MAIN()
