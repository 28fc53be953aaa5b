#pragma once
/*
 * A CA for tests that says its part word for word: each step is one request that must come, and its answer.
 * The clock stands still but for the waits asked for, which are written down. Included by test programs only.
 */
#include "base/test.h"

#include "acme/session.h"
#include "base/text.h"
#include "crypto/key.h"
#include "json/doc.h"

#define CA "https://ca.example"
#define SCRIPT_DIRECTORY                                                                                               \
    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-acct\",\"newOrder\":\"" CA "/new-order\","             \
    "\"revokeCert\":\"" CA "/revoke\",\"keyChange\":\"" CA "/key-change\",\"renewalInfo\":\"" CA "/ari\","             \
    "\"meta\":{\"termsOfService\":\"" CA "/terms\",\"profiles\":{\"classic\":\"as ever\",\"short\":\"six days\"}}}"
#define SCRIPT_NOW 1800000000 /* 2027-01-15T08:00:00Z */
#define SCRIPT_SLEEPS 64
#define KID CA "/acct/1"

struct step {
    const char *request; /* "POST https://ca.example/x" */
    const char *payload; /* of a POST, as JSON text; "" is POST-as-GET, NULL is anything */
    int status;          /* 0: no answer (ERROR_NETWORK) */
    const char *headers; /* "name: value" lines, NULL when none */
    const char *body;
};

struct script {
    const struct step *steps;
    size_t count, at;
    bool nonces_by_hand; /* else newNonce is answered without a step */
    unsigned nonces_made;
    struct list nonces; /* given out and not used yet */
    int64_t now_ms, sleeps[SCRIPT_SLEEPS];
    size_t sleep_count;
    size_t interrupt_at;    /* that sleep is interrupted; 0: none (counted from 1) */
    const char *kid;        /* expected in the header; NULL: a jwk */
    char *accept, *payload; /* of the last request */
    size_t max_body;
    struct transport transport;
    struct session *session;
};

/* ---- the signer: its signature is the digest of what is signed, so that every request can be checked ----
 */

static struct jwk script_jwk = { .kty = "EC", .crv = "P-256" };
static char script_x[32] = { 1 }, script_y[32] = { 2 };

static bool script_sign(void *self, struct view input, struct buf *signature, struct error *err)
{
    (void)self;
    return digest_sha256(input, signature, err);
}

static inline struct signer script_signer(void)
{
    script_jwk.members[0] = (struct jwk_member){ "x", { .at = script_x, .len = 32, .max = 32 } };
    script_jwk.members[1] = (struct jwk_member){ "y", { .at = script_y, .len = 32, .max = 32 } };
    script_jwk.count = 2;
    return (struct signer){ "ES256", script_sign, &script_jwk, NULL };
}

/* ---- what comes in ---- */

static inline void script_use_nonce(struct script *script, const char *nonce)
{
    for (size_t i = 0; nonce != NULL && i < script->nonces.len; i++)
        if (strcmp(script->nonces.at[i], nonce) == 0) {
            list_remove(&script->nonces, i);
            return;
        }
    CHECK(false, "nonce '%s' was not given out, or used before", nonce == NULL ? "(none)" : nonce);
}

static inline void script_check_header(struct script *script, struct view header, const char *url)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error err = { 0 };
    const struct node *root;

    REQUIRE(doc_read(header, "header", &doc, &err), "%s", err.why);
    root = doc_root(doc);
    CHECK_TEXT(node_text(node_member(root, "alg")), "ES256", url);
    CHECK_TEXT(node_text(node_member(root, "url")), url, url);
    CHECK_TEXT(node_text(node_member(root, "kid")), script->kid, url);
    CHECK((node_member(root, "jwk") != NULL) == (script->kid == NULL), "%s", url);
    if (script->kid == NULL)
        CHECK_TEXT(node_text(node_member(node_member(root, "jwk"), "crv")), "P-256", url);
    script_use_nonce(script, node_text(node_member(root, "nonce")));
}

static inline void script_check_post(struct script *script, const struct http_request *request, const char *payload)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(buf_clear) struct buf header = BUF(65536);
    AUTO(buf_clear) struct buf body = BUF(65536);
    AUTO(buf_clear) struct buf input = BUF(65536);
    AUTO(buf_clear) struct buf digest = BUF(64);
    AUTO(buf_clear) struct buf signature = BUF(64);
    struct error err = { 0 };
    const char *header64, *payload64;

    CHECK_TEXT(request->content_type, "application/jose+json", request->url);
    REQUIRE(doc_read(request->body, "body", &doc, &err), "%s", err.why);
    header64 = node_text(node_member(doc_root(doc), "protected"));
    payload64 = node_text(node_member(doc_root(doc), "payload"));
    REQUIRE(header64 != NULL && payload64 != NULL, "%s", request->url);
    REQUIRE(buf_put_unbase64url(&header, view_of(header64)), "%s", header64);
    REQUIRE(buf_put_unbase64url(&body, view_of(payload64)), "%s", payload64);
    REQUIRE(buf_put_unbase64url(&signature, view_of(node_text(node_member(doc_root(doc), "signature")))), "signature");
    buf_putf(&input, "%s.%s", header64, payload64);
    REQUIRE(digest_sha256(buf_view(&input), &digest, &err), "%s", err.why);
    CHECK(view_equal(buf_view(&digest), buf_view(&signature)), "%s: the signature does not cover it", request->url);
    script_check_header(script, buf_view(&header), request->url);
    if (payload != NULL)
        CHECK_TEXT(buf_text(&body), payload, request->url);
    xreplace(&script->payload, buf_text(&body));
}

/* ---- what goes out ---- */

static inline void script_put_header(
    struct script *script, struct http_response *out, struct view name, struct view value)
{
    struct http_header *header = &out->headers[out->header_count++];

    *header = (struct http_header){ view_dup(view_trim(name)), view_dup(view_trim(value)) };
    text_lower(header->name);
    if (strcmp(header->name, "replay-nonce") == 0)
        list_add(&script->nonces, header->value);
}

static inline void script_put_headers(struct script *script, struct http_response *out, const char *headers)
{
    struct view rest = view_of(headers), line, name;

    while (view_cut(&rest, '\n', &line))
        if (view_has(line, ':')) {
            (void)view_cut(&line, ':', &name);
            script_put_header(script, out, name, line);
        }
}

static bool script_http(void *self, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct script *script = self;
    const struct step *step = &script->steps[script->at];
    static const char *const methods[] = { "GET", "HEAD", "POST" };
    AUTO(free) char *line = xprintf("%s %s", methods[request->method], request->url);
    AUTO(free) char *nonce = NULL;

    CHECK(
        request->max_body > 0 && request->max_body <= 1024 * 1024, "%s: answers of %zu bytes", line, request->max_body);
    if (!script->nonces_by_hand && strcmp(line, "HEAD " CA "/nonce") == 0) {
        nonce = xprintf("made-%u", ++script->nonces_made);
        script_put_header(script, out, view_of("Replay-Nonce"), view_of(nonce));
        out->status = 200;
        return true;
    }
    if (script->at == script->count) {
        CHECK(false, "unexpected request: %s", line);
        return error_set(err, ERROR_INTERNAL, "the script is at its end");
    }
    script->at++;
    CHECK_TEXT(line, step->request, "request");
    if (request->method == HTTP_POST)
        script_check_post(script, request, step->payload);
    xreplace(&script->accept, request->accept);
    script->max_body = request->max_body;
    if (step->status == 0)
        return error_set(err, ERROR_NETWORK, "connection reset");
    out->status = step->status;
    out->body.max = HTTP_MAX_BODY;
    buf_put_text(&out->body, step->body == NULL ? "" : step->body);
    script_put_headers(script, out, step->headers);
    return true;
}

static bool script_sleep_ms(void *self, int64_t ms, struct error *err)
{
    struct script *script = self;

    if (script->sleep_count < SCRIPT_SLEEPS)
        script->sleeps[script->sleep_count++] = ms;
    if (script->sleep_count == script->interrupt_at)
        return error_set(err, ERROR_CANCELED, "interrupted");
    script->now_ms += ms;
    return true;
}

static int64_t script_now(void *self)
{
    return ((const struct script *)self)->now_ms / 1000;
}

/* ---- a session with it ---- */

static inline void script_start(struct script *script, const struct step *steps, size_t count)
{
    script->steps = steps;
    script->count = count;
    script->kid = KID;
    script->now_ms = SCRIPT_NOW * 1000LL;
    script->transport = (struct transport){ script_http, script_sleep_ms, script_now, script };
}

/* Opens the session by a directory that is not among the steps. */
static inline void script_open(struct script *script, const struct step *steps, size_t count)
{
    static const struct step first = { "GET " CA "/dir", NULL, 200, NULL, SCRIPT_DIRECTORY };
    struct error err = { 0 };

    script_start(script, &first, 1);
    REQUIRE(session_open(&script->transport, CA "/dir", &script->session, &err), "%s", err.why);
    script->steps = steps;
    script->count = count;
    script->at = 0;
}

/* Every step must have been taken. */
static inline void script_clear(struct script *script)
{
    CHECK(script->at == script->count, "the request '%s' did not come",
        script->at < script->count ? script->steps[script->at].request : "");
    session_close(script->session);
    list_clear(&script->nonces);
    free(script->accept);
    free(script->payload);
}
static inline void script_clear_at(struct script *script)
{
    script_clear(script);
}

static inline struct identity script_who(const struct signer *signer)
{
    return (struct identity){ signer, KID };
}

#define SCRIPT(name, steps)                                                                                            \
    AUTO(script_clear) struct script name = { 0 };                                                                     \
    script_open(&name, steps, COUNT(steps))

#define BAD_NONCE                                                                                                      \
    "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"JWS has an invalid anti-replay nonce\"}"
