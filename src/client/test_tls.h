#pragma once
/*
 * Certificates and a small TLS server for tests. Included by test programs only.
 */
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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
static struct identity identity_of_key(
    EVP_PKEY *key, const char *name, const char *san, const struct identity *issuer, int from, int to)
{
    static long serial = 1;
    struct identity made = { key, X509_new() };
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

static struct identity identity_new(const char *name, const char *san, const struct identity *issuer, int from, int to)
{
    return identity_of_key(EVP_EC_gen("P-256"), name, san, issuer, from, to);
}

static void identity_clear(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->cert);
}

/* The certificate, or the key, as PEM. */
__attribute__((unused)) static void identity_put(const struct identity *identity, bool want_key, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *at;
    long len;

    if (want_key)
        (void)PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL);
    else
        (void)PEM_write_bio_X509(bio, identity->cert);
    len = BIO_get_mem_data(bio, &at);
    buf_put(out, (struct view){ at, (size_t)len });
    BIO_free(bio);
}

__attribute__((unused)) static void write_pem(const char *path, X509 *const *certs, size_t count)
{
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL, "%s", path);
    for (size_t i = 0; i < count; i++)
        (void)PEM_write_X509(file, certs[i]);
    (void)fclose(file);
}

/* ---- a TLS server that says the same to everybody, a thread per connection ---- */

struct tls_server {
    int fd, port;
    atomic_int connections, resumed, open;
    SSL_CTX *ctx;       /* NULL: no TLS at all */
    const char *answer; /* NULL: what was asked, over and over on each connection */
    pthread_t thread;
};

struct tls_visit {
    struct tls_server *server;
    int fd;
};

static void tls_echo(SSL *ssl)
{
    AUTO(buf_clear) struct buf question = BUF(65536);
    int got;

    while ((got = SSL_read(ssl, buf_room(&question, 8192), 8192)) > 0) {
        AUTO(free) char *head = NULL;
        const char *end, *length;

        buf_grow(&question, (size_t)got);
        end = strstr(question.at, "\r\n\r\n");
        length = strstr(question.at, "Content-Length: ");
        if (end == NULL || (length != NULL && strlen(end + 4) < strtoul(length + 16, NULL, 10)))
            continue;
        head = xprintf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", question.len);
        (void)SSL_write(ssl, head, (int)strlen(head));
        (void)SSL_write(ssl, question.at, (int)question.len);
        buf_clear(&question);
    }
}

static void *tls_serve(void *ctx)
{
    struct tls_visit *visit = ctx;
    struct tls_server *server = visit->server;
    SSL *ssl = SSL_new(server->ctx);
    char question[4096];

    (void)SSL_set_fd(ssl, visit->fd);
    if (SSL_accept(ssl) == 1) {
        server->resumed += SSL_session_reused(ssl);
        if (server->answer == NULL)
            tls_echo(ssl);
        else if (SSL_read(ssl, question, sizeof question) > 0)
            (void)SSL_write(ssl, server->answer, (int)strlen(server->answer));
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    (void)close(visit->fd);
    free(visit);
    server->open--;
    return NULL;
}

static void *tls_accept(void *ctx)
{
    struct tls_server *server = ctx;
    int fd;

    while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct tls_visit *visit;
        pthread_t thread;

        server->connections++;
        if (server->ctx == NULL) {
            (void)!write(fd, server->answer, strlen(server->answer));
            (void)close(fd);
            continue;
        }
        visit = xcalloc(1, sizeof *visit);
        *visit = (struct tls_visit){ server, fd };
        server->open++;
        REQUIRE(pthread_create(&thread, NULL, tls_serve, visit) == 0, "thread");
        (void)pthread_detach(thread);
    }
    return NULL;
}

/* A listening socket on loopback. */
static int listen_anywhere(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    REQUIRE(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0 &&
                getsockname(fd, (struct sockaddr *)&at, &len) == 0,
        "server");
    *port = ntohs(at.sin_port);
    return fd;
}

__attribute__((unused)) static void tls_start(
    struct tls_server *server, const struct identity *identity, int max_version)
{
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
    server->fd = listen_anywhere(&server->port);
    REQUIRE(pthread_create(&server->thread, NULL, tls_accept, server) == 0, "server");
}

/* From now on the server requires a certificate of that issuer from clients. */
__attribute__((unused)) static void tls_want_client(struct tls_server *server, const struct identity *issuer)
{
    (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(server->ctx), issuer->cert);
    SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

/* Call when the clients have gone. */
__attribute__((unused)) static void tls_stop(struct tls_server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
    for (int i = 0; i < 6000 && server->open > 0; i++)
        (void)poll(NULL, 0, 10);
    CHECK_INT(server->open, 0, "connections of the test's TLS server");
    SSL_CTX_free(server->ctx);
}
