/* Questions by the real evercert-net to a name server that behaves as its first label says, by UDP and TCP. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "client/fixture.h"
#include "net/dns.h"
#include "net/dns_name.h"

#define HANG_MS 60000
#define BIG 60000 /* bytes of an answer by TCP */

static struct {
    int udp, udp_other, tcp, port;
    atomic_bool stopping;
    atomic_int udp_asked, tcp_asked;
    pthread_t thread;
} server;

/* ---- the server ---- */

struct asked {
    const char *packet;
    size_t len, question; /* where the question ends */
    char label[64];
    bool by_tcp;
};

static bool read_asked(struct asked *asked)
{
    size_t at = 12, label_len = asked->len > 12 ? (unsigned char)asked->packet[12] : 0;

    if (label_len >= sizeof asked->label || asked->len < 17 + label_len)
        return false;
    memcpy(asked->label, asked->packet + 13, label_len);
    asked->label[label_len] = '\0';
    while (at < asked->len && asked->packet[at] != '\0')
        at += 1 + (unsigned char)asked->packet[at];
    asked->question = at + 5;
    return asked->question <= asked->len;
}

/* The question with its header as that of an answer. flags: the upper and the lower byte. */
static void put_head(struct buf *out, const struct asked *asked, const char flags[static 2], int answers)
{
    char counts[8] = { 0, 1, 0, (char)answers, 0, 0, 0, 0 };

    buf_put(out, (struct view){ asked->packet, 2 });
    buf_put(out, (struct view){ flags, 2 });
    buf_put(out, (struct view){ counts, sizeof counts });
    buf_put(out, (struct view){ asked->packet + 12, asked->question - 12 });
}

static void put_address(struct buf *out)
{
    buf_put(out, (struct view){ "\300\14\0\1\0\1\0\0\1\54\0\4\300\0\2\7", 16 });
}

static void put_good(struct buf *out, const struct asked *asked)
{
    put_head(out, asked, "\x84\0", 1);
    put_address(out);
}

static void put_big(struct buf *out, const struct asked *asked)
{
    put_head(out, asked, "\x84\0", 1);
    buf_put(out, (struct view){ "\300\14\0\20\0\1\0\0\0\0", 10 });
    buf_put_char(out, (char)(BIG >> 8));
    buf_put_char(out, (char)(BIG & 0xff));
    for (int i = 0; i < BIG; i++)
        buf_put_char(out, 'x');
}

static bool is(const struct asked *asked, const char *label)
{
    return strcmp(asked->label, label) == 0;
}

/* Writes the server's answer; empty: it sends none. */
static void behave(struct buf *out, const struct asked *asked)
{
    size_t begun = out->len;
    bool is_third = !asked->by_tcp && server.udp_asked % 3 == 0;

    if (is(asked, "ok") || is(asked, "other-source") || is(asked, "strays") || (is(asked, "lost") && is_third) ||
        (asked->by_tcp && (is(asked, "cut") || is(asked, "cut-header") || is(asked, "slow"))))
        put_good(out, asked);
    else if (is(asked, "big") && asked->by_tcp)
        put_big(out, asked);
    else if (is(asked, "cut") || is(asked, "big") || is(asked, "cut-closed") || is(asked, "cut-garbage") ||
             is(asked, "slow"))
        put_head(out, asked, asked->by_tcp ? "\x84\0" : "\x86\0", asked->by_tcp ? 3 : 0);
    else if (is(asked, "cut-header")) {
        buf_put(out, (struct view){ asked->packet, 2 });
        buf_put(out, (struct view){ "\x82\0\0\1\0\0\0\0\0\0", 10 });
    } else if (is(asked, "servfail"))
        put_head(out, asked, "\x80\2", 0);
    else if (is(asked, "nobody"))
        put_head(out, asked, "\x84\3", 0);
    else if (is(asked, "wrong-question")) {
        put_good(out, asked);
        out->at[begun + 13] = 'W';
        out->at[begun + 14] = 'W';
    } else if (is(asked, "wrong-id")) {
        put_good(out, asked);
        out->at[begun] = (char)(out->at[begun] ^ 1);
    } else if (is(asked, "garbage"))
        buf_put_text(out, "this is no answer of a name server");
}

static void answer_udp(void)
{
    char packet[4096];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t got = recvfrom(server.udp, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_len);
    AUTO(buf_clear) struct buf out = BUF(65535);
    struct asked asked = { .packet = packet, .len = got > 0 ? (size_t)got : 0 };
    int fd = server.udp;

    if (!read_asked(&asked))
        return;
    server.udp_asked++;
    behave(&out, &asked);
    if (is(&asked, "other-source")) /* the right answer from elsewhere, and nothing from here */
        fd = server.udp_other;
    for (int i = 0; i < (is(&asked, "strays") ? 10 : 0); i++)
        (void)!sendto(fd, "stray", 5, 0, (struct sockaddr *)&from, from_len);
    for (int i = 0; i < (is(&asked, "garbage") ? 100 : 1) && out.len > 0; i++)
        (void)!sendto(fd, out.at, out.len, 0, (struct sockaddr *)&from, from_len);
}

static void answer_tcp(void)
{
    AUTO(close) int fd = accept4(server.tcp, NULL, NULL, SOCK_CLOEXEC);
    AUTO(buf_clear) struct buf out = BUF(70000);
    char packet[4096] = { 0 };
    size_t got = 0;
    ssize_t more = 0;
    struct asked asked = { .by_tcp = true };

    while (got < 2 || got < 2 + (size_t)(unsigned char)packet[1]) {
        more = recv(fd, packet + got, sizeof packet - got, 0);
        if (more <= 0)
            return;
        got += (size_t)more;
    }
    asked.packet = packet + 2;
    asked.len = got - 2;
    if (!read_asked(&asked))
        return;
    server.tcp_asked++;
    if (is(&asked, "cut-closed"))
        return;
    buf_put(&out, (struct view){ "\0\0", 2 });
    behave(&out, &asked);
    out.at[0] = (char)((out.len - 2) >> 8);
    out.at[1] = (char)((out.len - 2) & 0xff);
    if (is(&asked, "slow")) {
        for (size_t i = 0; i < out.len; i++)
            socket_put(fd, out.at + i, 1);
        return;
    }
    socket_put(fd, out.at, out.len);
    if (out.len == 2) /* silent: until the client has had enough */
        (void)!recv(fd, packet, 1, 0);
}

static void *run(void *ctx)
{
    struct pollfd polls[2] = { { .fd = server.udp, .events = POLLIN }, { .fd = server.tcp, .events = POLLIN } };

    while (!server.stopping) {
        if (poll(polls, 2, 20) <= 0)
            continue;
        if (polls[0].revents != 0)
            answer_udp();
        if (polls[1].revents != 0)
            answer_tcp();
    }
    return ctx;
}

static int bind_to(int type, int port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)
    };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* One port that is free for both. */
static void server_start(void)
{
    server.tcp = -1;
    for (int i = 0; i < 100 && server.tcp < 0; i++) {
        struct sockaddr_in at;
        socklen_t len = sizeof at;

        server.udp = bind_to(SOCK_DGRAM, 0);
        REQUIRE(server.udp >= 0 && getsockname(server.udp, (struct sockaddr *)&at, &len) == 0, "server");
        server.port = ntohs(at.sin_port);
        server.tcp = bind_to(SOCK_STREAM, server.port);
        if (server.tcp < 0)
            (void)close(server.udp);
    }
    server.udp_other = bind_to(SOCK_DGRAM, 0);
    REQUIRE(server.tcp >= 0 && server.udp_other >= 0 && listen(server.tcp, 64) == 0, "server");
    server.stopping = false;
    server.udp_asked = server.tcp_asked = 0;
    REQUIRE(pthread_create(&server.thread, NULL, run, NULL) == 0, "server");
}

static void server_stop(void)
{
    server.stopping = true;
    (void)pthread_join(server.thread, NULL);
    (void)close(server.udp);
    (void)close(server.udp_other);
    (void)close(server.tcp);
}

/* ---- the questions ---- */

static bool ask(
    struct net *net, const char *label, bool tcp, int timeout_ms, struct dns_answer *answer, struct error *err)
{
    AUTO(buf_clear) struct buf message = BUF(512);
    AUTO(free) char *name = xprintf("%s.example", label);

    return dns_put_question(&message, name, DNS_A, DNS_RECURSE, err) &&
           net_dns(net,
               &(struct dns_question){ .server = "127.0.0.1",
                   .port = server.port,
                   .tcp = tcp,
                   .message = buf_view(&message),
                   .timeout_ms = timeout_ms },
               answer, err);
}

static const struct {
    const char *label;
    bool tcp;
    int timeout_ms, udp_asked, tcp_asked; /* asked: -1: any */
    int rcode;
    size_t records;
    const char *why; /* NULL: it is an answer */
} cases[] = {
    { "ok", false, HANG_MS, 1, 0, 0, 1, NULL },
    { "ok", true, HANG_MS, 0, 1, 0, 1, NULL },
    { "nobody", false, HANG_MS, 1, 0, 3, 0, NULL },
    { "servfail", false, HANG_MS, 1, 0, 2, 0, NULL },
    { "cut", false, HANG_MS, 1, 1, 0, 1, NULL },
    { "cut-header", false, HANG_MS, 1, 1, 0, 1, NULL },
    { "big", false, HANG_MS, 1, 1, 0, 1, NULL },
    { "slow", false, HANG_MS, 1, 1, 0, 1, NULL },
    { "strays", false, HANG_MS, 1, 0, 0, 1, NULL },
    { "lost", false, 3000, 3, 0, 0, 1, NULL },
    { "silent", false, 300, 3, 0, 0, 0, "the name server 127.0.0.1 did not answer in time" },
    { "silent", true, 300, 0, 1, 0, 0, "did not answer in time" },
    { "wrong-id", false, 300, 3, 0, 0, 0, "did not answer in time" },
    { "wrong-question", false, 300, 3, 0, 0, 0, "did not answer in time" },
    { "other-source", false, 300, 3, 0, 0, 0, "did not answer in time" },
    { "garbage", false, HANG_MS, 3, 0, 0, 0, "sends answers to what nobody asked" },
    { "garbage", true, HANG_MS, 0, 1, 0, 0, "sent an answer that cannot be read" },
    { "wrong-id", true, HANG_MS, 0, 1, 0, 0, "sent an answer that cannot be read" },
    { "cut-closed", false, HANG_MS, 3, 3, 0, 0, "closed the connection without an answer, asked by TCP" },
    { "cut-garbage", false, HANG_MS, 3, 3, 0, 0, "sent an answer that cannot be read, asked by TCP" },
};

TEST(resolver_answers)
{
    AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
        struct error err = { 0 };
        bool ok;

        server_start();
        ok = ask(net, cases[i].label, cases[i].tcp, cases[i].timeout_ms, &answer, &err);
        server_stop();
        CHECK(ok == (cases[i].why == NULL), "%zu %s: %s", i, cases[i].label, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%zu %s: %s", i, cases[i].label, err.why);
        CHECK_INT(server.udp_asked, cases[i].udp_asked, cases[i].label);
        CHECK_INT(server.tcp_asked, cases[i].tcp_asked, cases[i].label);
        CHECK_INT(answer.rcode, cases[i].rcode, cases[i].label);
        CHECK_INT(answer.len, cases[i].records, cases[i].label);
        CHECK(
            !ok || (answer.ede == -1 && strcmp(answer.server, "127.0.0.1") == 0), "%s: %d", cases[i].label, answer.ede);
        CHECK(answer.len == 0 || answer.at[0].data.len == (answer.at[0].type == DNS_A ? 4 : BIG), "%s", cases[i].label);
    }
}

/* Without a server, or with an invalid address, the error comes at once. */
TEST(resolver_without_a_server)
{
    static const struct {
        const char *name, *server;
        bool tcp;
        const char *why;
    } nobody[] = {
        { "UDP", "127.0.0.1", false, "is not there (connection refused)" },
        { "TCP", "127.0.0.1", true, "is not there (connection refused)" },
        { "IPv6", "::1", false, "the name server ::1" },
        { "a zone", "fe80::1%lo", false, "the name server fe80::1%lo" },
        { "no address", "ns.example", false, "the address of a name server is none" },
    };
    AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });
    AUTO(buf_clear) struct buf message = BUF(512);
    struct error err = { 0 };

    server_start(); /* a port that is then nobody's */
    server_stop();
    REQUIRE(dns_put_question(&message, "a.example", DNS_A, 0, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(nobody); i++) {
        AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
        struct dns_question question = { .server = nobody[i].server,
            .port = server.port,
            .tcp = nobody[i].tcp,
            .message = buf_view(&message),
            .timeout_ms = HANG_MS };

        CHECK(!net_dns(net, &question, &answer, &err) && strstr(err.why, nobody[i].why) != NULL, "%s: %s",
            nobody[i].name, err.why);
        question.message = view_of("nonsense");
        CHECK(!net_dns(net, &question, &answer, &err) && err.kind == ERROR_INTERNAL, "%s: nonsense: %s", nobody[i].name,
            err.why);
    }
}

#define THREADS 64
#define ROUNDS 20

static void *ask_often(void *ctx)
{
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
        struct error err = { 0 };

        if (!ask(ctx, i % 5 == 0 ? "cut" : "ok", false, HANG_MS, &answer, &err) || answer.len != 1)
            return xprintf("round %d: %s", i, err.why);
    }
    return NULL;
}

TEST(resolver_many_at_once)
{
    AUTO(net_stop) struct net *net = netd_start((struct net_options){ 0 });
    pthread_t threads[THREADS];

    server_start();
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, ask_often, net) == 0, "thread");
    for (size_t i = 0; i < THREADS; i++) {
        void *why = NULL;

        REQUIRE(pthread_join(threads[i], &why) == 0, "join");
        CHECK(why == NULL, "thread %zu: %s", i, (char *)why);
        free(why);
    }
    server_stop();
}

TEST_MAIN()
