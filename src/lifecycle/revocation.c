#include "lifecycle/revocation.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crl.h"
#include "crypto/ocsp.h"

#define OCSP_TIMEOUT_MS 10000
#define CRL_TIMEOUT_MS 30000
#define CHAIN_MAX (1024 * 1024)

struct crl_place { /* a URL that lists come from */
    struct crl_place *next;
    char *url;
    pthread_mutex_t lock; /* held while it is fetched: the others wait for the same list */
    bool tried;
    struct crl *crl;      /* NULL: there is none to be had */
    struct error failure; /* why */
};

struct revocation_memory {
    pthread_mutex_t lock; /* silent and places; not what is in a place */
    struct list silent;   /* "http://host:port" of those that did not answer */
    struct crl_place *places;
};

struct asking { /* one certificate's question */
    struct revocation_memory *memory;
    const struct transport *transport;
    const char *path;
    const char *ca; /* its directory's URL, "" when not known */
    const struct cert *cert, *issuer;
    int64_t now;
};

struct revocation_memory *revocation_memory_new(void)
{
    struct revocation_memory *memory = xcalloc(1, sizeof *memory);

    (void)pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

void revocation_memory_free(struct revocation_memory *memory)
{
    if (memory == NULL)
        return;
    while (memory->places != NULL) {
        struct crl_place *place = memory->places;

        memory->places = place->next;
        crl_free(place->crl);
        free(place->url);
        (void)pthread_mutex_destroy(&place->lock);
        free(place);
    }
    list_clear(&memory->silent);
    (void)pthread_mutex_destroy(&memory->lock);
    free(memory);
}

/* ---- HTTP, once for each host that is silent ---- */

/* "http://host:port" of a URL. */
static char *host_of(const char *url)
{
    const char *start = strstr(url, "://");
    size_t len = start == NULL ? strlen(url) : (size_t)(start - url) + 3;

    return xstrndup(url, len + strcspn(url + len, "/?#"));
}

static bool is_silent(struct revocation_memory *memory, const char *host)
{
    bool silent;

    (void)pthread_mutex_lock(&memory->lock);
    silent = list_has(&memory->silent, host);
    (void)pthread_mutex_unlock(&memory->lock);
    return silent;
}

static void mark_silent(struct revocation_memory *memory, const char *host)
{
    (void)pthread_mutex_lock(&memory->lock);
    if (!list_has(&memory->silent, host))
        list_add(&memory->silent, host);
    (void)pthread_mutex_unlock(&memory->lock);
}

/* ERROR_NETWORK for anything but a 200. */
static bool fetch(
    const struct asking *asking, const struct http_request *request, struct http_response *response, struct error *err)
{
    AUTO(free) char *host = host_of(request->url);

    if (is_silent(asking->memory, host))
        return error_set(err, ERROR_NETWORK, "%s did not answer before", host);
    if (!asking->transport->http(asking->transport->self, request, response, err)) {
        if (err->kind == ERROR_NETWORK)
            mark_silent(asking->memory, host);
        return false;
    }
    return response->status == 200 ||
           error_set(err, ERROR_NETWORK, "HTTP status %d from %s", response->status, request->url);
}

/* ---- OCSP ---- */

static bool ocsp_fetch(const struct asking *asking, struct http_response *response, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF(OCSP_MAX_REQUEST);

    TRY(ocsp_request(asking->cert, asking->issuer, &question, err));
    return fetch(asking,
        &(struct http_request){
            .method = HTTP_POST,
            .named_by = asking->ca,
            .url = asking->cert->ocsp_url,
            .content_type = "application/ocsp-request",
            .body = buf_view(&question),
            .max_body = OCSP_MAX_RESPONSE,
            .timeout_ms = OCSP_TIMEOUT_MS,
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

static struct crl_place *place_of(struct revocation_memory *memory, const char *url)
{
    struct crl_place *place;

    (void)pthread_mutex_lock(&memory->lock);
    for (place = memory->places; place != NULL; place = place->next)
        if (strcmp(place->url, url) == 0)
            break;
    if (place == NULL) {
        place = xcalloc(1, sizeof *place);
        place->url = xstrdup(url);
        (void)pthread_mutex_init(&place->lock, NULL);
        place->next = memory->places;
        memory->places = place;
    }
    (void)pthread_mutex_unlock(&memory->lock);
    return place;
}

static bool crl_fetch(const struct asking *asking, struct crl **out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    TRY(fetch(asking,
        &(struct http_request){
            .method = HTTP_GET,
            .named_by = asking->ca,
            .url = asking->cert->crl_url,
            .max_body = CRL_MAX,
            .timeout_ms = CRL_TIMEOUT_MS,
            .follow = true,
        },
        &response, err));
    if (crl_read(buf_view(&response.body), asking->issuer, out, err))
        return true;
    /* Here it is said once, not for each certificate. */
    log_warning("The revocation list %s cannot be used: %s", asking->cert->crl_url, err->why);
    return false;
}

/* Fetches the list once; whoever comes meanwhile waits. Borrowed from the memory. */
static bool crl_get(const struct asking *asking, const struct crl **out, struct error *err)
{
    struct crl_place *place = place_of(asking->memory, asking->cert->crl_url);

    (void)pthread_mutex_lock(&place->lock);
    if (!place->tried) {
        place->failure = (struct error){ 0 };
        place->tried = crl_fetch(asking, &place->crl, &place->failure) || place->failure.kind != ERROR_CANCELED;
    }
    *out = place->crl;
    if (place->crl == NULL)
        *err = place->failure;
    (void)pthread_mutex_unlock(&place->lock);
    return *out != NULL;
}

static enum revocation crl_ask(const struct asking *asking, struct error *err)
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

/* What goes wrong before anybody is asked. */
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
    struct error failure = { 0 };
    struct transport transport;
    struct net *net;

    if (!revocation_can_be_asked(lineage->cert, clock_now())) {
        *out = REVOCATION_UNKNOWN;
        return true;
    }
    if (!lineage_read(lineage, KIND_CHAIN, &chain, &failure) || !context_net(context, &net, &failure))
        return not_asked(lineage, &failure, out, err);
    transport = transport_of_net(net);
    return revocation_ask(world_revocation(context->world), &transport, lineage->current[KIND_CERT],
        lineage_server(lineage) == NULL ? "" : lineage_server(lineage), lineage->cert, buf_view(&chain), out, err);
}
