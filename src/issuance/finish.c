#include "issuance/finish.h"

#include <string.h>

#include "audit/audit.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/accept.h"
#include "crypto/csr.h"
#include "issuance/issuer.h"
#include "store/pending.h"

#define CSR_MAX (256 * 1024)

static bool make_csr(struct context *context, const struct issue_request *request, struct buf *der, struct error *err)
{
    if (request->key == NULL) {
        buf_put(der, request->csr);
        return true;
    }
    return csr_make(request->key, &request->identifiers, context->settings->must_staple, der, err);
}

/* ---- the chain ---- */

struct download { /* sent by the CA, not yet checked */
    struct buf text;
    struct list alternates;
    int64_t ca_now; /* 0: unknown */
};

static void download_clear_at(struct download *download)
{
    buf_clear(&download->text);
    list_clear(&download->alternates);
}

static bool download(
    struct context *context, struct ca *ca, const struct order *order, struct download *out, struct error *err)
{
    bool choose = text_is_given(context->settings->preferred_chain);

    out->text = BUF(HTTP_MAX_BODY);
    return order_download(ca->session, ca->who, order, &out->text, choose ? &out->alternates : NULL, &out->ca_now, err);
}

/* The first of the other chains that ends at the issuer wanted; *out is then that one. */
static bool find_alternate(
    const struct download *sent, const struct accept_order *asked, const char *wanted, struct accepted *out)
{
    for (size_t i = 0; i < sent->alternates.len; i++) {
        AUTO(accepted_clear) struct accepted accepted = { 0 };
        struct error failure = { 0 };

        if (!accept_chain(view_of(sent->alternates.at[i]), asked, &accepted, &failure)) {
            log_warning("An alternate chain that the CA has sent is left out: %s", failure.why);
            continue;
        }
        if (accepted.chain.len == 0 || strcmp(accepted.top_issuer, wanted) != 0)
            continue;
        accepted_clear(out);
        *out = accepted;
        accepted = (struct accepted){ 0 };
        return true;
    }
    return false;
}

/* The default chain, or the one that --preferred-chain names. */
static bool choose_chain(struct context *context, const struct download *sent, const struct accept_order *asked,
    struct accepted *out, struct error *err)
{
    const char *wanted = context->settings->preferred_chain;

    TRY(accept_chain(buf_view(&sent->text), asked, out, err));
    if (!text_is_given(wanted) || sent->alternates.len == 0 || strcmp(out->top_issuer, wanted) == 0 ||
        find_alternate(sent, asked, wanted, out))
        return true;
    if (!context->settings->dry_run)
        log_warning(
            "%s has been configured to prefer certificate chains with issuer '%s', but no chain from the CA matched "
            "this issuer. Using the default certificate chain instead.",
            context->voice->program, wanted);
    return true;
}

static void tell_issued(struct context *context, const struct issue_request *request, const struct accepted *accepted,
    const struct order *order)
{
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *names = NULL;
    struct error err = { 0 };

    if (context->settings->dry_run || !cert_from_pem(buf_view(&accepted->leaf), "the certificate", &cert, &err))
        return;
    names = list_join(&cert->names, ",");
    audit_done(ACT_CERTIFICATE_ISSUED, request->trace, "serial", cert->serial, "names", names, "server",
        context->settings->server, "order", order->url, NULL);
}

/* The one place where what a CA has sent becomes what is kept: whatever the way here, it passes accept_chain. */
static bool accept_sent(struct context *context, struct ca *ca, const struct issue_request *request,
    const struct order *order, struct view csr, const struct download *sent, struct issued_chain *out,
    struct error *err)
{
    const char *profile = order->profile != NULL ? order->profile : request->profile;
    const struct accept_order asked = { .csr = csr, .now = context_now(context), .ca_now = sent->ca_now };
    AUTO(accepted_clear) struct accepted accepted = { 0 };

    TRY(choose_chain(context, sent, &asked, &accepted, err));
    if (accepted.chain.len == 0)
        TRY(issuer_find(context, ca->session, request->lineage, &accepted, err));
    for (size_t i = 0; i < accepted.warnings.len; i++)
        log_warning("%s", accepted.warnings.at[i]);
    tell_issued(context, request, &accepted, order);
    issued_chain_clear(out);
    *out = (struct issued_chain){ accepted.leaf, accepted.chain, accepted.fullchain, xstrdup(order->url),
        profile == NULL ? NULL : xstrdup(profile) };
    accepted.leaf = accepted.chain = accepted.fullchain = BUF(0);
    return true;
}

static bool take_in(struct context *context, struct ca *ca, const struct issue_request *request,
    const struct order *order, struct view csr, const struct download *sent, struct issued_chain *out,
    struct error *err)
{
    if (accept_sent(context, ca, request, order, csr, sent, out, err))
        return true;
    if (err->kind == ERROR_ACME && !context->settings->dry_run)
        audit_failed(ACT_CERTIFICATE_REFUSED, request->trace, err, "server", context->settings->server, "order",
            order->url, NULL);
    return false;
}

/* ---- finishing, and what becomes of the record ---- */

/* Whether no certificate will come of this CSR: the CA refused it or the order is invalid. False while that is unknown,
 * also for an error after the CA accepted the CSR (order processing or valid). */
static bool is_refused(const struct order *order, const struct problem *problem, const struct error *err)
{
    if (err->kind != ERROR_ACME || order->status == ORDER_PROCESSING || order->status == ORDER_VALID)
        return false;
    return order->status == ORDER_INVALID || (problem->status >= 400 && problem->status < 500);
}

static void keep_or_drop(
    struct context *context, const struct issue_request *request, bool is_useless, struct error *err)
{
    AUTO(free) char *dir = NULL, *advice = NULL;

    if (request->record == NULL)
        return;
    if (is_useless) {
        record_drop(context, request->record);
        return;
    }
    dir = pending_dir(context->store, request->record);
    advice = xstrdup(err->next);
    (void)error_next(err,
        "%s%sthe order is recorded in %s: the next run fetches the certificate if the CA issues it meanwhile", advice,
        advice[0] != '\0' ? "; " : "", dir);
}

bool finish_recorded(struct context *context, struct ca *ca, const struct issue_request *request, struct order *order,
    struct issued_chain *out, struct error *err)
{
    AUTO(buf_clear) struct buf csr = BUF(CSR_MAX);
    AUTO(download_clear) struct download sent = { 0 };
    struct poll poll = poll_start(ca->session, context->settings->issuance_timeout_s);

    TRY(make_csr(context, request, &csr, err));
    TRY(order_wait(ca->session, ca->who, order, buf_view(&csr), &poll, err));
    TRY(download(context, ca, order, &sent, err));
    if (take_in(context, ca, request, order, buf_view(&csr), &sent, out, err))
        return true;
    if (err->kind == ERROR_ACME)
        record_drop(context, request->record);
    return false;
}

/* Whether another process finalized first an order that the CA handed out twice. Then neither its certificate nor our
 * record is of use. */
static bool is_anothers(const struct order *order, const struct download *sent, struct view csr)
{
    return order->maybe_anothers && accept_is_anothers(buf_view(&sent->text), csr);
}

bool finish_order(struct context *context, struct ca *ca, const struct issue_request *request, struct order *order,
    struct problem *problem, struct issued_chain *out, bool *anothers, struct error *err)
{
    AUTO(buf_clear) struct buf csr = BUF(CSR_MAX);
    AUTO(download_clear) struct download sent = { 0 };
    struct poll poll =
        poll_start(ca->session, context->settings->issuance_timeout_s); /* to become ready, and be issued */

    TRY(interrupt_check(err));
    TRY(make_csr(context, request, &csr, err));
    TRY(record_order(context, ca, request, order, buf_view(&csr), err));
    if (!order_finalize(ca->session, ca->who, order, buf_view(&csr), &poll, problem, err) ||
        !order_wait(ca->session, ca->who, order, buf_view(&csr), &poll, err) ||
        !download(context, ca, order, &sent, err)) {
        keep_or_drop(context, request, is_refused(order, problem, err), err);
        return false;
    }
    *anothers = is_anothers(order, &sent, buf_view(&csr));
    if (take_in(context, ca, request, order, buf_view(&csr), &sent, out, err))
        return true;
    keep_or_drop(context, request, err->kind == ERROR_ACME, err); /* a certificate refused once is not fetched again */
    return false;
}
