#include "lifecycle/issue.h"

#include <string.h>

#include "acme/order.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/csr.h"
#include "lifecycle/solve.h"

#define CSR_MAX (256 * 1024)

/* What one try ended with, apart from success and failure. */
enum attempt { ATTEMPT_DONE, ATTEMPT_FAILED, ATTEMPT_FEWER_NAMES };

void issue_request_clear(struct issue_request *request)
{
    list_clear(&request->dns);
    list_clear(&request->ips);
}

void issued_chain_clear(struct issued_chain *chain)
{
    buf_clear(&chain->cert);
    buf_clear(&chain->chain);
    buf_clear(&chain->fullchain);
}

/* --required-profile always, --preferred-profile when the CA has it (contract 6.6). */
static const char *choose_profile(const struct settings *settings, const struct directory *directory)
{
    if (settings->required_profile != NULL)
        return settings->required_profile;
    if (settings->preferred_profile != NULL && list_has(&directory->profiles, settings->preferred_profile))
        return settings->preferred_profile;
    return NULL;
}

static bool place_order(struct context *context, struct ca *ca, struct issue_request *request, struct order *order,
    struct problem *problem, struct error *err)
{
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_of(&request->dns, &request->ips);
    struct order_request wanted = {
        .identifiers = &identifiers,
        .profile = choose_profile(context->settings, session_directory(ca->session)),
        .replaces = session_directory(ca->session)->renewal_info != NULL ? request->replaces : NULL,
    };

    if (order_new(ca->session, ca->who, &wanted, order, problem, err))
        return true;
    if (wanted.replaces == NULL || !order_replaces_refused(problem))
        return false;
    /* The exemption from rate limits is worth a try, but never worth the certificate (RFC 9773 section 5). */
    log_info("the CA refused \"replaces\" (%s); ordering without it", err->why);
    wanted.replaces = NULL;
    request->replaces = NULL;
    problem_clear(problem);
    error_clear(err);
    return order_new(ca->session, ca->who, &wanted, order, problem, err);
}

/* A dry run must prove control anew: valid authorizations are given up and the order is placed again (contract 4.5). */
static bool forget_authorizations(struct context *context, struct ca *ca, struct issue_request *request,
    struct order *order, struct problem *problem, struct error *err)
{
    bool gave_up = false;

    for (size_t i = 0; i < order->authz_urls.len; i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        struct error failure = { 0 };

        TRY(authz_fetch(ca->session, ca->who, order->authz_urls.at[i], &authz, err));
        if (authz.status != AUTHZ_VALID)
            continue;
        if (authz_deactivate(ca->session, ca->who, order->authz_urls.at[i], &failure))
            gave_up = true;
        else
            log_warning("could not give up the authorization for %s (%s): the result of this dry run may not be accurate",
                authz.identifier.value, failure.why);
    }
    if (!gave_up)
        return true;
    log_debug("Recreating order after authz deactivations");
    order_clear(order);
    return place_order(context, ca, request, order, problem, err);
}

/* Takes the names out that the CA's refusal names, when that is allowed and leaves some. */
static bool drop_names(struct context *context, struct issue_request *request, const struct list *refused)
{
    AUTO(list_clear) struct list dropped = { 0 };
    AUTO(free) char *text = NULL;
    struct list *lists[] = { &request->dns, &request->ips };

    if (!context->settings->allow_subset_of_names)
        return false;
    for (size_t k = 0; k < COUNT(lists); k++)
        for (size_t i = lists[k]->len; i > 0; i--)
            if (list_has(refused, lists[k]->at[i - 1])) {
                list_add(&dropped, lists[k]->at[i - 1]);
                list_remove(lists[k], i - 1);
            }
    if (dropped.len == 0 || request->dns.len + request->ips.len == 0)
        return false;
    text = list_join(&dropped, ", ");
    ui_say(context->ui, "Unable to obtain a certificate with every requested domain. Retrying without: %s", text);
    return true;
}

static enum attempt refused(struct context *context, struct issue_request *request, const struct problem *problem)
{
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = 0; i < problem->subproblem_count; i++)
        if (problem->subproblems[i].identifier.value != NULL)
            list_add(&names, problem->subproblems[i].identifier.value);
    return drop_names(context, request, &names) ? ATTEMPT_FEWER_NAMES : ATTEMPT_FAILED;
}

static bool make_csr(struct context *context, struct issue_request *request, struct buf *der, struct error *err)
{
    if (request->key == NULL) {
        buf_put(der, request->csr);
        return true;
    }
    return csr_make(request->key, &request->dns, &request->ips, context->settings->must_staple, der, err);
}

/* The default chain, or the one that --preferred-chain names (contract 6.6). */
static bool choose_chain(struct context *context, struct buf *pem, const struct list *alternates, struct error *err)
{
    const char *wanted = context->settings->preferred_chain;

    if (wanted == NULL || alternates->len == 0)
        return true;
    for (size_t i = 0; i <= alternates->len; i++) {
        struct view chain = i == 0 ? buf_view(pem) : view_of(alternates->at[i - 1]);
        AUTO(free) char *issuer = NULL;

        TRY(cert_chain_top_issuer(chain, &issuer, err));
        if (strcmp(issuer, wanted) != 0)
            continue;
        if (i > 0) {
            buf_cut(pem, 0);
            buf_put(pem, chain);
        }
        return true;
    }
    if (!context->settings->dry_run)
        log_warning("%s has been configured to prefer certificate chains with issuer '%s', but no chain from the CA matched "
                    "this issuer. Using the default certificate chain instead.", context->program, wanted);
    return true;
}

static bool fetch_chain(struct context *context, struct ca *ca, struct order *order, struct issued_chain *out,
    struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(HTTP_MAX_BODY);
    AUTO(list_clear) struct list alternates = { 0 };

    TRY(order_download(ca->session, ca->who, order, &pem, context->settings->preferred_chain != NULL ? &alternates : NULL,
        err));
    TRY(choose_chain(context, &pem, &alternates, err));
    *out = (struct issued_chain){ BUF(HTTP_MAX_BODY), BUF(HTTP_MAX_BODY), BUF(HTTP_MAX_BODY) };
    return cert_split_chain(buf_view(&pem), &out->cert, &out->chain, &out->fullchain, err);
}

static bool finish_order(struct context *context, struct ca *ca, struct issue_request *request, struct order *order,
    struct problem *problem, struct issued_chain *out, struct error *err)
{
    AUTO(buf_clear) struct buf csr = BUF(CSR_MAX);

    TRY(interrupt_check(err));
    TRY(make_csr(context, request, &csr, err));
    TRY(order_finalize(ca->session, ca->who, order, buf_view(&csr), problem, err));
    TRY(order_wait(ca->session, ca->who, order, buf_view(&csr), context->settings->issuance_timeout_s, err));
    return fetch_chain(context, ca, order, out, err);
}

static enum attempt attempt(struct context *context, struct ca *ca, struct solver *solver, struct issue_request *request,
    struct issued_chain *out, struct error *err)
{
    AUTO(order_clear) struct order order = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };
    AUTO(list_clear) struct list failed = { 0 };

    if (!place_order(context, ca, request, &order, &problem, err))
        return refused(context, request, &problem);
    if (context->settings->dry_run && !forget_authorizations(context, ca, request, &order, &problem, err))
        return ATTEMPT_FAILED;
    if (order.status == ORDER_PENDING && !solve(context, ca, solver, &order.authz_urls, &failed, err))
        return ATTEMPT_FAILED;
    if (failed.len > 0) {
        if (drop_names(context, request, &failed))
            return ATTEMPT_FEWER_NAMES;
        (void)error_set(err, ERROR_ACME, "All challenges have failed.");
        return ATTEMPT_FAILED;
    }
    if (!finish_order(context, ca, request, &order, &problem, out, err))
        return refused(context, request, &problem);
    return ATTEMPT_DONE;
}

bool issue(struct context *context, struct issue_request *request, struct issued_chain *out, struct error *err)
{
    AUTO(solver_close) struct solver solver = { 0 };
    struct ca *ca;
    enum attempt result;

    TRY(store_probe(context->store, err));
    TRY(solver_open(context, request->authenticator, &solver, err));
    TRY(context_account(context, &ca, err));
    do
        result = attempt(context, ca, &solver, request, out, err);
    while (result == ATTEMPT_FEWER_NAMES);
    return result == ATTEMPT_DONE;
}
