/* Answers in pieces from a network process that lies: one that never comes to an end, and what is read of one that
 * does. Servers that are slow or broken: client/stream_test.c. */
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/test.h"
#include "net/private.h"

#define SOON_MS 100

/* Stands where the network process does: answers each REQUEST with the head and the first piece, and each READ with
 * the next piece, then with the last one again and again. */
struct peer {
    int fd;
    const char *const *pieces;
    size_t count, at;
    bool endless; /* it never says that nothing is left */
    pthread_t thread;
};

static void say_next(struct peer *peer, const struct wire_frame *asked)
{
    AUTO(buf_clear) struct buf out = BUF(4096);
    struct view piece = view_of(peer->pieces[peer->at]);
    bool more = peer->endless || peer->at + 1 < peer->count;

    if (asked->type == MESSAGE_REQUEST)
        message_put_response(&out, asked->id,
            &(struct message_response){ .status = 200, .url = view_of("http://x/"), .body = piece, .more = more });
    else
        message_put_data(&out, asked->id, &(struct message_data){ piece, more });
    peer->at += peer->at + 1 < peer->count;
    (void)!send(peer->fd, out.at, out.len, MSG_NOSIGNAL);
}

static void *answer_all(void *ctx)
{
    struct peer *peer = ctx;
    AUTO(buf_clear) struct buf in = BUF(1 << 20);

    for (;;) {
        char *room = buf_room(&in, 65536);
        ssize_t got = recv(peer->fd, room, 65536, 0);
        struct view stream;
        struct wire_frame frame;

        if (got <= 0)
            return NULL;
        buf_grow(&in, (size_t)got);
        stream = buf_view(&in);
        for (; wire_peek(stream, message_max_question, &frame) == WIRE_WHOLE; stream.len -= frame.size) {
            if (frame.type == MESSAGE_REQUEST || frame.type == MESSAGE_READ)
                say_next(peer, &frame);
            stream.at += frame.size;
        }
        memmove(in.at, stream.at, stream.len);
        buf_cut(&in, stream.len);
    }
}

static void begin(struct net *net, struct peer *peer)
{
    int pair[2];

    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    peer->fd = pair[1];
    net->channel = channel_new(pair[0], 0);
    net->ready = true;
    mutex_init(&net->ready_lock);
    mutex_init(&net->lock);
    REQUIRE(pthread_create(&peer->thread, NULL, answer_all, peer) == 0, "thread");
}

static void end(struct net *net, struct peer *peer)
{
    channel_free(net->channel);
    (void)pthread_join(peer->thread, NULL);
    (void)close(peer->fd);
    mutex_destroy(&net->ready_lock);
    mutex_destroy(&net->lock);
}

static const struct {
    const char *name, *first, *next;
    size_t max;
    const char *why;
} lies[] = {
    { "nothing, again and again", "", "", 1000, "no end of it" },
    { "nothing after something", "a", "", 1000, "no end of it" },
    { "too much", "a", "b", 5, "larger than what was asked for" },
    { "too much at once", "0123456789", "", 5, "larger than what was asked for" },
};

TEST(stream_of_a_process_that_does_not_end)
{
    for (size_t i = 0; i < COUNT(lies); i++) {
        const char *const pieces[] = { lies[i].first, lies[i].next };
        struct peer peer = { .pieces = pieces, .count = COUNT(pieces), .endless = true };
        AUTO(http_response_clear) struct http_response response = { .body = BUF(lies[i].max) };
        struct private_body body = { 0 };
        struct net net = { 0 };
        struct error err = { 0 };

        begin(&net, &peer);
        REQUIRE(private_http_begin(&net, &(struct http_request){ .url = "http://x/" }, false, &body, &response, &err),
            "%s: %s", lies[i].name, err.why);
        CHECK(!private_body_rest(&body, clock_monotonic_ms() + SOON_MS, &response.body, &err), "%s", lies[i].name);
        CHECK(strstr(err.why, lies[i].why) != NULL, "%s: %s", lies[i].name, err.why);
        end(&net, &peer);
    }
}

/* Lines and pieces by turns: no byte is lost, none comes twice. */
TEST(stream_lines_and_pieces_by_turns)
{
    static const char *const pieces[] = { "one\ntwo\r\nth", "ree\n\nfo", "ur\nrest", " and more", "\nlast" };
    static const char *const read[] = { "one", "two", "three", "", "four", "rest", " and more\nlast" };
    struct peer peer = { .pieces = pieces, .count = COUNT(pieces) };
    AUTO(http_response_clear) struct http_response head = { 0 };
    AUTO(buf_clear) struct buf tail = BUF(100);
    struct net_stream *stream = NULL;
    enum stream_step step = STREAM_PIECE;
    struct net net = { 0 };
    struct error err = { 0 };

    begin(&net, &peer);
    REQUIRE(net_stream_open(&net, &(struct http_request){ .url = "http://x/" }, &head, &stream, &err), "%s", err.why);
    for (size_t i = 0; i < 5; i++) {
        AUTO(buf_clear) struct buf line = BUF(i == 2 ? SIZE_MAX : 5 + i);

        CHECK(net_stream_line(stream, 5000, &line, &step, &err) && step == STREAM_PIECE, "%zu: %s", i, err.why);
        CHECK_TEXT(buf_text(&line), read[i], "line");
    }
    CHECK(net_stream_read(stream, 5000, &tail, &step, &err) && step == STREAM_PIECE, "%s", err.why);
    CHECK_TEXT(buf_text(&tail), read[5], "what had come");
    buf_cut(&tail, 0);
    while (step != STREAM_END)
        REQUIRE(net_stream_read(stream, 5000, &tail, &step, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&tail), read[6], "the rest");
    net_stream_close(stream);
    end(&net, &peer);
}

TEST_MAIN()
