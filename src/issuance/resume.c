#include "issuance/resume.h"

#include <string.h>

#include "acme/order.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "issuance/finish.h"
#include "store/lineage_lock.h"
#include "store/pending.h"

#define PATIENCE_S 86400 /* what has not come of an order by then, though the CA knows it, is ordered anew */

static bool same_text(const char *a, const char *b)
{
    return (a == NULL && b == NULL) || text_equal(a, b);
}

/* ---- whether a record fits ---- */

static bool load(struct context *context, const char *name, struct pending *out)
{
    struct error err = { 0 };
    bool found = false;

    if (!pending_load(context->store, name, out, &found, &err))
        log_warning("%s", err.why); /* and stays: it may be readable another time */
    else if (!found && lineage_is_locked(context->store, name))
        record_drop(context, name); /* what is there all the same was left by a run that was cut short */
    if (!found || !pending_is_old(out, context_now(context)))
        return found;
    log_info("the order of %s is too old to be of use", name);
    record_drop(context, name);
    return false;
}

/* Nothing has become of the lineage since; not so when only removing the record was left to do. */
static bool is_current(const struct pending *pending, const struct lineage *lineage)
{
    AUTO(buf_clear) struct buf now = BUF(128);
    struct error err = { 0 };

    if (lineage == NULL)
        return pending->previous == NULL;
    return pending->previous != NULL && cert_fingerprint(lineage->cert, &now, &err) &&
           strcmp(buf_text(&now), pending->previous) == 0;
}

/* The lineage has the record's key: what was ordered is saved. */
static bool is_saved(const struct pending *pending, const struct lineage *lineage)
{
    struct error err = { 0 };

    if (lineage == NULL || is_current(pending, lineage))
        return false;
    return !pending->has_key || cert_check_key_pem(lineage->cert, buf_view(&pending->key), "the record", &err);
}

static bool same_names(const struct pending *pending, const struct identifiers *requested, bool allow_subset)
{
    AUTO(list_clear) struct list wanted = { 0 }; /* as a record has them */

    identifiers_names(requested, &wanted);
    if (list_same_set(&pending->names, &wanted))
        return true;
    return allow_subset && list_same_set(&pending->requested, &wanted) && list_is_subset(&pending->names, &wanted);
}

static bool same_kind(const struct key *a, const struct key *b)
{
    return key_get_type(a) == key_get_type(b) && key_bits(a) == key_bits(b) && same_text(key_curve(a), key_curve(b));
}

/* *key: the record's, of the caller's; NULL when the request's is the right one. */
static bool same_key(const struct pending *pending, const struct issue_request *request, struct key **key)
{
    AUTO(key_free) struct key *kept = NULL;
    AUTO(buf_clear) struct buf digest = BUF(128);
    struct error err = { 0 };

    *key = NULL;
    if (request->key == NULL)
        return csr_sha256(request->csr, &digest, &err) && strcmp(buf_text(&digest), pending->csr_sha256) == 0;
    if (request->key_is_lineages || !pending->has_key)
        return request->key_is_lineages && !pending->has_key;
    if (!key_from_pem(buf_view(&pending->key), "the record's key", &kept, &err) || !same_kind(kept, request->key))
        return false;
    *key = TAKE(kept);
    return true;
}

/* Names the first thing in which the record differs from what is wanted now; NULL: nothing does. */
static const char *difference(const struct context *context, const struct ca *ca, const struct issue_request *request,
    const struct pending *pending)
{
    const struct settings *settings = context->settings;

    if (strcmp(pending->server, settings->server) != 0)
        return "CA";
    if (strcmp(pending->account_url, ca->account->url) != 0)
        return "account";
    if (!same_names(pending, &request->requested, settings->allow_subset_of_names))
        return "names";
    if (!same_text(pending->profile, issue_profile(settings, session_directory(ca->session), &request->requested)))
        return "profile";
    if (request->key != NULL && pending->must_staple != settings->must_staple)
        return "OCSP Must-Staple";
    if (!is_current(pending, request->lineage))
        return "earlier certificate";
    return NULL;
}

bool resume_is_waiting(struct context *context, const struct lineage *lineage)
{
    AUTO(pending_clear) struct pending pending = { 0 };

    if (context->settings->dry_run || !load(context, lineage->name, &pending))
        return false;
    if (is_saved(&pending, lineage)) {
        record_drop(context, lineage->name);
        return false;
    }
    return is_current(&pending, lineage) && strcmp(pending.server, context->settings->server) == 0 &&
           list_same_set(&pending.requested, &lineage->cert->names);
}

/* ---- what could not be saved ---- */

/* A version that was written, but could not be made live, is kept by the lineage. */
static bool has_certificate(struct context *context, const char *name, const struct issued_chain *chain)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    return store_has_lineage(context->store, name) && lineage_load(context->store, name, &lineage, &err) &&
           cert_from_pem(buf_view(&chain->cert), "the new certificate", &cert, &err) &&
           view_equal(buf_view(&cert->der), buf_view(&lineage->cert->der));
}

bool resume_keep(
    struct context *context, const struct issue_request *request, const struct issued_chain *chain, struct error *err)
{
    AUTO(free) char *dir = NULL, *advice = NULL;

    if (request->record == NULL)
        return false;
    if (request->lineage != NULL && has_certificate(context, request->record, chain)) {
        record_drop(context, request->record);
        return false;
    }
    dir = pending_dir(context->store, request->record);
    advice = xstrdup(err->next);
    (void)error_next(err, "%s%sthe certificate was issued, its order is recorded in %s, and the next run fetches it",
        advice, advice[0] != '\0' ? "; " : "", dir);
    if (!context->voice->explains)
        log_warning("The certificate was issued, but could not be saved: its order is recorded in %s, and the next run "
                    "fetches it",
            dir);
    return error_in(err, "the certificate was issued, but could not be saved");
}

/* ---- taking an order up again ---- */

static void say_found(struct context *context, const struct order *order, int64_t created)
{
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(created, date);
    if (order->status == ORDER_VALID)
        ui_say(context->ui, "Found a certificate that was issued on %s but could not be saved; fetching it.", date);
    else if (order->status == ORDER_PROCESSING)
        ui_say(context->ui, "Found an order of %s that the CA is working on; waiting for the certificate.", date);
    else
        ui_say(context->ui, "Found an order of %s that was not finished; finishing it.", date);
}

/* Whether trouble with the old order must not lead to a new one: nobody is there, or the user has had enough; the CA is
 * still at work, or cannot be understood now; or it is this machine's clock that keeps a good certificate from being
 * taken. known: the CA has told of the order in this run. */
static bool is_final(const struct context *context, const struct error *err, bool known, int64_t created)
{
    if (err->kind == ERROR_CANCELED || err->kind == ERROR_CONFIG)
        return true;
    /* on either side: a clock that was ahead when the order was placed must not keep the record for ever */
    return err->kind == ERROR_NETWORK && (!known || llabs(context_now(context) - created) < PATIENCE_S);
}

static bool go_on(const struct context *context, const struct pending *pending, bool known, const struct error *failure,
    struct error *err)
{
    if (is_final(context, failure, known, pending->created)) {
        *err = *failure;
        return false;
    }
    log_warning("The order of an earlier run is given up (%s); placing a new one", failure->why);
    return true;
}

/* *found false: a new order is to be placed. */
static bool take_up(struct context *context, const struct ca *ca, struct issue_request *request,
    const struct pending *pending, struct issued_chain *out, bool *found, struct error *err)
{
    AUTO(order_clear) struct order order = { .url = xstrdup(pending->order_url) };
    AUTO(session_close) struct session *session = NULL;
    struct error failure = { 0 };
    struct ca own;
    bool known = false;

    *found = false;
    session = order_session(ca, context->settings, &own);
    if (!order_fetch_if_known(own.session, own.who, &order, &known, &failure))
        return go_on(context, pending, known, &failure, err);
    if (!known || order.status == ORDER_INVALID || order.status == ORDER_PENDING) {
        log_info("the CA %s the order of an earlier run", known ? "has given up" : "does not know");
        record_drop(context, request->record);
        return true;
    }
    say_found(context, &order, pending->created);
    identifiers_clear(&request->identifiers);
    request->identifiers = identifiers_typed(&pending->names);
    if (!finish_recorded(context, &own, request, &order, out, &failure))
        return go_on(context, pending, known, &failure, err);
    *found = true;
    return true;
}

bool resume_order(
    struct context *context, struct issue_request *request, struct issued_chain *out, bool *found, struct error *err)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    AUTO(key_free) struct key *key = NULL;
    const struct key *wanted = request->key;
    const char *other;
    struct ca *ca;

    *found = false;
    if (request->record == NULL || !load(context, request->record, &pending))
        return true;
    TRY(context_account(context, &ca, err));
    other = difference(context, ca, request, &pending);
    if (other == NULL && !same_key(&pending, request, &key))
        other = "key";
    if (other != NULL) {
        log_info(
            "an earlier order is recorded for %s, but not for the same %s; it is left alone", request->record, other);
        if (is_saved(&pending, request->lineage))
            record_drop(context, request->record);
        return true;
    }
    if (key != NULL)
        request->key = key;
    request_choose_profile(context, ca, request);
    if (!take_up(context, ca, request, &pending, out, found, err))
        return false;
    if (*found) {
        request->found_key = TAKE(key);
        return true;
    }
    request->key = wanted;
    issue_request_names(request, &request->requested);
    issued_chain_clear(out);
    return true;
}
