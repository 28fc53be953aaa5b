#include "issuance/issuer.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/lineage_verify.h"

#define ISSUER_MAX ((size_t)64 * 1024) /* of one certificate as a server sends it */
#define ISSUER_TIMEOUT_MS 10000
#define CHAIN_FILE_MAX ((size_t)1024 * 1024)

/* ---- those that are known ---- */

static bool read_chain(const struct lineage *lineage, struct buf *out)
{
    struct error ignored = { 0 };

    return lineage_read(lineage, KIND_CHAIN, out, &ignored) && view_trim(buf_view(out)).len > 0;
}

static bool take_from(const struct lineage *lineage, struct accepted *accepted)
{
    AUTO(buf_clear) struct buf chain = BUF(CHAIN_FILE_MAX);
    struct error ignored = { 0 };
    bool found = false;

    return read_chain(lineage, &chain) && accept_issuers(accepted, buf_view(&chain), &found, &ignored) && found;
}

/* *from is the lineage that it was found in, of the caller's; NULL: in none. */
static bool find_known(struct context *context, struct accepted *accepted, char **from, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(context->store, &names, err));
    for (size_t i = 0; i < names.len && *from == NULL; i++) {
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error failure = { 0 };

        if (lineage_load(context->store, names.at[i], &lineage, &failure) && take_from(lineage, accepted))
            *from = xstrdup(names.at[i]);
        else if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
    }
    return true;
}

/* ---- the one that the certificate tells of ---- */

static bool fetch(struct session *session, struct accepted *accepted, bool *found, struct error *err)
{
    const struct transport *transport = session_transport(session);
    const char *url = accepted->cert->issuer_url;
    AUTO(http_response_clear) struct http_response response = { 0 };

    TRY(transport->http(transport->self,
        &(struct http_request){
            .method = HTTP_GET,
            .url = url,
            .named_by = session_url(session),
            .max_body = ISSUER_MAX,
            .timeout_ms = ISSUER_TIMEOUT_MS,
            .follow = true,
        },
        &response, err));
    if (response.status != 200)
        return error_set(err, ERROR_NETWORK, "HTTP status %d from %s", response.status, url);
    if (accept_issuers(accepted, buf_view(&response.body), found, err) && *found)
        return true;
    return error_set(err, ERROR_NETWORK, "what %s sends is not the issuer's certificate", url);
}

/* ---- all of it ---- */

static void tell(struct accepted *accepted, const char *how, const char *where)
{
    AUTO(free)
    char *sentence = xprintf("The CA has sent the certificate without that of its issuer, \"%s\"; %s%s.",
        accepted->cert->issuer_common_name == NULL ? "" : accepted->cert->issuer_common_name, how, where);

    list_add(&accepted->warnings, sentence);
}

static bool had_issuer(const struct lineage *lineage)
{
    AUTO(buf_clear) struct buf chain = BUF(CHAIN_FILE_MAX);

    return lineage != NULL && read_chain(lineage, &chain);
}

bool issuer_find(struct context *context, struct session *session, const struct lineage *lineage,
    struct accepted *accepted, struct error *err)
{
    AUTO(free) char *from = NULL;
    bool found = false;

    if (lineage != NULL && take_from(lineage, accepted)) {
        tell(accepted, "it is the same as before", "");
        return true;
    }
    TRY(find_known(context, accepted, &from, err));
    if (from != NULL) {
        tell(accepted, "it was taken from the certificate ", from);
        return true;
    }
    if (accepted->cert->issuer_url != NULL) {
        if (!fetch(session, accepted, &found, err))
            return error_in(err, "the CA has sent a certificate without its issuer's; fetching that");
        tell(accepted, "it was fetched from ", accepted->cert->issuer_url);
        return true;
    }
    if (had_issuer(lineage))
        return error_set(err, ERROR_NETWORK,
            "the CA has sent the certificate without that of its issuer, \"%s\", which is not known here and for which "
            "the "
            "certificate names no address",
            accepted->cert->issuer_common_name == NULL ? "" : accepted->cert->issuer_common_name);
    tell(accepted,
        "nothing says where to find it, so the chain is empty: only who knows that issuer can check the certificate",
        "");
    return true;
}
