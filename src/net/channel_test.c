/* The other side dies, lies, or says nothing; and answers come out of order to threads that wait. */
#include "net/channel.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/test.h"
#include "net/message.h"

#define QUESTION_SIZE (WIRE_HEAD + 2) /* of all that ask() sends */

/* A channel whose other side is the descriptor in *peer. */
static struct channel *channel_pair(int *peer)
{
    int pair[2];

    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    *peer = pair[1];
    return channel_new(pair[0], 0);
}

/* Sends a question. */
static uint32_t ask(struct channel *channel)
{
    AUTO(buf_clear) struct buf frame = BUF(64);
    uint32_t id = channel_next_id(channel);
    struct error err = { 0 };

    message_put_unlisten(&frame, id, &(struct message_listen){ RESPONDER_HTTP, 0, 0 });
    REQUIRE(channel_send(channel, id, buf_view(&frame), NULL, 0, &err), "%s", err.why);
    return id;
}

static void say(int peer, const struct buf *frames)
{
    REQUIRE(write(peer, frames->at, frames->len) == (ssize_t)frames->len, "write");
}

static void lie_unknown_id(struct buf *out, uint32_t id)
{
    message_put_empty(out, MESSAGE_DONE, id + 1);
}

static void lie_wrong_type(struct buf *out, uint32_t id)
{
    message_put_ready(out, id, &(struct message_ready){ 0 });
}

static void lie_question(struct buf *out, uint32_t id)
{
    message_put_unlisten(out, id, &(struct message_listen){ RESPONDER_HTTP, 0, 0 });
}

static void lie_size(struct buf *out, uint32_t id __attribute__((unused)))
{
    wire_put_u32(out, 0x7fffffff);
    wire_put_u8(out, MESSAGE_DONE);
    wire_put_u32(out, 1);
}

static void lie_failure(struct buf *out, uint32_t id)
{
    size_t begun = wire_begin(out, MESSAGE_FAILED, id);

    wire_put_u8(out, 77);
    wire_end(out, begun);
}

/* Nothing was opened for which visits may come. */
static void lie_visit(struct buf *out, uint32_t id __attribute__((unused)))
{
    message_put_visit(
        out, &(struct message_visit){ view_of("192.0.2.1"), view_of("GET / HTTP/1.1"), view_of("HTTP status 404") });
}

static void say_useless(struct buf *out, uint32_t id __attribute__((unused)))
{
    message_put_failed(
        out, 0, &(struct message_failed){ MESSAGE_FAILURE_NETWORK, view_of("no kernel\033[2J"), view_of("n") });
}

static void say_failed(struct buf *out, uint32_t id)
{
    message_put_failed(out, id, &(struct message_failed){ MESSAGE_FAILURE_CONFIG, view_of("refused"), view_of("try") });
}

static const struct {
    const char *name;
    void (*put)(struct buf *out, uint32_t id);
    const char *why;
    enum error_kind kind;
    bool broken; /* the next question fails at once */
} answers[] = {
    { "an id that nobody asked with", lie_unknown_id, "nobody asked", ERROR_NETWORK, true },
    { "another type", lie_wrong_type, "wrong type", ERROR_NETWORK, true },
    { "a question", lie_question, "not a frame", ERROR_NETWORK, true },
    { "two gigabytes", lie_size, "not a frame", ERROR_NETWORK, true },
    { "a failure of no kind", lie_failure, "broken failure", ERROR_NETWORK, true },
    { "a visit where nobody listens", lie_visit, "a visit that nobody can have made", ERROR_NETWORK, true },
    { "cannot work at all", say_useless, "no kernel?[2J", ERROR_NETWORK, true },
    { "an honest failure", say_failed, "refused", ERROR_CONFIG, false },
};

TEST(channel_answers_that_are_none)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(channel_free) struct channel *channel = NULL;
        AUTO(answer_clear) struct answer answer = { 0 };
        AUTO(buf_clear) struct buf out = BUF(4096);
        struct error err = { 0 };
        uint32_t id;
        int peer;

        channel = channel_pair(&peer);
        id = ask(channel);
        answers[i].put(&out, id);
        say(peer, &out);
        CHECK(!channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "%s", answers[i].name);
        CHECK(strstr(err.why, answers[i].why) != NULL, "%s: %s", answers[i].name, err.why);
        CHECK_INT(err.kind, answers[i].kind, answers[i].name);
        err = (struct error){ 0 };
        CHECK(channel_send(channel, channel_next_id(channel), view_of("x"), NULL, 0, &err) != answers[i].broken,
            "%s: after", answers[i].name);
        (void)close(peer);
    }
}

/* None of the texts of a visit begins a line of the log. */
TEST(channel_logs_a_visit_in_one_line)
{
    static const char *const given[] = { "", "HTTP status 404\nforged" };
    AUTO(channel_free) struct channel *channel = NULL;
    AUTO(answer_clear) struct answer answer = { 0 };
    AUTO(buf_clear) struct buf out = BUF(4096), logged = BUF(1 << 20);
    AUTO(free) char *log = test_path("letsencrypt.log");
    struct error err = { 0 };
    uint32_t id;
    int peer;

    REQUIRE(log_open(test_dir(), 0, &err), "%s", err.why);
    channel = channel_pair(&peer);
    channel_expect_visits(channel, COUNT(given));
    id = ask(channel);
    for (size_t i = 0; i < COUNT(given); i++)
        message_put_visit(
            &out, &(struct message_visit){ view_of("192.0.2.1\nforged"), view_of("GET /\nforged"), view_of(given[i]) });
    message_put_empty(&out, MESSAGE_DONE, id);
    say(peer, &out);
    CHECK(channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "%s", err.why);
    log_close();
    REQUIRE(file_read(log, &logged, &err), "%s", err.why);
    CHECK(strstr(buf_text(&logged), "192.0.2.1") != NULL && strstr(buf_text(&logged), "\nforged") == NULL, "%s",
        buf_text(&logged));
    (void)close(peer);
}

TEST(channel_bounds_visits)
{
    AUTO(channel_free) struct channel *channel = NULL;
    AUTO(answer_clear) struct answer answer = { 0 };
    AUTO(buf_clear) struct buf out = BUF(4096);
    struct error err = { 0 };
    uint32_t id;
    int peer;

    channel = channel_pair(&peer);
    channel_expect_visits(channel, 2);
    for (int i = 0; i < 2; i++)
        lie_visit(&out, 0);
    id = ask(channel);
    message_put_empty(&out, MESSAGE_DONE, id);
    say(peer, &out);
    CHECK(channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "as many as expected: %s", err.why);
    id = ask(channel);
    buf_clear(&out);
    lie_visit(&out, 0);
    say(peer, &out);
    answer_clear(&answer);
    CHECK(!channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "one more");
    CHECK(strstr(err.why, "a visit that nobody can have made") != NULL, "%s", err.why);
    (void)close(peer);
}

/* An answer is judged by its first bytes: what is too large is not even stored. */
TEST(channel_bounds_answers)
{
    static const struct {
        const char *name;
        enum message_type type;
        int more; /* bytes than the type may have */
        const char *why;
    } cases[] = {
        { "a byte too many", MESSAGE_RESPONSE, 1, "not a frame" },
        { "a piece that is too large", MESSAGE_DATA, 1, "not a frame" },
        { "just right, but it does not come", MESSAGE_RESPONSE, 0, "does not answer" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(channel_free) struct channel *channel = NULL;
        AUTO(answer_clear) struct answer answer = { 0 };
        AUTO(buf_clear) struct buf out = BUF(64);
        struct error err = { 0 };
        uint32_t id;
        int peer;

        channel = channel_pair(&peer);
        id = ask(channel);
        wire_put_u32(
            &out, (uint32_t)(WIRE_HEAD - 4 + message_max_answer((uint8_t)cases[i].type) + (size_t)cases[i].more));
        wire_put_u8(&out, (uint8_t)cases[i].type);
        wire_put_u32(&out, id);
        say(peer, &out);
        CHECK(!channel_wait(channel, id, MESSAGE_RESPONSE, 300, &answer, &err), "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        (void)close(peer);
    }
}

TEST(channel_tells_how_the_process_ended)
{
    static const struct {
        const char *name, *why;
        bool killed;
    } ends[] = {
        { "killed", "ended unexpectedly (killed by signal 9)", true },
        { "exited", "ended unexpectedly (exit status 3)", false },
    };

    for (size_t i = 0; i < COUNT(ends); i++) {
        AUTO(channel_free) struct channel *channel = NULL;
        AUTO(answer_clear) struct answer answer = { 0 };
        struct error err = { 0 };
        int pair[2];
        uint32_t id;
        pid_t pid;

        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
        pid = fork();
        if (pid == 0) {
            char byte;

            (void)!read(pair[1], &byte, 1); /* the question is there */
            if (ends[i].killed)
                (void)raise(SIGKILL);
            _exit(3);
        }
        (void)close(pair[1]);
        channel = channel_new(pair[0], pid);
        id = ask(channel);
        CHECK(!channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "%s", ends[i].name);
        CHECK(strstr(err.why, ends[i].why) != NULL, "%s: %s", ends[i].name, err.why);
        CHECK(waitpid(pid, NULL, 0) < 0, "%s: was reaped", ends[i].name);
    }
}

TEST(channel_tells_what_was_said_before_the_end)
{
    AUTO(channel_free) struct channel *channel = NULL;
    AUTO(answer_clear) struct answer answer = { 0 };
    AUTO(buf_clear) struct buf out = BUF(4096);
    struct error err = { 0 };
    uint32_t id;
    int peer;

    channel = channel_pair(&peer);
    say_useless(&out, 0);
    say(peer, &out);
    (void)close(peer);
    id = ask(channel); /* no thread waits for it */
    CHECK(!channel_wait(channel, id, MESSAGE_DONE, 5000, &answer, &err), "nobody is there");
    CHECK(strstr(err.why, "no kernel") != NULL, "%s", err.why);
}

TEST(channel_waits_again)
{
    AUTO(channel_free) struct channel *channel = NULL;
    AUTO(answer_clear) struct answer answer = { 0 };
    AUTO(buf_clear) struct buf out = BUF(64);
    struct error err = { 0 };
    uint32_t first, second;
    int peer;

    channel = channel_pair(&peer);
    first = ask(channel);
    message_put_empty(&out, MESSAGE_DONE, first);
    say(peer, &out);
    REQUIRE(channel_wait(channel, first, MESSAGE_DONE, 5000, &answer, &err), "%s", err.why);
    answer_clear(&answer);
    CHECK(!channel_wait(channel, first, MESSAGE_DONE, 5000, &answer, &err), "an answer that was given");
    CHECK_INT(err.kind, ERROR_INTERNAL, err.why);
    second = ask(channel);
    (void)close(peer);
    for (int i = 0; i < 2; i++) {
        err = (struct error){ 0 };
        CHECK(!channel_wait(channel, second, MESSAGE_DONE, 5000, &answer, &err), "nobody is there");
        CHECK(strstr(err.why, "ended unexpectedly") != NULL, "%s", err.why);
    }
}

TEST(channel_does_not_wait_for_ever)
{
    AUTO(channel_free) struct channel *channel = NULL;
    AUTO(answer_clear) struct answer answer = { 0 };
    struct error err = { 0 };
    uint32_t id;
    int peer;

    channel = channel_pair(&peer);
    id = ask(channel);
    CHECK(!channel_wait(channel, id, MESSAGE_DONE, 50, &answer, &err), "silence");
    CHECK(strstr(err.why, "does not answer") != NULL, "%s", err.why);
    (void)close(peer);
}

/* ---- many threads: the peer answers in reverse order, in pieces ---- */

#define THREADS 16
#define ROUNDS 50

static void *ask_often(void *ctx)
{
    struct channel *channel = ctx;

    for (int i = 0; i < ROUNDS; i++) {
        AUTO(buf_clear) struct buf frame = BUF(64);
        AUTO(answer_clear) struct answer answer = { 0 };
        uint32_t id = channel_next_id(channel);
        struct error err = { 0 };

        message_put_unlisten(&frame, id, &(struct message_listen){ RESPONDER_HTTP, 0, 0 });
        if (!channel_send(channel, id, buf_view(&frame), NULL, 0, &err) ||
            !channel_wait(channel, id, MESSAGE_DONE, 20000, &answer, &err) || answer.frame.id != id)
            return xprintf("round %d: %s", i, err.why);
    }
    return NULL;
}

/* Reads all that is there, and answers it from the last to the first, byte by byte. */
static void *answer_backwards(void *ctx)
{
    AUTO(buf_clear) struct buf in = BUF(65536);
    int peer = *(int *)ctx;
    ssize_t got;

    while ((got = read(peer, buf_room(&in, 4096), 4096)) > 0) {
        AUTO(buf_clear) struct buf out = BUF(65536);

        buf_grow(&in, (size_t)got);
        if (in.len % QUESTION_SIZE != 0)
            continue;
        for (size_t at = in.len; at > 0; at -= QUESTION_SIZE) {
            struct wire_frame frame;

            if (wire_peek((struct view){ in.at + at - QUESTION_SIZE, QUESTION_SIZE }, message_max_question, &frame) ==
                WIRE_WHOLE)
                message_put_empty(&out, MESSAGE_DONE, frame.id);
        }
        buf_cut(&in, 0);
        for (size_t i = 0; i < out.len; i++)
            if (send(peer, out.at + i, 1, MSG_NOSIGNAL) != 1)
                return NULL;
    }
    return NULL;
}

TEST(channel_many_threads)
{
    AUTO(channel_free) struct channel *channel = NULL;
    pthread_t threads[THREADS], other;
    int peer;

    channel = channel_pair(&peer);
    REQUIRE(pthread_create(&other, NULL, answer_backwards, &peer) == 0, "thread");
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, ask_often, channel) == 0, "thread");
    for (size_t i = 0; i < THREADS; i++) {
        void *why;

        REQUIRE(pthread_join(threads[i], &why) == 0, "join");
        CHECK(why == NULL, "thread %zu: %s", i, (char *)why);
        free(why);
    }
    (void)shutdown(peer, SHUT_RDWR);
    (void)pthread_join(other, NULL);
    (void)close(peer);
}

TEST_MAIN()
