/* Probes by the real evercert-net: what servers show, with each way to begin TLS, and servers that refuse, babble and
 * stall. */
#include <errno.h>
#include <sys/wait.h>

#include "client/test_tls.h"
#include "net/probe.h"

#define HANG_MS 60000

static struct net *net;
static struct identity ca, rsa, ecdsa;

static void begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    ca = identity_new("ca", NULL, NULL, -1, 10);
    rsa = identity_of_key(EVP_RSA_gen(2048), "rsa", "DNS:a.test", &ca, -1, 5);
    ecdsa = identity_new("ecdsa", "DNS:a.test", &ca, -1, 5);
    net = netd_start((struct net_options){ 0 });
}

static void end(void)
{
    net_stop(net);
    identity_clear(&ca);
    identity_clear(&rsa);
    identity_clear(&ecdsa);
}

/* ---- a server that follows a script, and then shakes hands ---- */

struct line {
    const char *expect; /* until this has come; "": nothing */
    struct view say;
    size_t exactly; /* so many bytes, at least */
};

#define SAY(text)                                                                                                      \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }
#define LINES 4

struct script {
    struct line lines[LINES];
    bool silent, stays; /* after the lines: nothing more; or goes on without TLS */
};

struct scripted {
    const struct script *script;
    const struct identity *keys[2]; /* NULL: not this one */
    int fd, port, max_version;
    const char *protocol; /* the one chosen of the client's; NULL: none */
    char sni[256];
    atomic_bool stopping;
    pthread_t thread;
};

/* Byte by byte: what follows may be TLS. */
static bool hear(int fd, const char *expect, size_t exactly)
{
    AUTO(buf_clear) struct buf heard = BUF(65536);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    while (heard.len < exactly || memmem(buf_text(&heard), heard.len, expect, strlen(expect)) == NULL) {
        ssize_t got;

        if (poll(&poll_fd, 1, HANG_MS) != 1 || (got = recv(fd, buf_room(&heard, 1), 1, 0)) <= 0)
            return false;
        buf_grow(&heard, (size_t)got);
    }
    return true;
}

static int choose(
    SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *ctx)
{
    const struct scripted *server = ctx;

    (void)ssl;
    if (server->protocol == NULL ||
        SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, (const unsigned char *)server->protocol,
            (unsigned)strlen(server->protocol), in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

static void shake(struct scripted *server, int fd)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl;

    SSL_CTX_set_security_level(ctx, 0);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    (void)SSL_CTX_set_max_proto_version(ctx, server->max_version);
    SSL_CTX_set_alpn_select_cb(ctx, choose, server);
    for (size_t i = 0; i < COUNT(server->keys); i++)
        if (server->keys[i] != NULL && SSL_CTX_use_certificate(ctx, server->keys[i]->cert) == 1 &&
            SSL_CTX_use_PrivateKey(ctx, server->keys[i]->key) == 1)
            (void)SSL_CTX_add1_chain_cert(ctx, ca.cert);
    ssl = SSL_new(ctx);
    (void)SSL_set_cipher_list(ssl, "ALL:@SECLEVEL=0");
    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        char byte;

        (void)snprintf(server->sni, sizeof server->sni, "%s", sni != NULL ? sni : "");
        (void)SSL_read(ssl, &byte, 1); /* until the client has gone */
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void *follow(void *ctx)
{
    struct scripted *server = ctx;
    AUTO(close) int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    struct timeval limit = { .tv_sec = HANG_MS / 1000 };
    bool ok = fd >= 0;

    if (ok)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (size_t i = 0; ok && server->script != NULL && i < LINES && server->script->lines[i].expect != NULL; i++) {
        ok = hear(fd, server->script->lines[i].expect, server->script->lines[i].exactly);
        if (ok)
            socket_put(fd, server->script->lines[i].say.at, server->script->lines[i].say.len);
    }
    if (ok && server->script != NULL && server->script->stays)
        for (int i = 0; i < 100000 && send(fd, "220-more and more and more\r\n", 28, MSG_NOSIGNAL) > 0; i++)
            ;
    else if (ok && server->script != NULL && server->script->silent)
        (void)hear(fd, "never said", 0);
    else if (ok)
        shake(server, fd);
    return NULL;
}

static void scripted_start(struct scripted *server)
{
    server->fd = listen_anywhere(&server->port);
    REQUIRE(pthread_create(&server->thread, NULL, follow, server) == 0, "server");
}

static void scripted_stop(struct scripted *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
}

/* Whether the chain is this identity's, and then the CA's. */
static bool is_chain_of(const struct probed *probed, const struct identity *identity)
{
    const struct identity *wanted[] = { identity, &ca };
    bool same = probed->count == COUNT(wanted);

    for (size_t i = 0; same && i < COUNT(wanted); i++) {
        unsigned char *der = NULL;
        int len = i2d_X509(wanted[i]->cert, &der);

        same = len > 0 && probed->chain[i].len == (size_t)len && memcmp(probed->chain[i].at, der, (size_t)len) == 0;
        OPENSSL_free(der);
    }
    return same;
}

/* ---- handshakes ---- */

static const struct {
    const char *name;
    bool has_rsa, has_ecdsa;
    int max_version;
    const char *offered, *protocol, *sni; /* protocol: as the extension has it */
    enum probe_key key;
    const struct identity *shown; /* NULL: it fails */
    const char *version, *alpn, *seen_sni;
} handshakes[] = {
    { "any key", true, true, 0, NULL, NULL, "a.test", PROBE_ANY, &ecdsa, "TLSv1.3", "", "a.test" },
    { "RSA of both", true, true, 0, NULL, NULL, "a.test", PROBE_RSA, &rsa, "TLSv1.3", "", "a.test" },
    { "ECDSA of both", true, true, 0, NULL, NULL, "a.test", PROBE_ECDSA, &ecdsa, "TLSv1.3", "", "a.test" },
    { "RSA of both, TLS 1.2", true, true, TLS1_2_VERSION, NULL, NULL, "a.test", PROBE_RSA, &rsa, "TLSv1.2", "",
        "a.test" },
    { "ECDSA of both, TLS 1.2", true, true, TLS1_2_VERSION, NULL, NULL, NULL, PROBE_ECDSA, &ecdsa, "TLSv1.2", "", "" },
    { "TLS 1.0", true, false, TLS1_VERSION, NULL, NULL, NULL, PROBE_ANY, &rsa, "TLSv1", "", "" },
    { "no RSA", false, true, 0, NULL, NULL, NULL, PROBE_RSA, NULL, NULL, NULL, "" },
    { "no ECDSA, TLS 1.2", true, false, TLS1_2_VERSION, NULL, NULL, NULL, PROBE_ECDSA, NULL, NULL, NULL, "" },
    { "a protocol", true, false, 0, "h2,http/1.1", "\10http/1.1", NULL, PROBE_ANY, &rsa, "TLSv1.3", "http/1.1", "" },
    { "no protocol in common", true, false, 0, "h2", "\10http/1.1", NULL, PROBE_ANY, &rsa, "TLSv1.3", "", "" },
    { "an address is no server name", true, false, 0, NULL, NULL, "192.0.2.1", PROBE_ANY, &rsa, "TLSv1.3", "", "" },
};

TEST(prober_handshakes)
{
    begin();
    for (size_t i = 0; i < COUNT(handshakes); i++) {
        AUTO(probed_clear) struct probed probed = { 0 };
        struct scripted server = { .keys = { handshakes[i].has_rsa ? &rsa : NULL,
                                       handshakes[i].has_ecdsa ? &ecdsa : NULL },
            .max_version = handshakes[i].max_version,
            .protocol = handshakes[i].protocol };
        struct error err = { 0 };
        bool ok;

        scripted_start(&server);
        ok = net_probe(net,
            &(struct probe){ .address = "127.0.0.1",
                .port = server.port,
                .sni = handshakes[i].sni,
                .alpn = handshakes[i].offered,
                .key = handshakes[i].key,
                .timeout_ms = HANG_MS },
            &probed, &err);
        scripted_stop(&server);
        CHECK(ok == (handshakes[i].shown != NULL), "%s: %s", handshakes[i].name, err.why);
        CHECK_TEXT(server.sni, handshakes[i].seen_sni, handshakes[i].name);
        if (!ok) {
            CHECK(strstr(err.why, "agree on no TLS") != NULL, "%s: %s", handshakes[i].name, err.why);
            continue;
        }
        CHECK(is_chain_of(&probed, handshakes[i].shown), "%s: %zu certificates", handshakes[i].name, probed.count);
        CHECK_TEXT(probed.version, handshakes[i].version, handshakes[i].name);
        CHECK_TEXT(probed.alpn, handshakes[i].alpn, handshakes[i].name);
        CHECK(strlen(probed.cipher) > 5, "%s: %s", handshakes[i].name, probed.cipher);
    }
    end();
}

/* ---- STARTTLS ---- */

#define FEATURES "<stream:stream><stream:features><starttls/></stream:features>"
#define MYSQL                                                                                                          \
    "\x32\0\0\0\x0a"                                                                                                   \
    "8.0.1\0001234saltsalt\0\xff\xff\x2d\x02\0\xff\xc7\x15\0\0\0\0\0\0\0\0\0\0saltsaltsalt"

static const struct {
    const char *name, *protocol;
    struct script script;
    int timeout_ms;
    const char *why; /* NULL: it goes well */
} dialogues[] = {
    { "smtp", "smtp",
        { { { "", SAY("220-hello\r\n220 mx\r\n") },
              { "EHLO localhost\r\n", SAY("250-mx\r\n250-8BITMIME\r\n250 STARTTLS\r\n") },
              { "STARTTLS\r\n", SAY("220 go\r\n") } },
            false, false },
        HANG_MS, NULL },
    { "imap", "imap", { { { "", SAY("* OK hi\r\n") }, { "a STARTTLS\r\n", SAY("* X\r\na OK go\r\n") } }, false, false },
        HANG_MS, NULL },
    { "pop3", "pop3", { { { "", SAY("+OK hi\r\n") }, { "STLS\r\n", SAY("+OK\r\n") } }, false, false }, HANG_MS, NULL },
    { "ftp", "ftp",
        { { { "", SAY("220-hi\r\nany line\r\n220 hi\r\n") }, { "AUTH TLS\r\n", SAY("234 go\r\n") } }, false, false },
        HANG_MS, NULL },
    { "sieve", "sieve", { { { "", SAY("\"STARTTLS\"\r\nOK\r\n") }, { "STARTTLS\r\n", SAY("OK\r\n") } }, false, false },
        HANG_MS, NULL },
    { "xmpp", "xmpp", { { { "to='a.test'", SAY(FEATURES) }, { "xmpp-tls'/>", SAY("<proceed/>") } }, false, false },
        HANG_MS, NULL },
    { "xmpp-server", "xmpp-server",
        { { { "jabber:server", SAY(FEATURES) }, { "xmpp-tls'/>", SAY("<proceed/>") } }, false, false }, HANG_MS, NULL },
    { "ldap", "ldap", { { { "1.3.6.1.4.1.1466.20037", SAY("\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0") } }, false, false },
        HANG_MS, NULL },
    { "postgres", "postgres", { { { "\x16\x2f", SAY("S") } }, false, false }, HANG_MS, NULL },
    { "mysql", "mysql", { { { "", SAY(MYSQL) }, { "", SAY(""), 36 } }, false, false }, HANG_MS, NULL },
    { "refused", "smtp", { { { "", SAY("554 go away\r\n") } }, false, false }, HANG_MS,
        "says: it does not begin TLS: 554 go away" },
    { "no TLS offered", "smtp", { { { "", SAY("220 mx\r\n") }, { "EHLO", SAY("250 mx\r\n") } }, false, false }, HANG_MS,
        "says: it offers no TLS" },
    { "garbage", "imap", { { { "", SAY("\0\1\2\3\n\n\n") } }, false, false }, HANG_MS, "says: it does not begin TLS" },
    { "garbage for MySQL", "mysql", { { { "", SAY("SSH-2.0-x\r\n") } }, false, false }, HANG_MS,
        "says: it does not begin TLS" },
    { "words put in before TLS", "pop3",
        { { { "", SAY("+OK\r\n") }, { "STLS", SAY("+OK\r\n+OK injected\r\n") } }, false, false }, HANG_MS,
        "says: it says more than was asked before TLS" },
    { "endless lines", "smtp", { { { "", SAY("220-a\r\n") } }, false, true }, HANG_MS, "says: it says too much" },
    { "silent", "ftp", { { { "", SAY("220-wait\r\n") } }, true, false }, 300, "did not say in time what begins TLS" },
    { "silent in the handshake", "postgres", { { { "\x16\x2f", SAY("S") } }, true, false }, 300,
        "did not finish the handshake" },
    { "no TLS after all", "pop3",
        { { { "", SAY("+OK\r\n") }, { "STLS", SAY("+OK\r\n") }, { "\x16", SAY("-ERR what is that\r\n") } }, true,
            false },
        HANG_MS, "agree on no TLS" },
};

TEST(prober_starttls)
{
    begin();
    for (size_t i = 0; i < COUNT(dialogues); i++) {
        AUTO(probed_clear) struct probed probed = { 0 };
        struct scripted server = { .script = &dialogues[i].script, .keys = { &rsa, NULL } };
        struct error err = { 0 };
        bool ok;

        scripted_start(&server);
        ok = net_probe(net,
            &(struct probe){ .address = "127.0.0.1",
                .port = server.port,
                .sni = "a.test",
                .starttls = dialogues[i].protocol,
                .timeout_ms = dialogues[i].timeout_ms },
            &probed, &err);
        scripted_stop(&server);
        CHECK(ok == (dialogues[i].why == NULL), "%s: %s", dialogues[i].name, err.why);
        if (!ok && dialogues[i].why != NULL)
            CHECK(strstr(err.why, dialogues[i].why) != NULL, "%s: %s", dialogues[i].name, err.why);
        CHECK(!ok || is_chain_of(&probed, &rsa), "%s: %zu certificates", dialogues[i].name, probed.count);
    }
    end();
}

static const struct {
    const char *name;
    struct probe probe; /* port 0: one that nobody has */
    const char *why;
    enum error_kind kind;
} mistakes[] = {
    { "nobody there", { .address = "127.0.0.1" }, "refused the connection", ERROR_NETWORK },
    { "a name", { .address = "mx.example", .port = 25 }, "no address that can be probed", ERROR_CONFIG },
    { "no such protocol", { .address = "127.0.0.1", .port = 25, .starttls = "gopher" }, "no protocol that begins",
        ERROR_CONFIG },
    { "no server name", { .address = "127.0.0.1", .port = 25, .sni = "a\r\nb" }, "not a server's name", ERROR_CONFIG },
    { "an empty protocol", { .address = "127.0.0.1", .port = 25, .alpn = "h2,,x" }, "no TLS that can be asked for",
        ERROR_CONFIG },
    { "no port", { .address = "127.0.0.1", .port = 65536 }, "no port", ERROR_CONFIG },
};

TEST(prober_mistakes)
{
    begin();
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        AUTO(probed_clear) struct probed probed = { 0 };
        struct probe probe = mistakes[i].probe;
        struct error err = { 0 };

        if (probe.port == 0)
            (void)close(listen_anywhere(&probe.port));
        CHECK(!net_probe(net, &probe, &probed, &err), "%s", mistakes[i].name);
        CHECK(strstr(err.why, mistakes[i].why) != NULL && err.kind == mistakes[i].kind, "%s: %s", mistakes[i].name,
            err.why);
        CHECK_INT(err.sys, i == 0 ? ECONNREFUSED : 0, mistakes[i].name);
    }
    end();
}

/* ---- nginx, with a certificate for each kind of key ---- */

static void write_identity(const char *name, const struct identity *identity)
{
    AUTO(buf_clear) struct buf text = BUF(65536);
    AUTO(free) char *path = test_path(name);
    FILE *file = fopen(path, "w");

    identity_put(identity, false, &text);
    identity_put(&ca, false, &text);
    identity_put(identity, true, &text);
    REQUIRE(file != NULL && fputs(buf_text(&text), file) >= 0 && fclose(file) == 0, "%s", path);
}

static pid_t nginx_start(int port)
{
    AUTO(free) char *conf = test_path("nginx.conf");
    FILE *file = fopen(conf, "w");
    pid_t pid;

    write_identity("rsa.pem", &rsa);
    write_identity("ecdsa.pem", &ecdsa);
    REQUIRE(file != NULL, "%s", conf);
    (void)fprintf(file, /* paths are below the directory of the test (-p) */
        "daemon off; master_process off; pid pid; error_log log;\nevents { }\n"
        "http { access_log off; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; "
        "scgi_temp_path e;\nserver { listen 127.0.0.1:%d ssl http2; "
        "ssl_certificate rsa.pem; ssl_certificate_key rsa.pem; "
        "ssl_certificate ecdsa.pem; ssl_certificate_key ecdsa.pem; } }\n",
        port);
    REQUIRE(fclose(file) == 0, "%s", conf);
    pid = fork();
    if (pid == 0) {
        (void)execl("/usr/sbin/nginx", "nginx", "-c", conf, "-p", test_dir(), (char *)NULL);
        _exit(127);
    }
    return pid;
}

TEST(prober_nginx)
{
    static const struct {
        enum probe_key key;
        const struct identity *shown;
    } cases[] = { { PROBE_RSA, &rsa }, { PROBE_ECDSA, &ecdsa } };
    int port;
    pid_t pid;

    if (access("/usr/sbin/nginx", X_OK) != 0)
        skip();
    begin();
    (void)close(listen_anywhere(&port));
    pid = nginx_start(port);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(probed_clear) struct probed probed = { 0 };
        struct probe probe = { .address = "127.0.0.1",
            .port = port,
            .sni = "a.test",
            .alpn = "h2",
            .key = cases[i].key,
            .timeout_ms = HANG_MS };
        struct error err = { 0 };
        bool ok = false;

        for (int n = 0; n < 600 && !ok; n++) {
            REQUIRE(waitpid(pid, NULL, WNOHANG) == 0, "nginx has ended");
            ok = net_probe(net, &probe, &probed, &err);
            if (!ok)
                (void)poll(NULL, 0, 50);
        }
        CHECK(ok && is_chain_of(&probed, cases[i].shown), "%zu: %s", i, err.why);
        CHECK(ok && strcmp(probed.alpn, "h2") == 0, "%zu: protocol", i);
    }
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    end();
}

TEST_MAIN()
