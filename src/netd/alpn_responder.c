/*
 * The tls-alpn-01 responder.
 */
#include "netd/alpn_responder.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "netd/alpn_cert.h"
#include "netd/client_hello.h"
#include "netd/tokens.h"

#define PROTOCOL "acme-tls/1"
#define CERT_MAX 4096

struct alpn_responder {
    struct acceptor *acceptor;
    struct tokens *certs; /* DER, by server name */
    EVP_PKEY *key;        /* NULL until the first challenge */
    SSL_CTX *ctx;
};

struct client {
    struct alpn_responder *responder;
    struct connection *connection;
    SSL *ssl;
    struct buf question; /* its question, for the log */
    const char *refused; /* why, once it is */
};

/* ---- the handshake ---- */

static struct view extension_of(SSL *ssl, unsigned type)
{
    const unsigned char *at;
    size_t len;

    return SSL_client_hello_get0_ext(ssl, type, &at, &len) == 1 ? (struct view){ (const char *)at, len }
                                                                : (struct view){ "", 0 };
}

static int refuse(struct client *client, const char *why, int with, int *alert)
{
    client->refused = why;
    *alert = with;
    return SSL_CLIENT_HELLO_ERROR;
}

static void note_question(struct client *client, struct view name, struct view protocols)
{
    buf_cut(&client->question, 0);
    buf_put_text(&client->question, "TLS for ");
    buf_put(&client->question, name.len > 0 ? name : view_of("no name"));
    if (protocols.len == 0) {
        buf_put_text(&client->question, " by no protocol");
        return;
    }
    buf_put_text(&client->question, " by ");
    (void)client_hello_put_protocols(protocols, &client->question);
}

/* The certificate for a server name as a client writes it. */
static bool find_cert(const struct alpn_responder *responder, struct view name, struct view *cert)
{
    AUTO(free) char *lower = view_dup(name);

    if (strlen(lower) != name.len) /* a NUL */
        return false;
    text_lower(lower);
    return tokens_find(responder->certs, (struct view){ lower, name.len }, cert);
}

static int on_hello(SSL *ssl, int *alert, void *ctx __attribute__((unused)))
{
    struct client *client = SSL_get_app_data(ssl);
    struct view protocols = extension_of(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation);
    struct view name = { "", 0 }, cert;
    bool has_name = client_hello_name(extension_of(ssl, TLSEXT_TYPE_server_name), &name);

    note_question(client, name, protocols);
    if (!client_hello_is_acme(protocols))
        return refuse(client, "refused, as only " PROTOCOL " is spoken here", SSL_AD_NO_APPLICATION_PROTOCOL, alert);
    if (!has_name || !find_cert(client->responder, name, &cert))
        return refuse(client, "refused, as no challenge is open for that name", SSL_AD_UNRECOGNIZED_NAME, alert);
    if (SSL_use_certificate_ASN1(ssl, (const unsigned char *)cert.at, (int)cert.len) != 1 ||
        SSL_use_PrivateKey(ssl, client->responder->key) != 1)
        return refuse(client, "refused, as the certificate could not be used", SSL_AD_INTERNAL_ERROR, alert);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* on_hello has seen that nothing else is offered. */
static int on_protocols(SSL *ssl __attribute__((unused)), const unsigned char **out, unsigned char *out_len,
    const unsigned char *in __attribute__((unused)), unsigned in_len __attribute__((unused)),
    void *ctx __attribute__((unused)))
{
    *out = (const unsigned char *)PROTOCOL;
    *out_len = sizeof PROTOCOL - 1;
    return SSL_TLSEXT_ERR_OK;
}

static void tell(struct client *client, const char *given)
{
    connection_tell(client->connection, buf_view(&client->question), view_of(given));
}

/* The reason why the handshake failed, for the log; "" when the peer left before it sent anything. */
static const char *failure_of(const struct client *client, int kind)
{
    unsigned long code = ERR_peek_error();
    bool left = kind == SSL_ERROR_SYSCALL || kind == SSL_ERROR_ZERO_RETURN ||
                (code != 0 && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);

    if (client->refused != NULL)
        return client->refused;
    if (left)
        return client->question.len > 0 ? "it left before the handshake was done" : "";
    return code != 0 && ERR_reason_error_string(code) != NULL ? ERR_reason_error_string(code) : "no TLS";
}

static enum connection_step advance(void *self)
{
    struct client *client = self;
    const char *failure;
    int result, kind;

    ERR_clear_error(); /* of other connections */
    result = SSL_accept(client->ssl);
    kind = SSL_get_error(client->ssl, result);
    if (kind == SSL_ERROR_WANT_READ)
        return CONNECTION_READ;
    if (kind == SSL_ERROR_WANT_WRITE)
        return CONNECTION_WRITE;
    if (result == 1) {
        tell(client, "certificate shown");
        (void)SSL_shutdown(client->ssl);
        return CONNECTION_DONE;
    }
    failure = failure_of(client, kind);
    ERR_clear_error();
    tell(client, failure);
    return failure[0] == '\0' ? CONNECTION_GONE : CONNECTION_DONE; /* an alert is to arrive */
}

/* ---- as netd/acceptor.h wants it ---- */

static void end(void *self)
{
    struct client *client = self;

    tell(client, client->question.len > 0 ? "it left before the handshake was done" : "");
    SSL_free(client->ssl);
    buf_clear(&client->question);
    free(client);
}

static void *begin(void *responder, struct connection *connection, int fd)
{
    struct client *client = xcalloc(1, sizeof *client);

    *client = (struct client){ .responder = responder, .connection = connection, .question = BUF(MESSAGE_MAX_LINE) };
    client->ssl = SSL_new(client->responder->ctx);
    if (client->ssl == NULL || SSL_set_fd(client->ssl, fd) != 1 || SSL_set_app_data(client->ssl, client) != 1) {
        end(client);
        return NULL;
    }
    return client;
}

static const struct protocol tls = { begin, advance, end };

static SSL_CTX *ctx_new(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(ctx, 0) != 1)
        abort();
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL);
    return ctx;
}

struct alpn_responder *alpn_responder_new(struct event_base *base, struct responder_sink sink)
{
    struct alpn_responder *responder = xcalloc(1, sizeof *responder);

    responder->acceptor = acceptor_new(base, &tls, responder, sink);
    responder->certs = tokens_new();
    return responder;
}

void alpn_responder_free(struct alpn_responder *responder)
{
    acceptor_free(responder->acceptor);
    tokens_free(responder->certs);
    EVP_PKEY_free(responder->key);
    SSL_CTX_free(responder->ctx);
    free(responder);
}

struct acceptor *alpn_responder_acceptor(struct alpn_responder *responder)
{
    if (responder->ctx == NULL) /* only runs that use it pay for it */
        responder->ctx = ctx_new();
    return responder->acceptor;
}

bool alpn_responder_add(struct alpn_responder *responder, const struct message_alpn *alpn)
{
    AUTO(buf_clear) struct buf name = BUF(MESSAGE_MAX_IDENTIFIER), cert = BUF(CERT_MAX);

    if (responder->key == NULL)
        responder->key = alpn_key_new();
    if (responder->key == NULL || !alpn_cert_put(responder->key, alpn->identifier, alpn->digest, &cert))
        return false;
    alpn_server_name(alpn->identifier, &name);
    tokens_add(responder->certs, buf_view(&name), buf_view(&cert));
    return true;
}

void alpn_responder_remove(struct alpn_responder *responder, struct view identifier)
{
    AUTO(buf_clear) struct buf name = BUF(MESSAGE_MAX_IDENTIFIER);

    alpn_server_name(identifier, &name);
    tokens_remove(responder->certs, buf_view(&name));
}
