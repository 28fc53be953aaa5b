#include "run/revocation.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "crypto/crl.h"
#include "crypto/ocsp.h"
#include "run/revocation_memory.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"

#define TIMEOUT_MS 10000     /* of a whole answer */
#define HOST_SILENCE_MS 3000 /* of a host that says nothing */
#define CHAIN_MAX (1024 * 1024)
#define MEMORY_DIR "revocation" /* below the work directory */

struct asking { /* one certificate's question */
    struct revocation_memory *memory;
    const struct transport *transport;
    const char *path;
    const char *ca; /* its directory's URL, "" when not known */
    const struct cert *cert, *issuer;
    int64_t now;
};

/* ---- HTTP ---- */

/* ERROR_NETWORK for anything but a 200. */
static bool fetch(
    const struct asking *asking, struct http_request request, struct http_response *response, struct error *err)
{
    AUTO(free) char *host = revocation_host(request.url);
    int64_t begun_ms;

    request.named_by = asking->ca;
    request.timeout_ms = TIMEOUT_MS;
    request.silence_ms = HOST_SILENCE_MS;
    if (!revocation_may_ask(asking->memory, host))
        return error_set(err, ERROR_NETWORK, "%s did not answer before, or others have taken the time", host);
    begun_ms = clock_monotonic_ms();
    if (!asking->transport->http(asking->transport->self, &request, response, err)) {
        if (err->kind == ERROR_NETWORK)
            revocation_note_silence(asking->memory, host, begun_ms, clock_monotonic_ms(), asking->now);
        else
            revocation_note_nothing(asking->memory, host);
        return false;
    }
    revocation_note_answer(asking->memory, host);
    return response->status == 200 ||
           error_set(err, ERROR_NETWORK, "HTTP status %d from %s", response->status, request.url);
}

/* ---- OCSP ---- */

static bool ocsp_fetch(const struct asking *asking, struct http_response *response, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF(OCSP_MAX_REQUEST);

    TRY(ocsp_request(asking->cert, asking->issuer, &question, err));
    return fetch(asking,
        (struct http_request){
            .method = HTTP_POST,
            .url = asking->cert->ocsp_url,
            .content_type = "application/ocsp-request",
            .body = buf_view(&question),
            .max_body = OCSP_MAX_RESPONSE,
        },
        response, err);
}

static enum revocation ocsp_ask(const struct asking *asking, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    enum ocsp_status status;

    if (!ocsp_fetch(asking, &response, err)) {
        if (err->kind != ERROR_CANCELED)
            log_info("No OCSP answer for %s (are we offline?): %s", asking->path, err->why);
        return REVOCATION_UNKNOWN;
    }
    if (!ocsp_judge(buf_view(&response.body), asking->cert, asking->issuer, asking->now, &status, err)) {
        if (err->kind == ERROR_ACME) /* these words are Certbot's */
            log_warning("Invalid OCSP response status for %s: %s", asking->path, err->why);
        else
            log_warning("Invalid OCSP response for %s: %s", asking->path, err->why);
        return REVOCATION_UNKNOWN;
    }
    switch (status) {
    case OCSP_GOOD:
        return REVOCATION_GOOD;
    case OCSP_REVOKED:
        return REVOCATION_REVOKED;
    case OCSP_UNKNOWN:
        break;
    }
    log_info("The OCSP responder does not know %s", asking->path);
    return REVOCATION_UNKNOWN;
}

/* ---- lists ---- */

/* A list that an earlier run has fetched, no older than that. */
static bool crl_recall(const struct asking *asking, int64_t max_age_s, struct crl **out)
{
    AUTO(buf_clear) struct buf kept = BUF(LISTS_KEPT_BYTES);
    AUTO(crl_free) struct crl *crl = NULL;
    struct error err = { 0 };

    if (!revocation_list_kept(asking->memory, asking->cert->crl_url, asking->now, max_age_s, &kept) ||
        !crl_read(buf_view(&kept), asking->issuer, &crl, &err) || !crl_is_current(crl, asking->now))
        return false;
    log_debug("the revocation list %s is the one that was fetched before", asking->cert->crl_url);
    *out = TAKE(crl);
    return true;
}

static bool crl_fetch(const struct asking *asking, struct crl **out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    TRY(fetch(asking,
        (struct http_request){ .method = HTTP_GET, .url = asking->cert->crl_url, .max_body = CRL_MAX, .follow = true },
        &response, err));
    if (crl_read(buf_view(&response.body), asking->issuer, out, err)) {
        revocation_keep_list(asking->memory, asking->cert->crl_url, buf_view(&response.body));
        return true;
    }
    /* Logged here, once, not for each certificate. */
    log_warning("The revocation list %s cannot be used: %s", asking->cert->crl_url, err->why);
    return false;
}

/* A fresh one of before, or a new one; where that is not to be had, whatever of before is still valid. */
static bool crl_obtain(const struct asking *asking, struct crl **out, struct error *err)
{
    return crl_recall(asking, LISTS_FRESH_S, out) || crl_fetch(asking, out, err) ||
           (err->kind != ERROR_CANCELED && crl_recall(asking, INT64_MAX, out));
}

static bool make_source(void *source, void *asking, struct error *err)
{
    return crl_obtain(asking, &((struct crl_source *)source)->crl, err);
}

/* Downloads the list once; other threads wait for it. Borrowed from the memory. */
static bool crl_get(struct asking *asking, const struct crl **out, struct error *err)
{
    struct crl_source *source = revocation_source(asking->memory, asking->cert->crl_url);
    MUTEX_HOLD(&source->named.lock);

    TRY(named_make(&source->named, make_source, asking, err));
    *out = source->crl;
    return true;
}

static enum revocation crl_ask(struct asking *asking, struct error *err)
{
    const struct crl *crl;
    bool revoked;

    if (!crl_get(asking, &crl, err)) {
        if (err->kind != ERROR_CANCELED)
            log_info("No revocation list for %s: %s", asking->path, err->why);
        return REVOCATION_UNKNOWN;
    }
    if (!crl_lookup(crl, asking->cert, asking->issuer, asking->now, &revoked, err)) {
        log_warning("Invalid revocation list for %s: %s", asking->path, err->why);
        return REVOCATION_UNKNOWN;
    }
    return revoked ? REVOCATION_REVOKED : REVOCATION_GOOD;
}

/* ---- both ---- */

bool revocation_can_be_asked(const struct cert *cert, int64_t now)
{
    return cert->not_after > now && (cert->ocsp_url != NULL || cert->crl_url != NULL);
}

bool revocation_ask(struct revocation_memory *memory, const struct transport *transport, const char *path,
    const char *ca, const struct cert *cert, struct view chain, enum revocation *out, struct error *err)
{
    AUTO(cert_free) struct cert *issuer = NULL;
    struct asking asking = { memory, transport, path, ca, cert, NULL, transport->now(transport->self) };
    struct error failure = { 0 };
    enum revocation found = REVOCATION_UNKNOWN;

    if (!cert_from_pem(chain, "of the issuer", &issuer, &failure) || !cert_check_signed_by(cert, issuer, &failure)) {
        log_warning("Cannot ask whether %s was revoked: %s", path, failure.why);
        *out = REVOCATION_UNKNOWN;
        return true;
    }
    asking.issuer = issuer;
    if (cert->ocsp_url != NULL)
        found = ocsp_ask(&asking, &failure);
    if (found == REVOCATION_UNKNOWN && cert->crl_url != NULL && failure.kind != ERROR_CANCELED)
        found = crl_ask(&asking, &failure);
    if (found == REVOCATION_UNKNOWN && failure.kind == ERROR_CANCELED) {
        *err = failure;
        return false;
    }
    *out = found;
    return true;
}

/* Tells a failure that came before anybody was asked; an interrupt is the caller's. */
static bool not_asked(
    const struct lineage *lineage, const struct error *failure, enum revocation *out, struct error *err)
{
    if (failure->kind == ERROR_CANCELED) {
        *err = *failure;
        return false;
    }
    log_warning("Cannot ask whether %s was revoked: %s", lineage->current[KIND_CERT], failure->why);
    *out = REVOCATION_UNKNOWN;
    return true;
}

bool revocation_check(struct context *context, const struct lineage *lineage, enum revocation *out, struct error *err)
{
    AUTO(buf_clear) struct buf chain = BUF(CHAIN_MAX);
    AUTO(free) char *dir = file_join(store_work_dir(context->store), MEMORY_DIR);
    struct error failure = { 0 };
    struct transport transport;

    if (!revocation_can_be_asked(lineage->cert, context_now(context))) {
        *out = REVOCATION_UNKNOWN;
        return true;
    }
    if (!lineage_read(lineage, KIND_CHAIN, &chain, &failure))
        return not_asked(lineage, &failure, out, err);
    if (view_trim(buf_view(&chain)).len == 0) { /* of a CA that sends no issuer: no signature could be checked */
        *out = REVOCATION_UNKNOWN;
        return true;
    }
    if (!context_transport(context, &transport, &failure))
        return not_asked(lineage, &failure, out, err);
    revocation_memory_use(run_revocation(context->run), dir, context_now(context));
    return revocation_ask(run_revocation(context->run), &transport, lineage->current[KIND_CERT],
        lineage_server(lineage) == NULL ? "" : lineage_server(lineage), lineage->cert, buf_view(&chain), out, err);
}
