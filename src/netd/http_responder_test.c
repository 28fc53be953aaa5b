/* The responder inside the real evercert-net, asked by raw sockets: tokens, junk, and clients that hold on. */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/message.h"
#include "client/fixture.h"

#define PREFIX "/.well-known/acme-challenge/"
#define MANY 3000

static struct net *net;
static int port;

static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    AUTO(close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    REQUIRE(
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0, "port");
    return ntohs(at.sin_port);
}

static void start(void)
{
    struct error err = { 0 };

    net = netd_start((struct net_options){ 0 });
    port = free_port();
    REQUIRE(net_responder_open(net, RESPONDER_HTTP, "127.0.0.1", port, &err), "%s", err.why);
    REQUIRE(net_responder_add(net, "token", view_of("token.print"), &err), "%s", err.why);
}

static void end(void)
{
    net_stop(net);
    net = NULL;
}

static int dial(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* All that comes until the other side closes or a minute is over. */
static void hear(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t got;
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    while (len < size - 1 && poll(&poll_fd, 1, 60000) == 1 && (got = recv(fd, out + len, size - 1 - len, 0)) > 0)
        len += (size_t)got;
    out[len] = '\0';
}

static void ask(const char *bytes, size_t len, bool half_close, char *out, size_t size)
{
    AUTO(close) int fd = dial();

    out[0] = '\0';
    if (fd < 0)
        return;
    socket_put(fd, bytes, len);
    if (half_close)
        (void)shutdown(fd, SHUT_WR);
    hear(fd, out, size);
}

static bool serves(const char *token, const char *content)
{
    AUTO(free) char *question = xprintf("GET " PREFIX "%s HTTP/1.1\r\nHost: a.test\r\n\r\n", token);
    char answer[4096];
    const char *body;

    ask(question, strlen(question), false, answer, sizeof answer);
    body = strstr(answer, "\r\n\r\n");
    return strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0 && body != NULL && strcmp(body + 4, content) == 0;
}

static const struct {
    const char *name, *question;
    size_t len; /* 0: strlen */
    bool half_close;
    const char *starts, *ends;
} questions[] = {
    { "TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9, false, "HTTP/1.1 400 ", "400\n" },
    { "NULs", "\0\0\0\0\0\0\0\0", 8, false, "HTTP/1.1 400 ", "400\n" },
    { "gone before it asked", "", 0, true, "", "" },
    { "gone in the middle", "GET /.well-", 0, true, "", "" },
    { "other path", "GET / HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 404 ", "404\n" },
    { "other token", "GET " PREFIX "toke HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 404 ", "404\n" },
    { "token and more", "GET " PREFIX "token/ HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 404 ", "404\n" },
    { "POST", "POST " PREFIX "token HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", 0, false, "HTTP/1.1 405 ", "405\n" },
    { "token", "GET " PREFIX "token HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 200 OK\r\n", "\r\n\r\ntoken.print" },
    { "HEAD", "HEAD " PREFIX "token HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 200 OK\r\n", "Connection: close\r\n\r\n" },
    { "absolute form", "GET http://a.test" PREFIX "token?q HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 200 OK\r\n",
        "token.print" },
    { "half closed", "GET " PREFIX "token HTTP/1.0\r\n\r\n", 0, true, "HTTP/1.1 200 OK\r\n", "token.print" },
    { "pipelined", "GET " PREFIX "token HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0, false, "HTTP/1.1 200 OK\r\n",
        "token.print" },
};

TEST(responder_answers)
{
    start();
    for (size_t i = 0; i < COUNT(questions); i++) {
        size_t len = questions[i].len > 0 ? questions[i].len : strlen(questions[i].question);
        char answer[4096];

        ask(questions[i].question, len, questions[i].half_close, answer, sizeof answer);
        CHECK(strncmp(answer, questions[i].starts, strlen(questions[i].starts)) == 0, "%s: %s", questions[i].name,
            answer);
        CHECK(strlen(answer) >= strlen(questions[i].ends) &&
                  strcmp(answer + strlen(answer) - strlen(questions[i].ends), questions[i].ends) == 0,
            "%s: %s", questions[i].name, answer);
        CHECK(questions[i].starts[0] != '\0' || answer[0] == '\0', "%s: %s", questions[i].name, answer);
    }
    CHECK(serves("token", "token.print"), "after all that");
    end();
}

/* The log so far. A request first makes the network process deliver its messages: they come before its next answer. */
static char *logged(void)
{
    AUTO(buf_clear) struct buf text = BUF(1 << 20);
    struct error err = { 0 };

    CHECK(net_responder_remove(net, "unknown", &err), "%s", err.why);
    CHECK(file_read(log_path(), &text, &err), "%s", err.why);
    return buf_take(&text);
}

static size_t count_in(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

TEST(responder_visits_are_logged)
{
    static const char *const lines[] = {
        ":127.0.0.1 asked the responder: ????????: HTTP status 400\n",
        ":127.0.0.1 came to the responder, and left before it had asked: \n",
        ":127.0.0.1 came to the responder, and left before it had asked: GET /.well-\n",
        ":127.0.0.1 asked the responder: GET / HTTP/1.1: HTTP status 404\n",
        ":127.0.0.1 asked the responder: POST " PREFIX "token HTTP/1.1: HTTP status 405\n",
        ":127.0.0.1 asked the responder: GET " PREFIX "token HTTP/1.1: HTTP status 200\n",
        ":127.0.0.1 asked the responder: HEAD " PREFIX "token HTTP/1.1: HTTP status 200\n",
        ":127.0.0.1 asked the responder: GET http://a.test" PREFIX "token?q HTTP/1.1: HTTP status 200\n",
    };
    AUTO(free) char *log = NULL;
    struct error err = { 0 };

    REQUIRE(log_open(test_dir(), 0, &err), "%s", err.why);
    start();
    for (size_t i = 0; i < COUNT(questions); i++) {
        size_t len = questions[i].len > 0 ? questions[i].len : strlen(questions[i].question);
        char answer[4096];

        ask(questions[i].question, len, questions[i].half_close, answer, sizeof answer);
    }
    log = logged();
    for (size_t i = 0; i < COUNT(lines); i++)
        CHECK(strstr(log, lines[i]) != NULL, "%s is not in the log:\n%s", lines[i], log);
    CHECK_INT(count_in(log, ":127.0.0.1 "), COUNT(questions), "each once");
    end();
    log_close();
}

TEST(responder_crowd_does_not_fill_the_log)
{
    AUTO(free) char *log = NULL;
    struct error err = { 0 };
    char answer[4096];

    REQUIRE(log_open(test_dir(), 0, &err), "%s", err.why);
    start();
    for (int i = 0; i < MESSAGE_VISITS_LISTEN + MESSAGE_VISITS_ADD + 10; i++)
        ask("GET /x HTTP/1.1\r\n\r\n", 19, false, answer, sizeof answer);
    CHECK(serves("token", "token.print"), "after all of them");
    log = logged();
    CHECK_INT(count_in(log, "asked the responder: GET /x"), MESSAGE_VISITS_LISTEN + MESSAGE_VISITS_ADD, "bounded");
    end();
    log_close();
}

TEST(responder_endless_header)
{
    AUTO(free) char *junk = xcalloc(1, 100000);
    char answer[4096];

    start();
    memset(junk, 'a', 100000);
    memcpy(junk, "GET / HTTP/1.1\r\nA: ", 19);
    ask(junk, 100000, false, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 400 ", 13) == 0 || answer[0] == '\0', "%s", answer);
    CHECK(serves("token", "token.print"), "after that");
    end();
}

TEST(responder_byte_by_byte)
{
    static const char question[] = "GET " PREFIX "token HTTP/1.1\r\nHost: a\r\n\r\n";
    AUTO(close) int fd = -1;
    char answer[4096];

    start();
    fd = dial();
    for (size_t i = 0; i < sizeof question - 1; i++) {
        socket_put(fd, question + i, 1);
        (void)poll(NULL, 0, 1);
    }
    hear(fd, answer, sizeof answer);
    CHECK(strstr(answer, "token.print") != NULL, "%s", answer);
    end();
}

static bool is_open(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    return poll(&poll_fd, 1, 0) == 0; /* nothing has come, nor the end */
}

/* More idle connections than it keeps: the oldest go, and a question is answered while the others hold on. */
TEST(responder_held_open)
{
    int fds[300];
    char answer[64];

    start();
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = dial();
        CHECK(fds[i] >= 0, "connection %zu", i);
        socket_put(fds[i], "GET /", 5);
    }
    CHECK(serves("token", "token.print"), "while 300 hold on");
    CHECK(is_open(fds[COUNT(fds) - 1]), "the newest was closed: was it answered only then?");
    hear(fds[0], answer, sizeof answer);
    CHECK_TEXT(answer, "", "the oldest was closed");
    for (size_t i = 0; i < COUNT(fds); i++)
        (void)close(fds[i]);
    end();
}

TEST(responder_thousands_of_tokens)
{
    struct error err = { 0 };
    char token[32];

    start();
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(token, sizeof token, "T%d", i);
        REQUIRE(net_responder_add(net, token, view_of(token), &err), "%s", err.why);
    }
    CHECK(serves("T0", "T0") && serves("T2999", "T2999"), "first and last");
    CHECK(net_responder_remove(net, "T0", &err) && net_responder_remove(net, "T0", &err), "%s", err.why);
    CHECK(!serves("T0", "T0") && serves("T1", "T1"), "one is gone");
    end();
}

TEST(responder_open_is_counted)
{
    struct error err = { 0 };

    start();
    CHECK(net_responder_open(net, RESPONDER_HTTP, "127.0.0.1", port, &err), "a second time: %s", err.why);
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", port);
    CHECK(serves("token", "token.print"), "one is left");
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", port);
    CHECK(dial() < 0, "closed");
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", port); /* once more than it was opened */
    CHECK(net_responder_open(net, RESPONDER_HTTP, "", port, &err), "again, on all addresses: %s", err.why);
    CHECK(serves("token", "token.print"), "tokens stay");
    end();
}

/* Whether what was opened first, and what was opened last, answers. */
static bool both_serve(const int ports[static NET_PLACES])
{
    int first = port;
    bool ok = serves("token", "token.print");

    port = ports[NET_PLACES - 2];
    ok = ok && serves("token", "token.print");
    port = first;
    return ok;
}

TEST(responder_at_several_places)
{
    struct error err = { 0 };
    int ports[NET_PLACES];

    start();
    for (int i = 0; i < NET_PLACES - 1; i++) {
        ports[i] = free_port();
        CHECK(net_responder_open(net, RESPONDER_HTTP, "127.0.0.1", ports[i], &err), "place %d: %s", i, err.why);
    }
    CHECK(both_serve(ports), "the same tokens at all of them");
    CHECK(!net_responder_open(net, RESPONDER_ALPN, "127.0.0.1", free_port(), &err), "more than there is room for");
    CHECK(err.kind == ERROR_CONFIG && strstr(err.why, "16 places are in use") != NULL, "%s", err.why);
    net_responder_close(net, RESPONDER_ALPN, "127.0.0.1", ports[0]); /* there is none such */
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", ports[0]);
    CHECK(both_serve(ports), "the others stay");
    CHECK(net_responder_open(net, RESPONDER_ALPN, "127.0.0.1", ports[0], &err), "a freed port: %s", err.why);
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", port);
    CHECK(dial() < 0, "closed");
    end();
}

TEST(responder_refuses_what_is_no_token)
{
    struct error err = { 0 };

    start();
    CHECK(!net_responder_add(net, "../x", view_of("y"), &err), "a path");
    CHECK(strstr(err.why, "../x") != NULL && err.kind == ERROR_ACME, "%s", err.why);
    CHECK(serves("token", "token.print"), "the process is not bothered");
    end();
}

TEST_MAIN()
