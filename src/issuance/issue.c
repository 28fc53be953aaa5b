#include "issuance/issue.h"

#include <string.h>

#include "acme/order.h"
#include "base/log.h"
#include "base/mem.h"
#include "issuance/alike.h"
#include "issuance/finish.h"
#include "issuance/first_look.h"
#include "issuance/resume.h"
#include "issuance/solve.h"
#include "issuance/traces.h"
#include "run/turns.h"
#include "store/lineage_access.h"
#include "store/lineage_lock.h"
#include "store/probe.h"

/* Result of one order. */
enum end { END_DONE, END_FAILED, END_FEWER_NAMES, END_ANOTHERS };

#define ANOTHERS_MAX 2 /* orders in a row finalized by others before the error is reported */

static bool place_order(
    struct ca *ca, struct issue_request *request, struct order *order, struct problem *problem, struct error *err)
{
    struct order_request wanted = {
        .identifiers = &request->identifiers,
        .profile = request->profile,
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

/* A dry run must prove control anew: valid authorizations are given up and the order is placed again. */
static bool forget_authorizations(
    struct ca *ca, struct issue_request *request, struct order *order, struct problem *problem, struct error *err)
{
    const size_t names = request->identifiers.len;
    bool gave_up = false;

    for (size_t i = 0; i < order->authz_urls.len && i < names; i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        struct error failure = { 0 };

        TRY(authz_fetch(ca->session, ca->who, order->authz_urls.at[i], &authz, err));
        if (authz.status != AUTHZ_VALID)
            continue;
        if (authz_deactivate(ca->session, ca->who, order->authz_urls.at[i], &failure))
            gave_up = true;
        else
            log_warning(
                "could not give up the authorization for %s (%s): the result of this dry run may not be accurate",
                authz_name(&authz), failure.why);
    }
    if (!gave_up)
        return true;
    log_debug("Recreating order after authz deactivations");
    order_clear(order);
    return place_order(ca, request, order, problem, err);
}

/* Takes the names out that the CA's refusal names, when that is allowed and leaves some. */
static bool drop_names(struct context *context, struct issue_request *request, const struct list *refused)
{
    AUTO(list_clear) struct list dropped = { 0 };
    AUTO(free) char *text = NULL;
    struct identifiers *left = &request->identifiers;

    if (!context->settings->allow_subset_of_names)
        return false;
    for (size_t i = left->len; i > 0; i--)
        if (list_has(refused, left->at[i - 1].value)) {
            list_add(&dropped, left->at[i - 1].value);
            identifiers_remove(left, i - 1);
        }
    if (dropped.len == 0 || left->len == 0)
        return false;
    text = list_join(&dropped, ", ");
    ui_say(context->ui, "Unable to obtain a certificate with every requested domain. Retrying without: %s", text);
    return true;
}

static enum end refused(struct context *context, struct issue_request *request, const struct problem *problem)
{
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = 0; i < problem->subproblem_count; i++)
        if (problem->subproblems[i].identifier.value != NULL)
            list_add(&names, problem->subproblems[i].identifier.value);
    return drop_names(context, request, &names) ? END_FEWER_NAMES : END_FAILED;
}

/* Whether a refusal is about the order. One that the user has to resolve first is not: after that it is tried again at
 * once. */
static bool is_of_order(const struct error *err)
{
    return err->kind == ERROR_ACME && strcmp(err->problem, "accountDoesNotExist") != 0 &&
           strcmp(err->problem, "userActionRequired") != 0;
}

static const char *trace_name(const struct issue_request *request)
{
    return request->trace != NULL ? request->trace : request->record;
}

static enum end order_once(struct context *context, struct ca *ca, struct solver *solver, struct issue_request *request,
    struct issued_chain *out, struct error *err)
{
    AUTO(order_clear) struct order order = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };
    AUTO(list_clear) struct list failed = { 0 };
    bool anothers = false, placed;

    placed = place_order(ca, request, &order, &problem, err);
    request->ordered = request->ordered || placed || is_of_order(err);
    if (!placed)
        return refused(context, request, &problem);
    if (context->settings->dry_run && !forget_authorizations(ca, request, &order, &problem, err))
        return END_FAILED;
    if (order.status == ORDER_PENDING &&
        !solve(context, ca, solver, &order.authz_urls, &request->identifiers, trace_name(request), &failed, err))
        return END_FAILED;
    turn_arrive(context->turn); /* also where nothing was to be proved */
    if (failed.len > 0) {
        if (drop_names(context, request, &failed))
            return END_FEWER_NAMES;
        (void)error_set(err, ERROR_ACME, "All challenges have failed.");
        return END_FAILED;
    }
    if (finish_order(context, ca, request, &order, &problem, out, &anothers, err))
        return END_DONE;
    return anothers ? END_ANOTHERS : refused(context, request, &problem);
}

/* Orders until one is brought home. */
static bool order_anew(struct context *context, struct ca *ca, struct solver *solver, struct issue_request *request,
    struct issued_chain *out, struct error *err)
{
    unsigned others = 0;

    for (;;) {
        switch (order_once(context, ca, solver, request, out, err)) {
        case END_DONE:
            return true;
        case END_FAILED:
            return false;
        case END_FEWER_NAMES:
            break;
        case END_ANOTHERS: /* CAs hand an order of the same account for the same names out again */
            if (others++ == ANOTHERS_MAX)
                return false;
            log_warning("Another client of this account has finished the order for these names with a key of its own; "
                        "placing a new one");
            error_clear(err);
            break;
        }
    }
}

/* Works on one order, or on several that replace it; they share one deadline. */
static bool order_and_finish(struct context *context, const struct ca *ca, struct solver *solver,
    struct issue_request *request, struct issued_chain *out, struct error *err)
{
    struct ca own;
    AUTO(session_close) struct session *session = order_session(ca, context->settings, &own);

    (void)session;
    return order_anew(context, &own, solver, request, out, err);
}

/* Keeps other processes from proving control under that name meanwhile, also where there is no lineage; proofs that an
 * earlier run left are swept first. */
static bool enter(struct context *context, const char *name, struct range_lock **lock, struct error *err)
{
    struct error left = { 0 };

    if (name == NULL)
        return true;
    TRY(lineage_lock(context->store, name, lock, err));
    if (traces_sweep_one(context, name, &left))
        return true;
    if (left.kind == ERROR_CANCELED) {
        *err = left;
        return false;
    }
    log_warning("%s: %s", left.what, left.why);
    return true;
}

bool issue(struct context *context, struct issue_request *request, struct issued_chain *out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(alike_leave) struct alike *alike = NULL; /* until the authenticator is closed, too */
    AUTO(solver_close) struct solver solver = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    struct ca *ca;
    bool found = false;

    TRY(store_check_access(context->settings, err));
    TRY(store_probe(context->store, request->lineage, err));
    TRY(enter(context, trace_name(request), &lock, err));
    identifiers_clear(&request->requested);
    request->requested = identifiers_dup(&request->identifiers);
    identifiers_names(&request->requested, &names);
    TRY(context_account(context, &ca, err));
    TRY(alike_enter(context->store, context->turn, ca->account->url, &names, &alike, err));
    TRY(resume_order(context, request, out, &found, err));
    if (found)
        return true;
    TRY(solver_open(context, request->authenticator, &solver, err));
    TRY(first_look_before_order(context, ca, &solver, request, err));
    request_choose_profile(context, ca, request);
    return order_and_finish(context, ca, &solver, request, out, err) ||
           (context_recover_account(context, &ca, err) && order_and_finish(context, ca, &solver, request, out, err));
}
