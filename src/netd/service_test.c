/*
 * The service without its lock-in, so that the sanitizer can search it for leaks: a privileged side that sends what it
 * must not, and one that goes in the middle of everything.
 */
#include "netd/service.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/test.h"

static void put_hello(struct buf *out)
{
    message_put_hello(out, 1,
        &(struct message_hello){ .user_agent = view_of("t"),
            .connect_timeout_ms = 1000,
            .silence_timeout_ms = 1000,
            .bundle = view_of("") });
}

static void put_request(struct buf *out, uint32_t id, const char *url)
{
    message_put_request(out, id,
        &(struct message_request){ .url = view_of(url),
            .at = view_of(""),
            .content_type = view_of(""),
            .accept = view_of(""),
            .body = view_of(""),
            .home = view_of(""),
            .max_body = 10,
            .timeout_ms = 60000 });
}

static void hello_only(struct buf *out)
{
    put_hello(out);
}

static void request_first(struct buf *out)
{
    put_request(out, 1, "http://127.0.0.1:1/");
}

static void hello_twice(struct buf *out)
{
    put_hello(out);
    put_hello(out);
}

static void id_zero(struct buf *out)
{
    put_hello(out);
    put_request(out, 0, "http://127.0.0.1:1/");
}

static void id_twice(struct buf *out)
{
    put_hello(out);
    put_request(out, 2, "http://127.0.0.1:1/");
    put_request(out, 2, "http://127.0.0.1:1/");
}

static void answer_as_question(struct buf *out)
{
    put_hello(out);
    message_put_empty(out, MESSAGE_DONE, 2);
}

static void listen_without_sockets(struct buf *out)
{
    put_hello(out);
    message_put_listen(out, 2, &(struct message_listen){ RESPONDER_HTTP, 0, 1 });
}

static void bad_token(struct buf *out)
{
    put_hello(out);
    message_put_add(out, 2, &(struct message_token){ view_of("a/b"), view_of("c") });
}

static void bad_identifier(struct buf *out)
{
    put_hello(out);
    message_put_alpn_add(out, 2, &(struct message_alpn){ view_of("*.a"), { "0123456789abcdef0123456789abcdef", 32 } });
}

static void bad_digest(struct buf *out)
{
    put_hello(out);
    message_put_alpn_add(out, 2, &(struct message_alpn){ view_of("a"), { "0123456789abcdef0123456789abcde", 31 } });
}

static void read_nothing(struct buf *out)
{
    put_hello(out);
    message_put_read(out, 2, &(struct message_read){ 77, 1000 });
}

static void read_too_early(struct buf *out)
{
    put_hello(out);
    put_request(out, 2, "http://127.0.0.1:1/");
    message_put_read(out, 3, &(struct message_read){ 2, 1000 });
}

static void too_long(struct buf *out)
{
    put_hello(out);
    wire_put_u32(out, UINT32_MAX);
    wire_put_u8(out, MESSAGE_REQUEST);
    wire_put_u32(out, 2);
}

static void cancel_unknown(struct buf *out)
{
    put_hello(out);
    message_put_empty(out, MESSAGE_CANCEL, 77);
}

static void tokens_and_requests(struct buf *out)
{
    put_hello(out);
    for (uint32_t id = 2; id < 50; id++)
        put_request(out, id, "http://127.0.0.1:1/");
    message_put_add(out, 60, &(struct message_token){ view_of("a"), view_of("b") });
    message_put_remove(out, 61, &(struct message_token){ view_of("b"), { 0 } });
    message_put_unlisten(out, 62, &(struct message_listen){ RESPONDER_HTTP, 0, 0 });
    message_put_alpn_add(out, 64, &(struct message_alpn){ view_of("a"), { "0123456789abcdef0123456789abcdef", 32 } });
    message_put_alpn_remove(out, 65, &(struct message_alpn){ view_of("192.0.2.1"), { 0 } });
    message_put_unlisten(out, 66, &(struct message_listen){ RESPONDER_ALPN, 15, 0 });
    put_request(out, 63, "http://no-such-name.invalid/");
    message_put_empty(out, MESSAGE_CANCEL, 63);
}

static const struct {
    const char *name;
    void (*put)(struct buf *out);
    bool good;
    int answers; /* that come before the connection ends; -1: not counted */
} sides[] = {
    { "a request before HELLO", request_first, false, 0 },
    { "HELLO twice", hello_twice, false, 1 },
    { "id 0", id_zero, false, 1 },
    { "an id that is in use", id_twice, false, -1 },
    { "an answer instead of a question", answer_as_question, false, 1 },
    { "LISTEN without its sockets", listen_without_sockets, false, 1 },
    { "a token that is none", bad_token, false, 1 },
    { "an identifier that is none", bad_identifier, false, 1 },
    { "a digest that is none", bad_digest, false, 1 },
    { "READ of an exchange that is not there", read_nothing, false, 1 },
    { "READ before the head", read_too_early, false, -1 },
    { "a length out of bounds", too_long, false, 1 },
    { "HELLO only", hello_only, true, 1 },
    { "CANCEL for nothing", cancel_unknown, true, 1 },
    { "everything at once", tokens_and_requests, true, 1 + 48 + 6 + 1 },
};

/* Reads what comes until the end, or until `wanted` whole frames are there. */
static int count_answers(int fd, int wanted)
{
    AUTO(buf_clear) struct buf in = BUF(MESSAGE_MAX);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    struct wire_frame frame;
    int count = 0;

    while ((wanted < 0 || count < wanted) && poll(&poll_fd, 1, 10000) == 1) {
        ssize_t got = recv(fd, buf_room(&in, 4096), 4096, 0);

        if (got <= 0)
            break;
        buf_grow(&in, (size_t)got);
        count = 0;
        for (struct view stream = buf_view(&in); wire_peek(stream, message_max_answer, &frame) == WIRE_WHOLE; count++) {
            stream.at += frame.size;
            stream.len -= frame.size;
        }
    }
    return count;
}

TEST(service_judges_the_privileged_side)
{
    for (size_t i = 0; i < COUNT(sides); i++) {
        AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
        int pair[2], status = 0, answers;
        pid_t pid;

        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
        pid = fork();
        if (pid == 0) { /* leaves by exit: that is when leaks are looked for */
            (void)close(pair[0]);
            exit(service_run(pair[1], &(struct message_ready){ 0 }) ? 10 : 11);
        }
        (void)close(pair[1]);
        sides[i].put(&out);
        REQUIRE(send(pair[0], out.at, out.len, MSG_NOSIGNAL) == (ssize_t)out.len, "%s", sides[i].name);
        answers = count_answers(pair[0], sides[i].good ? sides[i].answers : -1);
        CHECK(sides[i].answers < 0 || answers == sides[i].answers, "%s: %d answers", sides[i].name, answers);
        (void)close(pair[0]);
        REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == (sides[i].good ? 10 : 11), "%s: %x", sides[i].name, status);
    }
}

/* A descriptor that is no listening socket, and more of them than any message has. */
TEST(service_takes_listening_sockets_only)
{
    for (int count = 1; count <= 30; count += 29) {
        AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);
        union {
            struct cmsghdr align;
            char room[CMSG_SPACE(30 * sizeof(int))];
        } control = { 0 };
        struct iovec part;
        struct msghdr message = { .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = control.room,
            .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int)) };
        struct cmsghdr *head;
        int pair[2], status = 0;
        pid_t pid;

        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
        pid = fork();
        if (pid == 0) {
            (void)close(pair[0]);
            exit(service_run(pair[1], &(struct message_ready){ 0 }) ? 10 : 11);
        }
        put_hello(&out);
        message_put_listen(&out, 2, &(struct message_listen){ RESPONDER_ALPN, 0, 1 });
        part = (struct iovec){ out.at, out.len };
        head = CMSG_FIRSTHDR(&message);
        *head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN((size_t)count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS
        };
        for (int i = 0; i < count; i++)
            memcpy(CMSG_DATA(head) + (size_t)i * sizeof(int), &pair[0], sizeof(int));
        REQUIRE(sendmsg(pair[0], &message, 0) == (ssize_t)out.len, "sendmsg");
        (void)close(pair[1]);
        (void)shutdown(pair[0], SHUT_WR);
        (void)count_answers(pair[0], -1);
        (void)close(pair[0]);
        REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 11, "%d descriptors: %x", count, status);
    }
}

TEST_MAIN()
