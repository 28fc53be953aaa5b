#include "acme/session.h"

#include "acme/nonce.h"
#include "acme/signed.h"
#include "acme/url.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

/*
 * Tries with another nonce. A refused nonce cost the CA nothing and did nothing, so repeating is safe; a CA
 * for tests may refuse every second one, and thousands of requests must all come through.
 */
#define NONCE_TRIES 32
#define NONCE_TRIES_AT_ONCE 8 /* without a pause between them */
#define NONCE_PAUSE_MS 100
#define NONCE_FRESH_EVERY 4 /* so often one is fetched instead of using what came with the refusal */

/* Waits for a CA that says when to come back, if that is soon. The request was refused, not done: repeating
 * is safe. */
#define BUSY_TRIES 2
#define BUSY_MAX_S 10

/* Requests that only read (POST-as-GET) are repeated once after a network failure or a server error. */
#define READ_PAUSE_MS 500

/* Bytes of an answer; orders of 1,000 names and long chains take a fifth. Read as JSON, hostile ones grow sixtyfold. */
#define ANSWER_MAX ((size_t)512 * 1024)

#define LOGGED_MAX ((size_t)64 * 1024) /* bytes of an answer in the log */
#define EXCHANGE_MAX_MS (120 * 1000)

#define AGE_MAX_S (365 * 86400)

#define HTTP_TOO_MANY_REQUESTS 429
#define HTTP_SERVICE_UNAVAILABLE 503

struct server {
    struct transport transport;
    char *url;
    struct directory directory;
    bool has_clock;
    int64_t ahead_s;
    struct nonce_pool nonces;
};

struct session {
    struct server *server;
    bool owned;   /* the server goes with this session */
    bool limited; /* by what follows, which is counted down */
    int64_t limit_ms, left_ms;
    size_t limit_bytes, left_bytes;
};

/* Attempts counted for one request. */
struct retries {
    bool read_only;
    unsigned nonces, waits, reads;
};

int64_t session_now(const struct session *session)
{
    return session->server->transport.now(session->server->transport.self);
}

static bool used_up(const struct session *session, struct error *err)
{
    (void)error_set(err, ERROR_NETWORK, "the CA has taken all of the %lld minutes that an order may take",
        (long long)session->limit_ms / 60000);
    return error_next(err, "try again later; the CA may be busy");
}

bool session_sleep_ms(struct session *session, int64_t ms, struct error *err)
{
    const struct transport *transport = &session->server->transport;

    if (!session->limited)
        return transport->sleep_ms(transport->self, ms, err);
    if (session->left_ms <= 0)
        return used_up(session, err);
    if (ms > session->left_ms)
        ms = session->left_ms;
    session->left_ms -= ms;
    return transport->sleep_ms(transport->self, ms, err);
}

static bool is_success(const struct http_response *response)
{
    return response->status >= 200 && response->status <= 299;
}

/* The nonce that came with an answer, of the caller's; NULL when there is none that may be used. */
static char *nonce_of(const struct http_response *response)
{
    const char *nonce = http_header(response, "replay-nonce", NULL);

    return nonce != NULL && nonce_is_good(nonce) ? xstrdup(nonce) : NULL;
}

/*
 * Logs the CA's answer, which shows why it refused. It has no secrets (tokens are for everybody who asks the server for
 * them). Certificates are not repeated there.
 */
static void log_answer(enum http_method method, const char *url, const struct http_response *response)
{
    static const char *const methods[] = { [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST" };
    const char *retry_after = http_header(response, "retry-after", NULL);
    struct view body = view_trim(buf_view(&response->body));
    AUTO(free) char *text = NULL;

    if (!is_success(response) || view_starts(body, "{"))
        text = text_printable_dup(body, LOGGED_MAX, true);
    log_debug("%s %s: HTTP status %d, %zu bytes%s%s%s%s", methods[method], url, response->status, response->body.len,
        retry_after != NULL ? ", Retry-After: " : "", retry_after != NULL ? retry_after : "",
        text != NULL && *text != '\0' ? "\n" : "", text != NULL ? text : "");
}

/* Sets the limits of an exchange to the time and bytes that the session has left. */
static bool limit(const struct session *session, struct http_request *request, struct error *err)
{
    if (!session->limited)
        return true;
    if (session->left_ms <= 0)
        return used_up(session, err);
    if (session->left_bytes == 0)
        return error_set(
            err, ERROR_ACME, "the CA has sent all of the %zu MiB that an order may take", session->limit_bytes >> 20);
    if (session->left_ms < EXCHANGE_MAX_MS)
        request->timeout_ms = (int)session->left_ms;
    if (session->left_bytes < request->max_body)
        request->max_body = session->left_bytes;
    return true;
}

/* Subtracts the time and bytes of the exchange. */
static void count(struct session *session, int64_t since_ms, const struct http_response *response)
{
    session->left_ms -= clock_monotonic_ms() - since_ms;
    session->left_bytes -= response->body.len < session->left_bytes ? response->body.len : session->left_bytes;
}

/* Performs one exchange, with the checks common to all. Sets response->url in any case. */
static bool exchange(
    struct session *session, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct http_request bounded = *request;
    int64_t since_ms = clock_monotonic_ms();
    bool ok;

    bounded.max_body = ANSWER_MAX;
    bounded.timeout_ms = EXCHANGE_MAX_MS;
    TRY(url_check(session->server->url, request->url, err));
    TRY(limit(session, &bounded, err));
    ok = session->server->transport.http(session->server->transport.self, &bounded, out, err);
    count(session, since_ms, out);
    if (!ok)
        return false;
    if (out->url == NULL)
        out->url = xstrdup(request->url);
    log_answer(request->method, request->url, out);
    return true;
}

/* ---- what to do about a refusal ---- */

/* Waits as long as the CA asked for, if that is short enough. False with err->kind set when interrupted. */
static bool wait_for_busy(struct session *session, struct retries *retries, const struct problem *refusal,
    int64_t retry_at, struct error *err)
{
    int64_t pause_s = retry_at - session_now(session);

    if (refusal->status != HTTP_TOO_MANY_REQUESTS && refusal->status != HTTP_SERVICE_UNAVAILABLE &&
        !text_equal(refusal->type, "rateLimited"))
        return false;
    if (retry_at == 0 || pause_s > BUSY_MAX_S || retries->waits == BUSY_TRIES)
        return false;
    retries->waits++;
    log_info("the CA asks for a pause of %lld s: %s", (long long)pause_s, refusal->detail);
    return session_sleep_ms(session, pause_s > 0 ? pause_s * 1000 : READ_PAUSE_MS, err);
}

/*
 * Whether to repeat a refused request; has then waited as long as it must. Else err says why not, and the
 * refusal goes to *problem when that is not NULL.
 */
static bool is_worth_repeating(struct session *session, struct retries *retries, const struct http_response *response,
    struct problem *problem, struct error *err)
{
    AUTO(problem_clear) struct problem refusal = { 0 };
    int64_t retry_at = retry_after_of(response, session_now(session));

    error_clear(err);
    problem_from_response(response, &refusal);
    if (problem_rule_of(refusal.type)->retry == RETRY_FRESH_NONCE && ++retries->nonces < NONCE_TRIES) {
        if (retries->nonces < NONCE_TRIES_AT_ONCE)
            return true;
        return session_sleep_ms(session, NONCE_PAUSE_MS, err);
    }
    if (wait_for_busy(session, retries, &refusal, retry_at, err))
        return true;
    if (err->kind != ERROR_NONE)
        return false;
    if (retries->read_only && refusal.status >= 500 && text_equal(refusal.type, "about:blank") && retries->reads++ == 0)
        return session_sleep_ms(session, READ_PAUSE_MS, err);

    (void)problem_to_error(&refusal, retry_at, err);
    if (problem != NULL) {
        problem_clear(problem);
        *problem = refusal;
        refusal = (struct problem){ 0 };
    }
    return false;
}

/* The same for an exchange that failed before there was an answer. */
static bool is_worth_reconnecting(struct session *session, struct retries *retries, struct error *err)
{
    if (!retries->read_only || err->kind != ERROR_NETWORK || retries->reads++ > 0)
        return false;
    log_info("repeating a request that only reads: %s", err->why);
    return session_sleep_ms(session, READ_PAUSE_MS, err);
}

/* ---- nonces ---- */

/* RFC 8555 section 7.2. The status should be 200; CAs have answered 204 as well. */
static bool nonce_fetch(struct session *session, struct retries *retries, char **out, struct error *err)
{
    const struct http_request request = {
        .method = HTTP_HEAD,
        .url = session->server->directory.new_nonce,
        .follow = true, /* some CAs answer with a redirect to another form of the path */
    };

    for (;;) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        if (!exchange(session, &request, &response, err))
            return error_in(err, "asking for a nonce");
        if (is_success(&response)) {
            *out = nonce_of(&response);
            if (*out != NULL)
                return true;
            (void)error_set(err, ERROR_ACME, "the answer has no Replay-Nonce header, or not a base64url one");
            return error_in(err, "asking for a nonce");
        }
        if (!is_worth_repeating(session, retries, &response, NULL, err))
            return error_in(err, "asking for a nonce");
    }
}

/* Has a nonce in *nonce: what came with the last refusal, or from the pool, or fetched. */
static bool nonce_get(struct session *session, struct retries *retries, char **nonce, struct error *err)
{
    if (retries->nonces % NONCE_FRESH_EVERY == NONCE_FRESH_EVERY - 1) { /* those at hand may all be of a kind */
        free(TAKE(*nonce));
        return nonce_fetch(session, retries, nonce, err);
    }
    if (*nonce == NULL)
        *nonce = nonce_pool_take(&session->server->nonces);
    return *nonce != NULL || nonce_fetch(session, retries, nonce, err);
}

/* ---- requests ---- */

static bool post_once(struct session *session, struct identity who, const struct http_request *form, const char *nonce,
    struct view payload, struct http_response *out, struct error *err)
{
    AUTO(buf_clear) struct buf body = BUF(JWS_MAX);
    struct http_request request = *form;

    TRY(signed_body(who, nonce, request.url, payload, &body, err));
    request.body = buf_view(&body);
    return exchange(session, &request, out, err);
}

bool session_post_accept(struct session *session, struct identity who, const char *url, struct view payload,
    const char *accept, struct http_response *out, struct problem *problem, struct error *err)
{
    const struct http_request form = {
        .method = HTTP_POST,
        .url = url,
        .content_type = "application/jose+json",
        .accept = accept,
    };
    struct retries retries = { .read_only = payload.len == 0 };
    AUTO(free) char *nonce = NULL;

    TRY(url_check(session->server->url, url, err));
    for (;;) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        TRY(nonce_get(session, &retries, &nonce, err));
        if (!post_once(session, who, &form, nonce, payload, &response, err)) {
            TRY(is_worth_reconnecting(session, &retries, err));
            free(TAKE(nonce)); /* it may have arrived */
            continue;
        }
        free(TAKE(nonce));
        nonce = nonce_of(&response);
        if (is_success(&response)) {
            nonce_pool_put(&session->server->nonces, TAKE(nonce));
            *out = response;
            response = (struct http_response){ 0 };
            return true;
        }
        if (!is_worth_repeating(session, &retries, &response, problem, err)) {
            nonce_pool_put(&session->server->nonces, TAKE(nonce));
            return false;
        }
    }
}

bool session_post(struct session *session, struct identity who, const char *url, struct view payload,
    struct http_response *out, struct problem *problem, struct error *err)
{
    return session_post_accept(session, who, url, payload, NULL, out, problem, err);
}

bool session_get_problem(
    struct session *session, const char *url, struct http_response *out, struct problem *problem, struct error *err)
{
    const struct http_request request = { .method = HTTP_GET, .url = url, .follow = true };
    struct retries retries = { 0 }; /* an unreachable CA is reported at once, by the first request */

    for (;;) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        TRY(exchange(session, &request, &response, err));
        nonce_pool_put(&session->server->nonces, nonce_of(&response)); /* some CAs send one with each answer */
        if (is_success(&response)) {
            *out = response;
            response = (struct http_response){ 0 };
            return true;
        }
        TRY(is_worth_repeating(session, &retries, &response, problem, err));
    }
}

bool session_get(struct session *session, const char *url, struct http_response *out, struct error *err)
{
    return session_get_problem(session, url, out, NULL, err);
}

/* ---- the session ---- */

/* The addresses that every certificate needs must be as safe as the directory's own. The others are looked at when they
 * are asked. */
static bool directory_check(const char *url, const struct directory *directory, struct error *err)
{
    const char *const urls[] = {
        directory->new_nonce,
        directory->new_account,
        directory->new_order,
    };

    for (size_t i = 0; i < COUNT(urls); i++)
        TRY(url_check(url, urls[i], err));
    return true;
}

/* By the directory's answer. One that a cache has kept is as old as it says (RFC 9111 section 5.1). */
static void clock_read(struct server *server, const struct http_response *response, int64_t now)
{
    uint64_t age = 0;
    int64_t date;

    if (!clock_parse_http_date(view_of(http_header(response, "date", NULL)), &date))
        return;
    (void)!view_to_number(view_of(http_header(response, "age", NULL)), 0, AGE_MAX_S, &age);
    server->has_clock = true;
    server->ahead_s = date + (int64_t)age - now;
}

bool session_clock_ahead(const struct session *session, int64_t *seconds)
{
    *seconds = session->server->ahead_s;
    return session->server->has_clock;
}

static bool directory_fetch(struct session *session, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };

    if (!session_get_problem(session, session->server->url, &response, &problem, err)) {
        if (problem.status == 404)
            (void)error_next(err, "check the address given with --server: there is no directory at it");
        return false;
    }
    clock_read(session->server, &response, session_now(session));
    TRY(directory_parse(buf_view(&response.body), &session->server->directory, err));
    return directory_check(session->server->url, &session->server->directory, err);
}

static struct session *session_new(const struct transport *transport, const char *directory_url)
{
    struct session *session = xcalloc(1, sizeof *session);

    session->server = xcalloc(1, sizeof *session->server);
    session->owned = true;
    session->server->transport = *transport;
    session->server->url = xstrdup(directory_url);
    nonce_pool_init(&session->server->nonces);
    return session;
}

bool session_open(const struct transport *transport, const char *directory_url, struct session **out, struct error *err)
{
    AUTO(session_close) struct session *session = NULL;

    if (!url_is_http(directory_url))
        return error_set(err, ERROR_CONFIG, "the CA's address must be an http(s) URL, and '%s' is none", directory_url);
    session = session_new(transport, directory_url);
    if (!directory_fetch(session, err))
        return error_in(err, "asking the CA at %s for its directory", directory_url);
    *out = TAKE(session);
    return true;
}

struct session *session_limited(const struct session *session, int64_t ms, size_t bytes)
{
    struct session *part = xcalloc(1, sizeof *part);

    part->server = session->server;
    part->limited = true;
    part->limit_ms = part->left_ms = ms;
    part->limit_bytes = part->left_bytes = bytes;
    return part;
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    if (session->owned) {
        nonce_pool_clear(&session->server->nonces);
        directory_clear(&session->server->directory);
        free(session->server->url);
        free(session->server);
    }
    free(session);
}

const struct directory *session_directory(const struct session *session)
{
    return &session->server->directory;
}

const char *session_url(const struct session *session)
{
    return session->server->url;
}

const struct transport *session_transport(const struct session *session)
{
    return &session->server->transport;
}
