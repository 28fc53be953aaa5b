/* Whom the real evercert-net trusts: servers with every kind of wrong certificate, and right ones. */
#include "client/trust_store.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "client/fixture.h"

#define DAY (24 * 60 * 60)

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    REQUIRE(extension != NULL && X509_add_ext(cert, extension, -1) == 1, "extension %s", value);
    X509_EXTENSION_free(extension);
}

/* A certificate for the names in san, or of a CA when that is NULL, valid between two days from now. */
static struct identity identity_new(const char *name, const char *san, const struct identity *issuer, int from, int to)
{
    static long serial = 1;
    struct identity made = { EVP_EC_gen("P-256"), X509_new() };
    X509_NAME *subject = X509_get_subject_name(made.cert);

    REQUIRE(made.key != NULL && made.cert != NULL, "certificate");
    (void)X509_set_version(made.cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial++);
    (void)X509_gmtime_adj(X509_getm_notBefore(made.cert), (long)from * DAY);
    (void)X509_gmtime_adj(X509_getm_notAfter(made.cert), (long)to * DAY);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(made.cert, issuer == NULL ? subject : X509_get_subject_name(issuer->cert));
    (void)X509_set_pubkey(made.cert, made.key);
    extend(made.cert, issuer == NULL ? made.cert : issuer->cert, NID_basic_constraints,
        san == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (san != NULL)
        extend(made.cert, issuer == NULL ? made.cert : issuer->cert, NID_subject_alt_name, san);
    REQUIRE(X509_sign(made.cert, issuer == NULL ? made.key : issuer->key, EVP_sha256()) > 0, "sign");
    return made;
}

static void identity_clear(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->cert);
}

static void write_pem(const char *path, X509 *const *certs, size_t count)
{
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL, "%s", path);
    for (size_t i = 0; i < count; i++)
        (void)PEM_write_X509(file, certs[i]);
    (void)fclose(file);
}

/* ---- a TLS server that says the same to everybody ---- */

struct tls_server {
    int fd, port, connections, resumed;
    SSL_CTX *ctx; /* NULL: no TLS at all */
    const char *answer;
    pthread_t thread;
};

static void serve_tls(struct tls_server *server, int fd)
{
    SSL *ssl = SSL_new(server->ctx);
    char question[4096];

    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        server->resumed += SSL_session_reused(ssl);
        if (SSL_read(ssl, question, sizeof question) > 0)
            (void)SSL_write(ssl, server->answer, (int)strlen(server->answer));
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
}

static void *serve(void *ctx)
{
    struct tls_server *server = ctx;
    int fd;

    while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        server->connections++;
        if (server->ctx != NULL)
            serve_tls(server, fd);
        else
            (void)!write(fd, server->answer, strlen(server->answer));
        (void)close(fd);
    }
    return NULL;
}

static void tls_start(struct tls_server *server, const struct identity *identity, int max_version)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    (void)signal(SIGPIPE, SIG_IGN); /* a client that does not like us closes early */
    if (identity != NULL) {
        server->ctx = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_security_level(server->ctx, 0);
        (void)SSL_CTX_set_max_proto_version(server->ctx, max_version);
        (void)SSL_CTX_set_session_id_context(server->ctx, (const unsigned char *)"t", 1);
        REQUIRE(SSL_CTX_use_certificate(server->ctx, identity->cert) == 1 &&
                    SSL_CTX_use_PrivateKey(server->ctx, identity->key) == 1,
            "server");
    }
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(server->fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(server->fd, 8) == 0 &&
                getsockname(server->fd, (struct sockaddr *)&at, &len) == 0,
        "server");
    server->port = ntohs(at.sin_port);
    REQUIRE(pthread_create(&server->thread, NULL, serve, server) == 0, "server");
}

static void tls_stop(struct tls_server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
    SSL_CTX_free(server->ctx);
}

static struct net *start(bool no_verify)
{
    return netd_start((struct net_options){ .no_verify = no_verify });
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
#define DOWN "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

enum who { GOOD, EXPIRED, FUTURE, OTHER_NAME, NAMELESS, OTHER_ISSUER, SELF_SIGNED, NO_TLS, WHO_COUNT };

static const struct {
    const char *name;
    enum who who;
    bool no_verify;
    int max_version; /* 0: the newest */
    const char *answer;
    const char *why; /* NULL: it is an answer */
} cases[] = {
    { "expired", EXPIRED, false, 0, OK, "has expired" },
    { "not yet valid", FUTURE, false, 0, OK, "is not valid yet" },
    { "another name", OTHER_NAME, false, 0, OK, "is for another name" },
    { "a common name alone", NAMELESS, false, 0, OK, "does not say for which hosts it is" },
    { "another issuer", OTHER_ISSUER, false, 0, OK, "is not trusted (unable to get local issuer certificate)" },
    { "signed by itself", SELF_SIGNED, false, 0, OK, "is not trusted (self" },
    { "no TLS", NO_TLS, false, 0, OK, "no TLS connection" },
    { "TLS 1.1", GOOD, false, TLS1_1_VERSION, OK, "no TLS connection" },
    { "TLS 1.1, not verified", GOOD, true, TLS1_1_VERSION, OK, "no TLS connection" },
    { "redirect away from https", GOOD, false, 0, DOWN, "redirects away from https" },
    { "TLS 1.2", GOOD, false, TLS1_2_VERSION, OK, NULL },
    { "the newest TLS", GOOD, false, 0, OK, NULL },
    { "another name, not verified", OTHER_NAME, true, 0, OK, NULL },
    { "expired, not verified", EXPIRED, true, 0, OK, NULL },
};

static bool fetch(struct net *net, int port, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(free) char *url = xprintf("https://127.0.0.1:%d/", port);

    return net_http(net, &(struct http_request){ .url = url, .follow = true, .timeout_ms = 10000 }, &response, err) &&
           response.status == 200;
}

TEST(trust_store_judges_servers)
{
    struct identity ca = identity_new("ca", NULL, NULL, -1, 10), other = identity_new("other", NULL, NULL, -1, 10);
    struct identity who[WHO_COUNT] = {
        [GOOD] = identity_new("good", "IP:127.0.0.1", &ca, -1, 5),
        [EXPIRED] = identity_new("expired", "IP:127.0.0.1", &ca, -5, -1),
        [FUTURE] = identity_new("future", "IP:127.0.0.1", &ca, 1, 5),
        [OTHER_NAME] = identity_new("127.0.0.1", "DNS:other.test", &ca, -1, 5),
        [NAMELESS] = identity_new("127.0.0.1", "email:operator@other.test", &ca, -1, 5),
        [OTHER_ISSUER] = identity_new("stranger", "IP:127.0.0.1", &other, -1, 5),
        [SELF_SIGNED] = identity_new("self", "IP:127.0.0.1", NULL, -1, 5),
    };
    AUTO(free) char *bundle = test_path("ca.pem");

    write_pem(bundle, &ca.cert, 1);
    (void)setenv("REQUESTS_CA_BUNDLE", bundle, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(net_stop) struct net *net = start(cases[i].no_verify);
        struct tls_server server = { .answer = cases[i].answer };
        struct error err = { 0 };
        bool ok;

        tls_start(&server, cases[i].who == NO_TLS ? NULL : &who[cases[i].who], cases[i].max_version);
        ok = fetch(net, server.port, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        if (ok) {
            CHECK(fetch(net, server.port, &err), "%s, again: %s", cases[i].name, err.why);
            CHECK(server.connections == 2 && server.resumed == 1, "%s: %d connections, %d resumed", cases[i].name,
                server.connections, server.resumed);
        }
        tls_stop(&server);
    }
    for (size_t i = 0; i < WHO_COUNT; i++)
        identity_clear(&who[i]);
    identity_clear(&ca);
    identity_clear(&other);
}

/* Any root with an EC key (as ours: else it does not count as issuer) that this system has by hash; NULL when none. */
static X509 *system_root(void)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    X509 *root = NULL;

    if (!file_list_dir("/etc/ssl/certs", &names, &err))
        return NULL;
    for (size_t i = 0; i < names.len && root == NULL; i++) {
        AUTO(free) char *path = file_join("/etc/ssl/certs", names.at[i]);
        AUTO(fclose) FILE *file = strlen(names.at[i]) == 10 && names.at[i][8] == '.' ? fopen(path, "re") : NULL;

        root = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
        if (root != NULL && !EVP_PKEY_is_a(X509_get0_pubkey(root), "EC")) {
            X509_free(root);
            root = NULL;
        }
    }
    return root;
}

/* A certificate in the name of a root that this system trusts, without its key: that root is found, and the signature
 * is what betrays it. */
TEST(trust_store_finds_the_roots_of_the_system)
{
    X509 *root = system_root();
    struct identity forger = { EVP_EC_gen("P-256"), root }, leaf;
    struct tls_server server = { .answer = OK };
    AUTO(net_stop) struct net *net = NULL;
    struct error err = { 0 };

    (void)unsetenv("REQUESTS_CA_BUNDLE");
    (void)unsetenv("CURL_CA_BUNDLE");
    (void)unsetenv("SSL_CERT_FILE");
    (void)unsetenv("SSL_CERT_DIR");
    if (root == NULL) {
        fprintf(stderr, "passed over here: no directory of certificates by hash\n");
        identity_clear(&forger);
        return;
    }
    leaf = identity_new("leaf", "IP:127.0.0.1", &forger, -1, 5);
    net = start(false);
    tls_start(&server, &leaf, 0);
    CHECK(!fetch(net, server.port, &err), "a forged signature");
    CHECK(strstr(err.why, "certificate signature failure") != NULL || strstr(err.why, "asn1") != NULL,
        "the root was not found, rather than its signature checked: %s", err.why);
    tls_stop(&server);
    identity_clear(&leaf);
    identity_clear(&forger);
}

/* A bundle of many, ours the last, and one whose issuer is not in it: an intermediate is trusted for itself. */
TEST(trust_store_of_many)
{
    struct identity root = identity_new("root", NULL, NULL, -1, 10),
                    middle = identity_new("middle", NULL, &root, -1, 10);
    struct identity leaf = identity_new("leaf", "IP:127.0.0.1", &middle, -1, 5);
    struct identity others[20];
    X509 *certs[COUNT(others) + 1];
    AUTO(free) char *bundle = test_path("many.pem");
    AUTO(net_stop) struct net *net = NULL;
    struct tls_server server = { .answer = OK };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(others); i++) {
        others[i] = identity_new("some", NULL, NULL, -1, 10);
        certs[i] = others[i].cert;
    }
    certs[COUNT(others)] = middle.cert;
    write_pem(bundle, certs, COUNT(certs));
    (void)setenv("REQUESTS_CA_BUNDLE", bundle, 1);
    net = start(false);
    tls_start(&server, &leaf, 0);
    CHECK(fetch(net, server.port, &err), "%s", err.why);
    tls_stop(&server);
    for (size_t i = 0; i < COUNT(others); i++)
        identity_clear(&others[i]);
    identity_clear(&root);
    identity_clear(&middle);
    identity_clear(&leaf);
}

TEST_MAIN()
