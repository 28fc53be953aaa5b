#include "client/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "client/event_timeout.h"
#include "client/name_server.h"
#include "client/starttls.h"
#include "client/trust_store.h"
#include "client/verify.h"
#include "net/probe.h"

#define MAX_PROBES 512
#define READ_CHUNK 2048
#define WHY_SIZE 400

/* Old and weak servers are looked at, too: to say what they are. */
#define CIPHERS "!aNULL:!PSK:!SRP:@SECLEVEL=0"
static const struct {
    const char *ciphers;    /* of TLS 1.2 and before */
    const char *signatures; /* NULL: all */
} kinds[] = {
    [PROBE_ANY] = { "ALL:" CIPHERS, NULL },
    [PROBE_RSA] = { "ALL:!aECDSA:" CIPHERS,
        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
        "rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1" },
    [PROBE_ECDSA] = { "ALL:!aRSA:" CIPHERS, "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA1" },
};

enum phase { PHASE_CONNECTING, PHASE_TALKING, PHASE_HANDSHAKE };

struct attempt {
    struct attempt *next;
    struct prober *prober;
    uint32_t id;
    char where[MESSAGE_MAX_SERVER + 24]; /* for messages */
    enum phase phase;
    int fd;
    struct event *event, *timer;
    bool verify;
    bool starttls, ready; /* ready: what is left to send is the last before TLS */
    struct starttls talk;
    struct buf in, out; /* of the dialogue before TLS */
    SSL *ssl;
};

struct prober {
    struct event_base *base;
    struct prober_sink sink;
    struct attempt *attempts;
    size_t count;
    SSL_CTX *ctx[COUNT(kinds)]; /* NULL until the first probe of that kind */
    struct trust_store *trust;  /* NULL: nobody is trusted */
};

/* ---- the end ---- */

static void attempt_free(struct attempt *attempt)
{
    struct attempt **at = &attempt->prober->attempts;

    while (*at != NULL && *at != attempt)
        at = &(*at)->next;
    *at = attempt->next;
    attempt->prober->count--;
    if (attempt->event != NULL)
        event_free(attempt->event);
    event_free(attempt->timer);
    SSL_free(attempt->ssl);
    if (attempt->fd >= 0)
        (void)close(attempt->fd);
    buf_clear(&attempt->in);
    buf_clear(&attempt->out);
    free(attempt);
}

static void fail_as(struct attempt *attempt, enum message_failure kind, const char *why, const char *next)
{
    struct prober_sink *sink = &attempt->prober->sink;

    sink->failed(sink->ctx, attempt->id, &(struct message_failed){ kind, view_of(why), view_of(next) });
    attempt_free(attempt);
}

/* "192.0.2.1 port 443 <what>" */
static void fail_at(struct attempt *attempt, enum message_failure kind, const char *what, const char *next)
{
    char why[WHY_SIZE];

    (void)snprintf(why, sizeof why, "%s %s", attempt->where, what);
    fail_as(attempt, kind, why, next);
}

static void fail(struct attempt *attempt, const char *what, const char *next)
{
    fail_at(attempt, MESSAGE_FAILURE_NETWORK, what, next);
}

static void fail_errno(struct attempt *attempt, int sys)
{
    char what[128];

    if (sys == ECONNREFUSED) {
        fail_at(
            attempt, MESSAGE_FAILURE_REFUSED, "refused the connection", "see that the server is up and listens there");
        return;
    }
    (void)snprintf(what, sizeof what, "cannot be reached (%s)", strerror(sys));
    fail_at(attempt, message_failure_of_errno(sys), what, "");
}

/* Its certificates in DER, in order. False: they are too many or too large. */
static bool put_chain(SSL *ssl, struct buf *room, struct message_probed *out)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    size_t begun[PROBE_MAX_CERTS + 1] = { 0 };

    if (chain == NULL || sk_X509_num(chain) < 1 || sk_X509_num(chain) > PROBE_MAX_CERTS)
        return false;
    for (out->count = 0; out->count < (size_t)sk_X509_num(chain); out->count++) {
        unsigned char *der = NULL;
        int len = i2d_X509(sk_X509_value(chain, (int)out->count), &der);

        if (len <= 0)
            return false;
        buf_put(room, (struct view){ (const char *)der, (size_t)len });
        OPENSSL_free(der);
        begun[out->count + 1] = room->len;
    }
    for (size_t i = 0; i < out->count && !room->failed; i++)
        out->chain[i] = (struct view){ room->at + begun[i], begun[i + 1] - begun[i] };
    return !room->failed;
}

static void verify(const struct attempt *attempt, struct verified *out)
{
    STACK_OF(X509) *shown = SSL_get_peer_cert_chain(attempt->ssl);
    struct trust_store *trust = attempt->prober->trust;

    if (attempt->verify && shown != NULL && sk_X509_num(shown) > 0)
        verify_shown(trust == NULL ? NULL : trust_store_roots(trust), sk_X509_value(shown, 0), shown, out);
}

static void tell(struct attempt *attempt)
{
    AUTO(buf_clear) struct buf room = BUF(PROBE_MAX_CHAIN);
    struct verified verified = { .trust = PROBE_UNVERIFIED };
    struct prober_sink *sink = &attempt->prober->sink;
    struct message_probed probed = { .version = view_of(SSL_get_version(attempt->ssl)),
        .cipher = view_of(SSL_get_cipher_name(attempt->ssl)) };
    const unsigned char *alpn = NULL;
    unsigned alpn_len = 0;

    SSL_get0_alpn_selected(attempt->ssl, &alpn, &alpn_len);
    probed.alpn = alpn == NULL ? view_of("") : (struct view){ (const char *)alpn, alpn_len };
    if (!put_chain(attempt->ssl, &room, &probed) || view_has(probed.alpn, '\0')) {
        fail(attempt, "showed no certificate, or too many of them", "");
        return;
    }
    verify(attempt, &verified);
    probed.trust = (uint8_t)verified.trust;
    probed.why = view_of(verified.why);
    probed.weak = view_of(verified.weak);
    (void)SSL_shutdown(attempt->ssl);
    sink->probed(sink->ctx, attempt->id, &probed);
    attempt_free(attempt);
}

/* ---- on the way ---- */

static void on_event(evutil_socket_t fd, short what, void *ctx);

static void watch(struct attempt *attempt, short what)
{
    if (event_assign(attempt->event, attempt->prober->base, attempt->fd, what, on_event, attempt) != 0 ||
        event_add(attempt->event, NULL) != 0)
        abort();
}

static void fail_tls(struct attempt *attempt, int kind)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    bool left = kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && code == 0) ||
                (code != 0 && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    char what[200];

    (void)snprintf(what, sizeof what, "and this machine agree on no TLS (%s)",
        left             ? "it closed the connection"
        : reason != NULL ? reason
                         : "no reason is known");
    ERR_clear_error();
    fail(attempt, what, "see that it speaks TLS there and has a certificate for this name and kind of key");
}

static void shake_hands(struct attempt *attempt)
{
    int result, kind;

    ERR_clear_error(); /* of others */
    result = SSL_connect(attempt->ssl);
    kind = SSL_get_error(attempt->ssl, result);
    if (result == 1)
        tell(attempt);
    else if (kind == SSL_ERROR_WANT_READ)
        watch(attempt, EV_READ);
    else if (kind == SSL_ERROR_WANT_WRITE)
        watch(attempt, EV_WRITE);
    else
        fail_tls(attempt, kind);
}

/* Sends what is to be said. False: it has failed, and the attempt is gone. */
static bool send_out(struct attempt *attempt)
{
    while (attempt->out.len > 0) {
        ssize_t sent = send(attempt->fd, attempt->out.at, attempt->out.len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            fail_errno(attempt, errno);
            return false;
        }
        memmove(attempt->out.at, attempt->out.at + sent, attempt->out.len - (size_t)sent);
        buf_cut(&attempt->out, attempt->out.len - (size_t)sent);
    }
    return true;
}

static void talk(struct attempt *attempt, enum starttls_step step)
{
    char what[STARTTLS_WHY + 8];

    if (step == STARTTLS_FAILED) {
        (void)snprintf(what, sizeof what, "says: %s", attempt->talk.why);
        fail(attempt, attempt->talk.why[0] != '\0' ? what : "does not begin TLS", "");
        return;
    }
    if (!send_out(attempt))
        return;
    if (attempt->out.len > 0) {
        watch(attempt, EV_WRITE);
    } else if (step == STARTTLS_READY) {
        attempt->phase = PHASE_HANDSHAKE;
        shake_hands(attempt);
    } else {
        watch(attempt, EV_READ);
    }
}

static void hear(struct attempt *attempt)
{
    char *room = buf_room(&attempt->in, READ_CHUNK);
    ssize_t got = room == NULL ? 0 : recv(attempt->fd, room, READ_CHUNK, 0);
    enum starttls_step step;
    size_t used;

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        watch(attempt, EV_READ);
        return;
    }
    if (got <= 0) {
        fail(attempt, "closed the connection before TLS", "see that it is the protocol that was named");
        return;
    }
    buf_grow(&attempt->in, (size_t)got);
    step = starttls_take(&attempt->talk, buf_view(&attempt->in), &used, &attempt->out);
    memmove(attempt->in.at, attempt->in.at + used, attempt->in.len - used);
    buf_cut(&attempt->in, attempt->in.len - used);
    attempt->ready = step == STARTTLS_READY;
    talk(attempt, step);
}

static void connected(struct attempt *attempt)
{
    int sys = 0;
    socklen_t len = sizeof sys;

    if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
        sys = errno;
    if (sys != 0) {
        fail_errno(attempt, sys);
        return;
    }
    attempt->phase = attempt->starttls ? PHASE_TALKING : PHASE_HANDSHAKE;
    if (attempt->starttls)
        talk(attempt, STARTTLS_MORE);
    else
        shake_hands(attempt);
}

static void on_event(evutil_socket_t fd __attribute__((unused)), short what, void *ctx)
{
    struct attempt *attempt = ctx;

    switch (attempt->phase) {
    case PHASE_CONNECTING:
        connected(attempt);
        break;
    case PHASE_TALKING:
        if ((what & EV_WRITE) != 0)
            talk(attempt, attempt->ready ? STARTTLS_READY : STARTTLS_MORE);
        else
            hear(attempt);
        break;
    case PHASE_HANDSHAKE:
        shake_hands(attempt);
        break;
    }
}

static void on_timer(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    static const char *const meanwhile[] = {
        [PHASE_CONNECTING] = "did not take the connection in time",
        [PHASE_TALKING] = "did not say in time what begins TLS",
        [PHASE_HANDSHAKE] = "did not finish the handshake in time",
    };
    struct attempt *attempt = ctx;

    fail_at(attempt, attempt->phase == PHASE_CONNECTING ? MESSAGE_FAILURE_SILENT : MESSAGE_FAILURE_NETWORK,
        meanwhile[attempt->phase], "see whether a firewall drops packets, and that it is the protocol that was named");
}

/* ---- from outside ---- */

/* What all probes of a kind share: a list of ciphers takes OpenSSL as long as a good part of a handshake. NULL: what is
 * asked for cannot be had of it. */
static SSL_CTX *ctx_new(enum probe_key key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) != 1)
        abort();
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_max_cert_list(ctx, PROBE_MAX_CHAIN);
    (void)SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_cipher_list(ctx, kinds[key].ciphers) == 1 &&
        (kinds[key].signatures == NULL || SSL_CTX_set1_sigalgs_list(ctx, kinds[key].signatures) == 1))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

/* "h2,http/1.1" as the extension has it (RFC 7301 section 3.1). False: one of them is empty or too long. */
static bool set_alpn(SSL *ssl, struct view names)
{
    AUTO(buf_clear) struct buf list = BUF(MESSAGE_MAX_ALPN + 1);
    struct view name;

    if (names.len == 0)
        return true;
    while (view_cut(&names, ',', &name)) {
        if (name.len == 0 || name.len > 255)
            return false;
        buf_put_char(&list, (char)name.len);
        buf_put(&list, name);
    }
    return !list.failed && SSL_set_alpn_protos(ssl, (const unsigned char *)list.at, (unsigned)list.len) == 0;
}

static bool is_address(const char *name)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* False: what is asked for cannot be had of OpenSSL. */
static bool set_tls(struct attempt *attempt, const struct message_probe *probe)
{
    AUTO(free) char *sni = view_dup(probe->sni);
    SSL_CTX **ctx = &attempt->prober->ctx[probe->key];

    if (*ctx == NULL)
        *ctx = ctx_new((enum probe_key)probe->key);
    attempt->ssl = *ctx != NULL ? SSL_new(*ctx) : NULL;
    if (attempt->ssl == NULL)
        return false;
    if (*sni != '\0' && !is_address(sni) && SSL_set_tlsext_host_name(attempt->ssl, sni) != 1)
        return false;
    return set_alpn(attempt->ssl, probe->alpn) && SSL_set_fd(attempt->ssl, attempt->fd) == 1;
}

static struct attempt *attempt_new(struct prober *prober, uint32_t id)
{
    struct attempt *attempt = xcalloc(1, sizeof *attempt);

    *attempt = (struct attempt){ .prober = prober,
        .id = id,
        .fd = -1,
        .in = BUF(STARTTLS_PIECE + READ_CHUNK),
        .out = BUF(2048),
        .timer = event_new(prober->base, -1, 0, on_timer, attempt),
        .next = prober->attempts };
    if (attempt->timer == NULL)
        abort();
    prober->attempts = attempt;
    prober->count++;
    return attempt;
}

static void dial(struct attempt *attempt, const struct name_server *server)
{
    attempt->fd = socket(server->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd < 0)
        return;
    attempt->event = event_new(attempt->prober->base, attempt->fd, EV_WRITE, on_event, attempt);
    if (attempt->event == NULL)
        abort();
}

static struct attempt *find(const struct prober *prober, uint32_t id)
{
    struct attempt *attempt = prober->attempts;

    while (attempt != NULL && attempt->id != id)
        attempt = attempt->next;
    return attempt;
}

bool prober_begin(struct prober *prober, uint32_t id, const struct message_probe *probe)
{
    struct name_server server;
    struct attempt *attempt;

    if (find(prober, id) != NULL)
        return false;
    attempt = attempt_new(prober, id);
    if (!name_server_read(probe->address, probe->port, &server) ||
        (probe->starttls.len > 0 && !starttls_knows(probe->starttls))) {
        fail_as(attempt, MESSAGE_FAILURE_CONFIG, "no address that can be probed, or no protocol that begins TLS", "");
        return true;
    }
    (void)snprintf(attempt->where, sizeof attempt->where, "%s port %u", server.text, probe->port);
    if (prober->count > MAX_PROBES) {
        fail(attempt, "is not probed: too many others are", "try again later");
        return true;
    }
    attempt->verify = probe->verify;
    attempt->starttls = probe->starttls.len > 0;
    if (attempt->starttls)
        starttls_begin(
            &attempt->talk, probe->starttls, probe->sni.len > 0 ? probe->sni : view_of("localhost"), &attempt->out);
    dial(attempt, &server);
    if (attempt->fd < 0)
        fail_errno(attempt, errno);
    else if (!set_tls(attempt, probe))
        fail_as(attempt, MESSAGE_FAILURE_CONFIG, "this is no TLS that can be asked for", "");
    else if (connect(attempt->fd, (const struct sockaddr *)&server.at, server.len) != 0 && errno != EINPROGRESS)
        fail_errno(attempt, errno);
    else {
        (void)event_add_ms(attempt->timer, probe->timeout_ms);
        watch(attempt, EV_WRITE);
    }
    return true;
}

void prober_cancel(struct prober *prober, uint32_t id)
{
    struct attempt *attempt = find(prober, id);

    if (attempt != NULL)
        fail_as(attempt, MESSAGE_FAILURE_CANCELED, "stopped", "");
}

struct prober *prober_new(struct event_base *base, struct prober_sink sink)
{
    struct prober *prober = xcalloc(1, sizeof *prober);

    prober->base = base;
    prober->sink = sink;
    return prober;
}

void prober_trust(struct prober *prober, enum message_trust trust, struct view bundle)
{
    if (prober->trust == NULL)
        prober->trust = trust_store_new(trust, bundle);
}

void prober_free(struct prober *prober)
{
    while (prober->attempts != NULL)
        attempt_free(prober->attempts);
    for (size_t i = 0; i < COUNT(prober->ctx); i++)
        SSL_CTX_free(prober->ctx[i]);
    if (prober->trust != NULL)
        trust_store_free(prober->trust);
    free(prober);
}
