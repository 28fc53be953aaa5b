#include "lifecycle/finish.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"
#include "store/pending.h"

#define CSR_MAX (256 * 1024)

static bool make_csr(struct context *context, const struct issue_request *request, struct buf *der, struct error *err)
{
    if (request->key == NULL) {
        buf_put(der, request->csr);
        return true;
    }
    return csr_make(request->key, &request->dns, &request->ips, context->settings->must_staple, der, err);
}

/* The default chain, or the one that --preferred-chain names. */
static bool choose_chain(struct context *context, struct buf *pem, const struct list *alternates, struct error *err)
{
    const char *wanted = context->settings->preferred_chain;

    if (!text_is_given(wanted) || alternates->len == 0)
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
        log_warning(
            "%s has been configured to prefer certificate chains with issuer '%s', but no chain from the CA matched "
            "this issuer. Using the default certificate chain instead.",
            context->program, wanted);
    return true;
}

static bool fetch_chain(struct context *context, struct ca *ca, const struct issue_request *request,
    const struct order *order, struct issued_chain *out, struct error *err)
{
    const char *profile = order->profile != NULL ? order->profile : request->profile;
    AUTO(buf_clear) struct buf pem = BUF(HTTP_MAX_BODY);
    AUTO(list_clear) struct list alternates = { 0 };
    bool choose = text_is_given(context->settings->preferred_chain);

    TRY(order_download(ca->session, ca->who, order, &pem, choose ? &alternates : NULL, err));
    TRY(choose_chain(context, &pem, &alternates, err));
    issued_chain_clear(out);
    *out = (struct issued_chain){ BUF(HTTP_MAX_BODY), BUF(HTTP_MAX_BODY), BUF(HTTP_MAX_BODY) };
    out->order_url = xstrdup(order->url);
    out->profile = profile == NULL ? NULL : xstrdup(profile);
    return cert_split_chain(buf_view(&pem), &out->cert, &out->chain, &out->fullchain, err);
}

/* ---- finishing, and what becomes of the record ---- */

/* What the CA has refused will not come; a refusal once it had taken the CSR says nothing of that. */
static bool is_refused(const struct order *order, const struct error *err)
{
    return err->kind == ERROR_ACME && order->status != ORDER_PROCESSING && order->status != ORDER_VALID;
}

static void keep_or_drop(
    struct context *context, const struct issue_request *request, const struct order *order, struct error *err)
{
    AUTO(free) char *dir = NULL;

    if (request->record == NULL)
        return;
    if (is_refused(order, err)) {
        record_drop(context, request->record);
        return;
    }
    dir = pending_dir(context->store, request->record);
    (void)error_next_default(err,
        "the order is recorded in %s: the next run fetches the certificate if the CA issues it "
        "meanwhile",
        dir);
}

bool finish_recorded(struct context *context, struct ca *ca, const struct issue_request *request, struct order *order,
    struct issued_chain *out, struct error *err)
{
    AUTO(buf_clear) struct buf csr = BUF(CSR_MAX);

    TRY(make_csr(context, request, &csr, err));
    TRY(order_wait(ca->session, ca->who, order, buf_view(&csr), context->settings->issuance_timeout_s, err));
    return fetch_chain(context, ca, request, order, out, err);
}

bool finish_order(struct context *context, struct ca *ca, const struct issue_request *request, struct order *order,
    struct problem *problem, struct issued_chain *out, struct error *err)
{
    AUTO(buf_clear) struct buf csr = BUF(CSR_MAX);

    TRY(interrupt_check(err));
    TRY(make_csr(context, request, &csr, err));
    TRY(record_order(context, ca, request, order, buf_view(&csr), err));
    if (order_finalize(ca->session, ca->who, order, buf_view(&csr), problem, err) &&
        order_wait(ca->session, ca->who, order, buf_view(&csr), context->settings->issuance_timeout_s, err) &&
        fetch_chain(context, ca, request, order, out, err))
        return true;
    keep_or_drop(context, request, order, err);
    return false;
}
