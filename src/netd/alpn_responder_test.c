/* The tls-alpn-01 responder inside the real evercert-net, asked by OpenSSL and by raw sockets. */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/message.h"
#include "client/fixture.h"

#define ACME                                                                                                           \
    "\x0a"                                                                                                             \
    "acme-tls/1"
#define H2                                                                                                             \
    "\x02"                                                                                                             \
    "h2"
#define HELD 300

static const uint8_t digest_one[NET_DIGEST_SIZE] = "one", digest_two[NET_DIGEST_SIZE] = "two";
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
    REQUIRE(net_responder_open(net, RESPONDER_ALPN, "127.0.0.1", port, &err), "%s", err.why);
    REQUIRE(net_alpn_add(net, "a.example", digest_one, &err), "%s", err.why);
}

static void end(void)
{
    net_stop(net);
    net = NULL;
}

static int dial(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval minute = { .tv_sec = 60 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* ---- a client like a CA's ---- */

struct question {
    const char *server_name, *protocols; /* NULL: not said */
    int version;                         /* the newest that is offered; 0: any */
};

struct answer {
    bool done;       /* the handshake */
    int alert;       /* -1: none */
    bool is_acme;    /* what was agreed on */
    bool closed;     /* by the other side, in order, afterwards */
    char digest[36]; /* the acmeIdentifier extension */
};

static int alert_seen;

static void note_alert(const SSL *ssl __attribute__((unused)), int where, int value)
{
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
        alert_seen = value & 0xff;
}

static void read_digest(SSL *ssl, struct answer *out)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    ASN1_OBJECT *type = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int at = cert == NULL ? -1 : X509_get_ext_by_OBJ(cert, type, -1);

    if (at >= 0) {
        const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(cert, at));

        REQUIRE(ASN1_STRING_length(data) == 34, "the extension's length");
        memcpy(out->digest, ASN1_STRING_get0_data(data), 34);
    }
    ASN1_OBJECT_free(type);
    X509_free(cert);
}

static void converse(SSL *ssl, struct answer *out)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;
    char byte;

    out->done = SSL_connect(ssl) == 1;
    if (!out->done)
        return;
    SSL_get0_alpn_selected(ssl, &protocol, &len);
    out->is_acme = len == 10 && memcmp(protocol, "acme-tls/1", 10) == 0;
    read_digest(ssl, out);
    out->closed = SSL_read(ssl, &byte, 1) <= 0 && SSL_get_shutdown(ssl) == SSL_RECEIVED_SHUTDOWN;
}

static struct answer ask(struct question question)
{
    struct answer answer = { .alert = -1 };
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    AUTO(close) int fd = dial();
    SSL *ssl;

    REQUIRE(fd >= 0, "nobody listens");
    SSL_CTX_set_info_callback(ctx, note_alert);
    SSL_CTX_set_security_level(ctx, 0); /* for the versions of old */
    if (question.version != 0)
        REQUIRE(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(ctx, question.version) == 1,
            "version");
    ssl = SSL_new(ctx);
    REQUIRE(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "client");
    if (question.server_name != NULL)
        REQUIRE(SSL_set_tlsext_host_name(ssl, question.server_name) == 1, "server name");
    if (question.protocols != NULL)
        REQUIRE(SSL_set_alpn_protos(
                    ssl, (const unsigned char *)question.protocols, (unsigned)strlen(question.protocols)) == 0,
            "protocols");
    alert_seen = -1;
    converse(ssl, &answer);
    answer.alert = alert_seen;
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return answer;
}

static bool serves(const char *server_name, const uint8_t digest[static NET_DIGEST_SIZE])
{
    struct answer answer = ask((struct question){ server_name, ACME, 0 });

    return answer.done && answer.is_acme && answer.closed && answer.digest[0] == 4 && answer.digest[1] == 32 &&
           memcmp(answer.digest + 2, digest, NET_DIGEST_SIZE) == 0;
}

static const struct {
    const char *name;
    struct question question;
    int alert; /* -1: it is answered */
    const char *logged;
} questions[] = {
    { "as a CA asks", { "a.example", ACME, 0 }, -1, "TLS for a.example by acme-tls/1: certificate shown" },
    { "by TLS 1.2", { "a.example", ACME, TLS1_2_VERSION }, -1, "TLS for a.example by acme-tls/1: certificate shown" },
    { "capitals", { "A.EXAMPLE", ACME, 0 }, -1, "TLS for A.EXAMPLE by acme-tls/1: certificate shown" },
    { "another name", { "b.example", ACME, 0 }, SSL_AD_UNRECOGNIZED_NAME,
        "TLS for b.example by acme-tls/1: refused, as no challenge is open for that name" },
    { "a name that is longer", { "a.example.org", ACME, 0 }, SSL_AD_UNRECOGNIZED_NAME, "TLS for a.example.org by" },
    { "no name", { NULL, ACME, 0 }, SSL_AD_UNRECOGNIZED_NAME,
        "TLS for no name by acme-tls/1: refused, as no challenge is open for that name" },
    { "no protocol", { "a.example", NULL, 0 }, SSL_AD_NO_APPLICATION_PROTOCOL,
        "TLS for a.example by no protocol: refused, as only acme-tls/1 is spoken here" },
    { "h2", { "a.example", H2, 0 }, SSL_AD_NO_APPLICATION_PROTOCOL, "TLS for a.example by h2: refused, as only" },
    { "h2 as well", { "a.example", ACME H2, 0 }, SSL_AD_NO_APPLICATION_PROTOCOL,
        "TLS for a.example by acme-tls/1, h2: refused, as only" },
    { "no protocol, another name", { "b.example", NULL, 0 }, SSL_AD_NO_APPLICATION_PROTOCOL,
        "TLS for b.example by no" },
    { "TLS 1.1", { "a.example", ACME, TLS1_1_VERSION }, SSL_AD_PROTOCOL_VERSION, "unsupported protocol" },
};

TEST(alpn_answers)
{
    start();
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct answer answer = ask(questions[i].question);

        CHECK_INT(answer.alert, questions[i].alert, questions[i].name);
        CHECK(answer.done == (questions[i].alert == -1), "%s: handshake", questions[i].name);
        CHECK(!answer.done || (answer.is_acme && answer.closed), "%s: protocol or end", questions[i].name);
        CHECK(!answer.done || memcmp(answer.digest + 2, digest_one, NET_DIGEST_SIZE) == 0, "%s: digest",
            questions[i].name);
    }
    CHECK(serves("a.example", digest_one), "after all that");
    end();
}

TEST(alpn_of_addresses)
{
    struct error err = { 0 };

    start();
    REQUIRE(net_alpn_add(net, "192.0.2.1", digest_two, &err) && net_alpn_add(net, "2001:db8::1", digest_one, &err),
        "%s", err.why);
    CHECK(serves("1.2.0.192.in-addr.arpa", digest_two), "IPv4");
    CHECK(serves("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", digest_one), "IPv6");
    CHECK(!serves("192.0.2.1", digest_two), "by the address itself");
    end();
}

TEST(alpn_challenges_come_and_go)
{
    struct error err = { 0 };

    start();
    CHECK(net_alpn_add(net, "a.example", digest_two, &err), "%s", err.why);
    CHECK(serves("a.example", digest_two), "replaced");
    CHECK(net_alpn_remove(net, "a.example", &err) && net_alpn_remove(net, "a.example", &err), "twice: %s", err.why);
    CHECK(!serves("a.example", digest_two), "removed");
    CHECK(!net_alpn_add(net, "*.example", digest_two, &err) && err.kind == ERROR_ACME, "a wildcard: %s", err.why);
    net_responder_close(net, RESPONDER_ALPN, "127.0.0.1", port);
    CHECK(dial() < 0, "closed");
    CHECK(net_responder_open(net, RESPONDER_ALPN, "", port, &err), "again, on all addresses: %s", err.why);
    CHECK(
        net_alpn_add(net, "a.example", digest_one, &err) && serves("a.example", digest_one), "and again: %s", err.why);
    end();
}

TEST(alpn_beside_http)
{
    struct error err = { 0 };
    int other = free_port();

    start();
    CHECK(net_responder_open(net, RESPONDER_HTTP, "127.0.0.1", other, &err), "%s", err.why);
    CHECK(!net_responder_open(net, RESPONDER_ALPN, "127.0.0.1", other, &err), "one port for both");
    CHECK(strstr(err.why, "already in use") != NULL, "%s", err.why);
    net_responder_close(net, RESPONDER_HTTP, "127.0.0.1", other);
    CHECK(serves("a.example", digest_one), "not closed with the other");
    end();
}

/* ---- what no CA does ---- */

static const struct {
    const char *name, *bytes;
    size_t len;
} junk[] = {
    { "HTTP", "GET / HTTP/1.1\r\n\r\n", 18 },
    { "NULs", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
    { "a record of another type", "\x17\x03\x03\0\x05hello", 10 },
    { "a record without end", "\x16\x03\x01\xff\xff\x01\0\xff\xff", 9 },
    { "half a hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11 },
    { "nothing", "", 0 },
};

TEST(alpn_junk)
{
    AUTO(free) char *much = xcalloc(1, 1 << 20);

    start();
    for (size_t i = 0; i < COUNT(junk); i++) {
        AUTO(close) int fd = dial();
        char byte;

        REQUIRE(fd >= 0, "%s", junk[i].name);
        socket_put(fd, junk[i].bytes, junk[i].len);
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, &byte, 1, 0) > 0) /* an alert, or nothing; then the end */
            ;
    }
    {
        AUTO(close) int fd = dial();

        socket_put(fd, much, 1 << 20);
        CHECK(serves("a.example", digest_one), "while somebody floods it");
    }
    CHECK(serves("a.example", digest_one), "after all that");
    end();
}

static bool is_open(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    return poll(&poll_fd, 1, 0) == 0; /* nothing has come, nor the end */
}

/* More idle connections than it keeps, some in the middle of a hello: a CA is answered while the others hold on. */
TEST(alpn_held_open)
{
    int fds[HELD];
    char byte;

    start();
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = dial();
        CHECK(fds[i] >= 0, "connection %zu", i);
        if (i % 2 == 0)
            socket_put(fds[i], "\x16\x03\x01\x02\x00\x01", 6);
    }
    CHECK(serves("a.example", digest_one), "while they hold on");
    CHECK(is_open(fds[COUNT(fds) - 1]), "the newest was closed: was it answered only then?");
    CHECK(recv(fds[0], &byte, 1, 0) == 0, "the oldest was closed");
    for (size_t i = 0; i < COUNT(fds); i++)
        (void)close(fds[i]);
    end();
}

/* ---- the log ---- */

/* The log so far. A request first makes the network process deliver its messages: they come before its next answer. */
static char *logged(void)
{
    AUTO(buf_clear) struct buf text = BUF(1 << 20);
    struct error err = { 0 };

    CHECK(net_alpn_remove(net, "unknown", &err), "%s", err.why);
    CHECK(file_read(log_path(), &text, &err), "%s", err.why);
    return buf_take(&text);
}

TEST(alpn_visits_are_logged)
{
    AUTO(free) char *log = NULL;
    struct error err = { 0 };

    REQUIRE(log_open(test_dir(), 0, &err), "%s", err.why);
    start();
    for (size_t i = 0; i < COUNT(questions); i++)
        (void)ask(questions[i].question);
    for (size_t i = 0; i < COUNT(junk); i++) {
        AUTO(close) int fd = dial();
        char byte;

        socket_put(fd, junk[i].bytes, junk[i].len);
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, &byte, 1, 0) > 0)
            ;
    }
    log = logged();
    for (size_t i = 0; i < COUNT(questions); i++)
        CHECK(strstr(log, questions[i].logged) != NULL, "%s is not in the log:\n%s", questions[i].logged, log);
    CHECK(strstr(log, ":127.0.0.1 asked the responder: TLS for a.example by acme-tls/1: certificate shown\n") != NULL,
        "the address is not in the log:\n%s", log);
    CHECK(strstr(log, ":127.0.0.1 asked the responder: : http request\n") != NULL, "HTTP is not in the log:\n%s", log);
    CHECK(strstr(log, ":127.0.0.1 came to the responder, and left before it had asked: \n") != NULL,
        "nothing is not in the log:\n%s", log);
    end();
    log_close();
}

TEST_MAIN()
