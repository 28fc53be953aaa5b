#include "issuance/request.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "crypto/csr.h"
#include "issuance/solve.h"
#include "store/lineage_conf.h"
#include "store/pending.h"

#define ORDER_MAX_BYTES ((size_t)32 << 20) /* from a CA; an order of 100 names takes less than one MiB */

void issue_request_clear(struct issue_request *request)
{
    identifiers_clear(&request->identifiers);
    identifiers_clear(&request->requested);
    key_free(request->found_key);
    request->found_key = NULL;
}

void issue_request_names(struct issue_request *request, const struct identifiers *names)
{
    identifiers_clear(&request->identifiers);
    for (int type = IDENTIFIER_DNS; type <= IDENTIFIER_IP; type++)
        for (size_t i = 0; i < names->len; i++)
            if ((int)names->at[i].type == type)
                identifiers_add(&request->identifiers, names->at[i].type, names->at[i].value);
}

void issued_chain_clear(struct issued_chain *chain)
{
    buf_clear(&chain->cert);
    buf_clear(&chain->chain);
    buf_clear(&chain->fullchain);
    free(chain->order_url);
    free(chain->profile);
    *chain = (struct issued_chain){ 0 };
}

/* Let's Encrypt calls it "shortlived"; others may write it in two words. */
static bool is_short_profile(const char *name)
{
    static const char want[] = "shortlived";
    size_t at = 0;

    for (; *name != '\0'; name++) {
        if (strchr("-_ ", *name) != NULL)
            continue;
        if (at == sizeof want - 1 || tolower((unsigned char)*name) != want[at++])
            return false;
    }
    return at == sizeof want - 1;
}

static const char *short_profile(const struct directory *directory)
{
    for (size_t i = 0; i < directory->profiles.len; i++)
        if (is_short_profile(directory->profiles.at[i]))
            return directory->profiles.at[i];
    return NULL;
}

static bool has_address(const struct identifiers *names)
{
    for (size_t i = 0; i < names->len; i++)
        if (names->at[i].type == IDENTIFIER_IP)
            return true;
    return false;
}

/* --required-profile always (an empty one takes back what the renewal file says), --preferred-profile when the CA has
 * it. */
const char *issue_profile(
    const struct settings *settings, const struct directory *directory, const struct identifiers *names)
{
    if (text_is_given(settings->required_profile))
        return settings->required_profile;
    if (settings->preferred_profile != NULL && list_has(&directory->profiles, settings->preferred_profile))
        return settings->preferred_profile;
    if (settings->required_profile != NULL || settings->preferred_profile != NULL ||
        !settings->voice->picks_short_profile || !has_address(names))
        return NULL;
    return short_profile(directory);
}

void request_choose_profile(struct context *context, const struct ca *ca, struct issue_request *request)
{
    const struct settings *settings = context->settings;

    request->profile = issue_profile(settings, session_directory(ca->session), &request->requested);
    if (request->profile == NULL || settings->required_profile != NULL || settings->preferred_profile != NULL) {
        xreplace(&context->answers->profile, NULL);
        return;
    }
    xreplace(&context->answers->profile, request->profile);
    ui_say(context->ui,
        "The certificate is asked for by the profile \"%s\", since it is for an IP address; --preferred-profile "
        "chooses "
        "another.",
        request->profile);
}

struct session *order_session(const struct ca *ca, const struct settings *settings, struct ca *own)
{
    *own = *ca;
    own->session =
        session_limited(ca->session, (AUTHZ_TIMEOUT_S + (int64_t)settings->issuance_timeout_s) * 1000, ORDER_MAX_BYTES);
    return own->session;
}

/* ---- the record of an order ---- */

bool csr_sha256(struct view der, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(der, &digest, err));
    buf_put_hex(out, buf_view(&digest));
    return true;
}

bool request_put_options(const struct context *context, struct buf *out, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_with(context->settings, context->answers);
    AUTO(conf_free) struct conf *conf = conf_new();

    renewal_params_save(settings, conf);
    if (SETTING_IS_SET(settings, store_layout) && settings->store_layout != NULL)
        conf_set(conf, "", LINEAGE_LAYOUT_KEY, settings->store_layout);
    conf_write(conf, out);
    return !out->failed || error_set(err, ERROR_STORE, "the options are larger than a renewal file can be");
}

bool record_order(struct context *context, const struct ca *ca, const struct issue_request *request,
    const struct order *order, struct view csr, struct error *err)
{
    AUTO(pending_clear)
    struct pending pending = {
        .created = context_now(context), .key = BUF_SECRET(KEY_PEM_MAX), .params = BUF(FILE_MAX_TEXT)
    };
    AUTO(buf_clear) struct buf digest = BUF(128), previous = BUF(128);

    if (request->record == NULL)
        return true;
    TRY(csr_sha256(csr, &digest, err));
    pending.order_url = xstrdup(order->url);
    pending.server = xstrdup(context->settings->server);
    pending.account_url = xstrdup(ca->account->url);
    pending.account_id = xstrdup(ca->account->id);
    identifiers_names(&request->identifiers, &pending.names);
    identifiers_names(&request->requested, &pending.requested);
    pending.profile = request->profile == NULL ? NULL : xstrdup(request->profile);
    pending.must_staple = context->settings->must_staple;
    pending.csr_sha256 = xstrdup(buf_text(&digest));
    if (request->lineage != NULL) {
        TRY(cert_fingerprint(request->lineage->cert, &previous, err));
        pending.previous = xstrdup(buf_text(&previous));
    } else if (request->key != NULL) {
        /* Should the first certificate not be saved by this run, the next one can do that unasked. */
        TRY(request_put_options(context, &pending.params, err));
    }
    pending.has_key = request->key != NULL && !request->key_is_lineages;
    if (pending.has_key)
        TRY(key_to_pem(request->key, &pending.key, err));
    if (!pending_save(context->store, request->record, &pending, err))
        return error_in(err, "recording the order before the certificate is issued");
    return true;
}

void record_drop(struct context *context, const char *record)
{
    struct error err = { 0 };

    if (record != NULL && !pending_drop(context->store, record, &err))
        log_warning("Could not remove the record of an order that is no longer needed: %s", err.why);
}
