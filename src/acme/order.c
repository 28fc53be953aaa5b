#include "acme/order.h"

#include <strings.h>

#include "acme/answer.h"
#include "acme/poll.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"

#define PAYLOAD_MAX (256 * 1024)
#define IDENTIFIERS_MAX 1000
#define FINALIZE_TRIES 3
#define ALTERNATES_MAX 16

static const char *const status_names[] = { "pending", "ready", "processing", "valid", "invalid", NULL };

/* ---- reading ---- */

static void identifiers_read(const struct node *list, struct identifiers *out)
{
    for (size_t i = 0; i < node_count(list) && i < IDENTIFIERS_MAX; i++) {
        struct identifier identifier = { 0 };
        struct error unreadable = { 0 };

        if (!identifier_read(node_at(list, i), &identifier, &unreadable))
            continue;
        identifiers_add(out, identifier.type, identifier.value);
        free(identifier.value);
    }
}

/* NULL when it is absent, empty or no text. */
static char *text_if_any(const struct node *root, const char *name)
{
    const char *text = node_text(node_member(root, name));

    return text_is_given(text) ? xstrdup(text) : NULL;
}

static bool order_read(struct view body, struct order *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error unreadable = { 0 };
    const struct node *root;
    int status;

    TRY(answer_read(body, "order", &doc, err));
    root = doc_root(doc);
    TRY(node_get_choice(root, "status", status_names, &status, err));
    out->status = (enum order_status)status;
    if (!node_get_urls(root, "authorizations", &out->authz_urls, &unreadable))
        list_clear(&out->authz_urls);
    out->finalize_url = xstrdup_or_null(node_url(node_member(root, "finalize")));
    out->certificate_url = xstrdup_or_null(node_url(node_member(root, "certificate")));
    identifiers_read(node_member(root, "identifiers"), &out->identifiers);
    out->profile = text_if_any(root, "profile");
    if (node_is_object(node_member(root, "error")))
        problem_from_node(node_member(root, "error"), &out->error);
    return true;
}

bool order_parse(struct view body, struct order *out, struct error *err)
{
    AUTO(order_clear) struct order order = { 0 };

    if (!order_read(body, &order, err))
        return answer_bad(err);
    *out = order;
    order = (struct order){ 0 };
    return true;
}

void order_clear(struct order *order)
{
    free(order->url);
    free(order->finalize_url);
    free(order->certificate_url);
    free(order->profile);
    list_clear(&order->authz_urls);
    identifiers_clear(&order->identifiers);
    problem_clear(&order->error);
    *order = (struct order){ 0 };
}

bool order_to_error(const struct order *order, struct error *err)
{
    if (order->error.type != NULL)
        return problem_to_error(&order->error, 0, err);
    (void)error_set(err, ERROR_ACME, "the CA gave the order up and does not say why");
    return error_next(err, "try again; often one of the names was not validated");
}

/* An order in an answer: takes its place in *order, which keeps its URL and where its certificate request goes: some
 * CAs leave that out once they have it. */
static bool order_take(
    struct session *session, const struct http_response *response, struct order *order, struct error *err)
{
    struct order fresh = { 0 };

    TRY(order_parse(buf_view(&response->body), &fresh, err));
    fresh.retry_at = retry_after_of(response, session_now(session));
    fresh.url = TAKE(order->url);
    fresh.maybe_anothers = order->maybe_anothers;
    if (fresh.finalize_url == NULL)
        fresh.finalize_url = TAKE(order->finalize_url);
    order_clear(order);
    *order = fresh;
    return true;
}

/* ---- newOrder ---- */

/* The profile is the CA's to refuse: it may take some that it does not tell everybody of. Returns false. */
static bool refused_profile(const struct session *session, const char *profile, struct error *err)
{
    const struct list *known = &session_directory(session)->profiles;
    AUTO(free) char *names = list_join(known, ", ");

    if (profile == NULL || err->kind != ERROR_ACME || list_has(known, profile))
        return false;
    return error_next(
        err, known->len == 0 ? "this CA names no certificate profiles%s" : "choose one of the profiles %s", names);
}

static bool write_request(const struct order_request *request, struct buf *payload, struct error *err)
{
    struct out out = out_to(payload);

    out_object(&out, NULL);
    out_array(&out, "identifiers");
    for (size_t i = 0; i < request->identifiers->len; i++) {
        out_object(&out, NULL);
        out_text(&out, "type", identifier_type_name(request->identifiers->at[i].type));
        out_text(&out, "value", request->identifiers->at[i].value);
        out_end(&out);
    }
    out_end(&out);
    if (request->profile != NULL)
        out_text(&out, "profile", request->profile);
    if (request->replaces != NULL)
        out_text(&out, "replaces", request->replaces);
    out_end(&out);
    if (payload->failed)
        return error_set(err, ERROR_CONFIG, "too many names for one order");
    return true;
}

static bool order_new_send(struct session *session, struct identity who, const struct order_request *request,
    struct order *out, struct problem *problem, struct error *err)
{
    AUTO(buf_clear) struct buf payload = BUF(PAYLOAD_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(order_clear) struct order order = { 0 };

    TRY(write_request(request, &payload, err));
    if (!session_post(session, who, session_directory(session)->new_order, buf_view(&payload), &response, problem, err))
        return refused_profile(session, request->profile, err);
    TRY(order_take(session, &response, &order, err));
    TRY(location_of(session, &response, "order", &order.url, err));
    *out = order;
    order = (struct order){ 0 };
    return true;
}

bool order_new(struct session *session, struct identity who, const struct order_request *request, struct order *out,
    struct problem *problem, struct error *err)
{
    if (!order_new_send(session, who, request, out, problem, err))
        return error_in(err, "ordering the certificate");
    return true;
}

bool order_replaces_refused(const struct problem *problem)
{
    /* Types that CAs use for a "replaces" they do not like; Pebble 2.10 says malformed to an issuer that it
     * does not know, and serverInternal to a serial number. */
    static const char *const types[] = { "malformed", "unauthorized", "serverInternal", "accountDoesNotExist" };
    static const char *const words[] = { "replace", "certid", "renewal info", "order for the given certificate" };
    bool is_type = false;

    if (problem->type == NULL)
        return false;
    if (text_equal(problem->type, "alreadyReplaced") || problem->status == 409)
        return true;
    for (size_t i = 0; i < COUNT(types); i++)
        is_type |= text_equal(problem->type, types[i]);
    for (size_t i = 0; is_type && problem->detail != NULL && i < COUNT(words); i++)
        if (strcasestr(problem->detail, words[i]) != NULL)
            return true;
    return false;
}

/* ---- finalize and wait ---- */

static bool fetch(
    struct session *session, struct identity who, struct order *order, struct problem *problem, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    if (!session_post(session, who, order->url, view_of(""), &response, problem, err) ||
        !order_take(session, &response, order, err))
        return error_in(err, "asking how the order is");
    return true;
}

bool order_fetch(struct session *session, struct identity who, struct order *order, struct error *err)
{
    return fetch(session, who, order, NULL, err);
}

bool order_fetch_if_known(
    struct session *session, struct identity who, struct order *order, bool *known, struct error *err)
{
    AUTO(problem_clear) struct problem problem = { 0 };
    struct error failure = { 0 };

    *known = fetch(session, who, order, &problem, &failure);
    /* A status of 4xx is about the order, unless it says "later" (429) or is about our request's form. */
    if (*known || (failure.kind == ERROR_ACME && (problem.status == 401 || problem.status == 403 ||
                                                     problem.status == 404 || problem.status == 410)))
        return true;
    *err = failure;
    *known = problem.status >= 500;
    return *known ? error_as(err, ERROR_NETWORK) : false;
}

static bool finalize_once(struct session *session, struct identity who, struct order *order, struct view csr,
    struct problem *problem, struct error *err)
{
    AUTO(buf_clear) struct buf payload = BUF(PAYLOAD_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct out out = out_to(&payload);

    out_object(&out, NULL);
    out_base64url(&out, "csr", csr);
    out_end(&out);
    if (payload.failed)
        return error_set(err, ERROR_CONFIG, "the certificate request is larger than a CA takes");
    TRY(session_post(session, who, order->finalize_url, buf_view(&payload), &response, problem, err));
    return order_take(session, &response, order, err);
}

/* Whether the CA refused the certificate request. A lost answer, an error of the CA's (5xx) or an answer that cannot be
 * read leaves open what it does with the request. */
static bool is_refusal(const struct problem *problem, const struct error *err)
{
    if (err->kind != ERROR_ACME && err->kind != ERROR_NETWORK)
        return true; /* ours: nothing was sent, or the user has interrupted */
    return problem->status >= 400 && problem->status < 500 && !text_equal(err->problem, "orderNotReady");
}

/*
 * After orderNotReady (RFC 8555 section 7.4) or no answer to rely on: looks until the order has left "pending".
 * The authorizations were seen to be valid, so it will; some CAs' machines learn it a little later than
 * others.
 */
static bool wait_for_ready(
    struct session *session, struct identity who, struct order *order, struct poll *poll, struct error *err)
{
    poll_go_on(poll);
    TRY(order_fetch(session, who, order, err));
    while (order->status == ORDER_PENDING) {
        TRY(poll_wait(poll, order->retry_at, err));
        TRY(order_fetch(session, who, order, err));
    }
    return true;
}

bool order_finalize(struct session *session, struct identity who, struct order *order, struct view csr,
    struct poll *poll, struct problem *problem, struct error *err)
{
    AUTO(problem_clear) struct problem answer = { 0 };
    struct error refusal = { 0 };

    if (order->finalize_url == NULL) {
        (void)error_set(err, ERROR_ACME, "order: member 'finalize' is missing, or is not an https URL");
        return error_in(err, "sending the certificate request");
    }
    if (finalize_once(session, who, order, csr, &answer, &refusal))
        return true;
    if (is_refusal(&answer, &refusal)) {
        if (problem != NULL) {
            *problem = answer;
            answer = (struct problem){ 0 };
        }
        *err = refusal;
        return error_in(err, "sending the certificate request");
    }
    if (!wait_for_ready(session, who, order, poll, err))
        return error_in(err, "waiting for the order to become ready");
    switch (order->status) {
    case ORDER_PROCESSING: /* a request was taken: ours, whose answer was lost, or another's */
    case ORDER_VALID:
        order->maybe_anothers = true;
        return true;
    case ORDER_INVALID:
        (void)order_to_error(order, err);
        return error_in(err, "sending the certificate request");
    case ORDER_PENDING:
    case ORDER_READY:
        break;
    }
    if (!finalize_once(session, who, order, csr, problem, err))
        return error_in(err, "sending the certificate request");
    return true;
}

bool order_wait(struct session *session, struct identity who, struct order *order, struct view csr, struct poll *poll,
    struct error *err)
{
    unsigned finalized = 0;

    poll_go_on(poll);
    for (;;) {
        switch (order->status) {
        case ORDER_VALID:
            if (order->certificate_url != NULL)
                return true;
            break; /* with some CAs the address comes a moment later */
        case ORDER_INVALID:
            (void)order_to_error(order, err);
            return error_in(err, "issuing the certificate");
        case ORDER_READY:
            if (finalized++ == FINALIZE_TRIES) {
                (void)error_set(err, ERROR_ACME, "the CA keeps asking for the certificate request that it has");
                return error_in(err, "issuing the certificate");
            }
            TRY(order_finalize(session, who, order, csr, poll, NULL, err));
            if (order->status == ORDER_VALID || order->status == ORDER_INVALID)
                continue;
            break;
        case ORDER_PENDING:
        case ORDER_PROCESSING:
            break;
        }
        if (!poll_wait(poll, order->retry_at, err))
            return error_in(err, "waiting for the CA to %s (the order is '%s')",
                order->status == ORDER_VALID ? "name the certificate's address" : "issue the certificate",
                status_names[order->status]);
        TRY(order_fetch(session, who, order, err));
    }
}

/* ---- download ---- */

static bool chain_fetch(
    struct session *session, struct identity who, const char *url, struct http_response *response, struct error *err)
{
    AUTO(http_response_clear) struct http_response answer = { 0 };

    TRY(session_post_accept(session, who, url, view_of(""), "application/pem-certificate-chain", &answer, NULL, err));
    *response = answer;
    answer = (struct http_response){ 0 };
    return true;
}

static bool alternates_fetch(
    struct session *session, struct identity who, const struct list *urls, struct list *out, struct error *err)
{
    for (size_t i = 0; i < urls->len && i < ALTERNATES_MAX; i++) {
        AUTO(http_response_clear) struct http_response response = { 0 };

        if (chain_fetch(session, who, urls->at[i], &response, err)) {
            list_add_view(out, buf_view(&response.body));
            continue;
        }
        if (err->kind == ERROR_CANCELED)
            return false;
        log_warning("an alternate chain cannot be had from the CA: %s", err->why);
        error_clear(err);
    }
    return true;
}

/* The CA's time, from the Date field of its answer (RFC 9110 section 6.6.1); 0 when there is none. */
static int64_t date_of(const struct http_response *response)
{
    int64_t date = 0;

    return clock_parse_http_date(view_of(http_header(response, "date", NULL)), &date) ? date : 0;
}

bool order_download(struct session *session, struct identity who, const struct order *order, struct buf *chain,
    struct list *alternates, int64_t *ca_now, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(list_clear) struct list urls = { 0 };
    AUTO(list_clear) struct list others = { 0 };

    if (order->certificate_url == NULL)
        return error_set(err, ERROR_INTERNAL, "the order has no certificate yet");
    if (!chain_fetch(session, who, order->certificate_url, &response, err))
        return error_in(err, "downloading the certificate");
    if (alternates != NULL) {
        link_urls(&response, "alternate", &urls);
        if (!alternates_fetch(session, who, &urls, &others, err))
            return error_in(err, "downloading alternate chains");
        list_add_all(alternates, &others);
    }
    buf_put(chain, buf_view(&response.body));
    if (chain->failed)
        return error_set(err, ERROR_ACME, "the CA's certificate chain is larger than %zu bytes", chain->max);
    *ca_now = date_of(&response);
    return true;
}
