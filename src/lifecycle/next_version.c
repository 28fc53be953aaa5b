#include "lifecycle/next_version.h"

#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/international.h"
#include "typed/names.h"
#include "config/option_find.h"
#include "issuance/issue.h"
#include "issuance/resume.h"
#include "issuance/solve.h"
#include "lifecycle/deliver.h"
#include "lifecycle/outcome.h"
#include "lifecycle/renewal_key.h"
#include "run/hooks.h"
#include "run/turns.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/pending.h"

char *names_summary(const struct list *names)
{
    if (names->len == 0)
        return xstrdup("");
    if (names->len == 1)
        return xstrdup(names->at[0]);
    if (names->len == 2)
        return xprintf("%s and %s", names->at[0], names->at[1]);
    return xprintf("%s and %zu more", names->at[0], names->len - 1);
}

/* The new certificate's names, once a subset may have been dropped. */
static void joined_names(const struct issue_request *request, struct identifiers *out)
{
    identifiers_clear(out);
    *out = identifiers_dup(&request->identifiers);
}

/* A summary for display: international names in both forms. */
static char *summary_for(const struct context *context, const struct identifiers *names)
{
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(free) char *summary = NULL, *typed = NULL;

    identifiers_names(names, &texts);
    summary = names_summary(&texts);
    if (context->voice->takes_international_names)
        typed = international_names(&texts);
    return typed == NULL ? TAKE(summary) : xprintf("%s (%s)", summary, typed);
}

static void announce(struct context *context, const struct identifiers *names, bool existing)
{
    AUTO(free) char *summary = summary_for(context, names);
    bool dry = context->settings->dry_run;

    if (existing)
        ui_say(context->ui, "%s an existing certificate for %s", dry ? "Simulating renewal of" : "Renewing", summary);
    else
        ui_say(context->ui, "%s %s", dry ? "Simulating a certificate request for" : "Requesting a certificate for",
            summary);
}

static bool save(struct context *context, const struct issue_request *request, const struct issued_chain *chain,
    struct lineage **lineage, const char *new_name, const struct identifiers *names, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_with(context->settings, context->answers);
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free)
    char *record = xstrdup_or_null(request->record); /* may be the lineage's name, which goes when it is reloaded */
    struct issued issued = { buf_view(&chain->cert), buf_view(&chain->chain), buf_view(&chain->fullchain), { 0 },
        chain->order_url, chain->profile };
    bool ok;

    if (context->settings->dry_run)
        return *lineage == NULL || deliver_hooks(context, *lineage, names, err);
    ok = renewal_key_pem(context->settings, *lineage, request->key, &pem, err) &&
         cert_from_pem(issued.cert, "the new certificate", &cert, err);
    issued.privkey = buf_view(&pem);
    if (ok && context->before_live != NULL)
        ok = context->before_live->tell(context->before_live->self, cert, err);
    if (ok)
        deliver_expect(context, *lineage, *lineage != NULL ? (*lineage)->name : new_name, cert);
    if (ok && *lineage == NULL)
        ok = lineage_create(context->store, new_name, &issued, settings, lineage, err);
    else if (ok)
        ok = lineage_add_version(context->store, *lineage, &issued, settings, err);
    if (!ok)
        return resume_keep(context, request, chain, err);
    record_drop(context, record);
    return deliver_hooks(context, *lineage, names, err);
}

/* Whether the proof is asked of a server of this machine, which a hook may restart; of other machines' nothing is
 * known. */
static bool is_local(struct context *context, const struct plugin *authenticator)
{
    AUTO(list_clear) struct list types = { 0 };
    struct error err = { 0 };

    if (authenticator == NULL || !plugin_challenge_types(authenticator, context->settings, &types, &err))
        return true;
    for (size_t i = 0; i < types.len; i++)
        if (!text_starts(types.at[i], "dns"))
            return true;
    return types.len == 0;
}

static bool issue_in_turn(
    struct context *context, struct issue_request *request, struct issued_chain *chain, struct error *err)
{
    bool ok;

    TRY(turn_issue(context->turn, is_local(context, request->authenticator), err));
    ok = issue(context, request, chain, err);
    turn_issued(context->turn);
    return ok;
}

static bool is_default(const char *option, const char *value)
{
    return text_equal(option_find(option)->fallback, value);
}

/* A distribution's timer looks in the usual places only. */
static void tell_unusual_places(const struct context *context)
{
    const struct settings *settings = context->settings;

    if (context->voice->tells_unusual_dirs &&
        !(is_default("config-dir", settings->config_dir) && is_default("work-dir", settings->work_dir)))
        log_info(
            "Non-standard path(s), might not work with crontab installed by your operating system package manager");
}

/* Pre-hooks, the CA, saving and deploy hooks, post-hooks however it ended. */
static bool issue_with_hooks(struct context *context, struct issue_request *request, struct lineage **lineage,
    const char *new_name, struct identifiers *names, struct error *err)
{
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(list_clear) struct list issued = { 0 };
    struct error late = { 0 };
    bool ok;

    /* Post-hooks run even when a pre-hook failed: they restart what earlier pre-hooks stopped. */
    ok = hooks_before(context, err);
    if (ok) {
        announce(context, names, *lineage != NULL);
        if (*lineage != NULL && request->key_is_lineages)
            log_info("Reusing existing private key from %s.", (*lineage)->live[KIND_PRIVKEY]);
        ok = issue_in_turn(context, request, &chain, err);
    }
    if (ok) {
        if (*lineage == NULL)
            tell_unusual_places(context);
        joined_names(request, names);
        ok = save(context, request, &chain, lineage, new_name, names, err);
    }
    if (ok)
        identifiers_names(names, &issued);
    if (!hooks_after(context, &issued, &late) && ok) {
        *err = late;
        return false;
    }
    return ok;
}

bool check_staging(struct context *context, const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *names = NULL;
    const char *before = lineage_server(lineage);

    if (context->settings->break_my_certs || !server_is_staging(context->settings->server) ||
        (before != NULL && server_is_staging(before)))
        return true;
    names = list_join(&lineage->cert->names, ", ");
    return error_set(err, ERROR_CONFIG,
        "You've asked to renew/replace a seemingly valid certificate with a test certificate "
        "(domains: %s). We will not do that unless you use the --break-my-certs flag!",
        names);
}

static bool share_a_name(const struct identifiers *a, const struct identifiers *b)
{
    for (size_t i = 0; i < a->len; i++)
        if (identifiers_has(b, &a->at[i]))
            return true;
    return false;
}

static void tell_key(const struct context *context, const char *name, const struct key *key)
{
    AUTO(free) char *bits = xprintf("%u", key_bits(key));

    if (!context->settings->dry_run)
        audit_done(ACT_KEY_MADE, name, "type", key_get_type(key) == KEY_RSA ? "rsa" : "ecdsa",
            key_get_type(key) == KEY_RSA ? "bits" : "curve", key_get_type(key) == KEY_RSA ? bits : key_curve(key),
            NULL);
}

static bool renew_now(struct context *context, struct lineage *lineage, struct issue_request *request,
    const struct identifiers *before, struct identifiers *names, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf replaces = BUF(512);
    const char *server = lineage_server(lineage);
    bool restored = context->verb->traits & VERB_RESTORES;
    struct ca *ca;

    TRY(solver_check(context, request->authenticator, err));
    TRY(check_staging(context, lineage, err));
    TRY(context_account(context, &ca, err));
    TRY(renewal_key(context->settings, context->answers, lineage, restored, &key, err));
    request->key = key;
    request->key_is_lineages = renewal_key_is_reused(context->settings, lineage);
    if (!request->key_is_lineages)
        tell_key(context, lineage->name, key);
    request->lineage = lineage;
    request->record = context->settings->dry_run ? NULL : lineage->name;
    request->trace = lineage->name;
    issue_request_names(request, names);
    /* Only the CA that issued a certificate knows it, and only orders with one of its names can replace it (RFC 9773
     * section 5); a dry run replaces nothing. */
    if (!context->settings->dry_run && server != NULL && strcmp(server, context->settings->server) == 0 &&
        share_a_name(names, before) && cert_ari_id(lineage->cert, &replaces))
        request->replaces = buf_text(&replaces);
    return issue_with_hooks(context, request, &lineage, NULL, names, err);
}

bool next_version(struct context *context, struct lineage *lineage, const struct plugin *authenticator,
    struct identifiers *names, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    AUTO(identifiers_clear) struct identifiers before = cert_identifiers(lineage->cert);
    bool own = identifiers_same_set(names, &before);
    bool ok = renew_now(context, lineage, &request, &before, names, err);

    if (ok || own) /* that it cannot have other names says nothing of its renewal */
        outcome_note(context, lineage, request.ordered, ok ? NULL : err);
    return ok;
}

bool first_version(struct context *context, const char *name, const struct plugin *authenticator,
    struct identifiers *names, struct lineage **out, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    AUTO(key_free) struct key *key = NULL;
    struct ca *ca;

    TRY(context_account(context, &ca, err));
    TRY(renewal_key(context->settings, context->answers, NULL, false, &key, err));
    tell_key(context, name, key);
    request.key = key;
    request.record = context->settings->dry_run ? NULL : name;
    request.trace = name;
    issue_request_names(&request, names);
    return issue_with_hooks(context, &request, out, name, names, err);
}

bool first_version_recorded(struct context *context, const char *name, struct identifiers *names, struct lineage **out,
    bool *found, struct error *err)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    const struct plugin *authenticator;

    TRY(pending_load(context->store, name, &pending, found, err));
    if (!*found)
        return true;
    TRY(plugin_choose_authenticator(context->settings, context->answers, context->ui, &authenticator, err));
    TRY(solver_check(context, authenticator, err));
    identifiers_clear(names);
    *names = identifiers_typed(&pending.requested);
    return first_version(context, name, authenticator, names, out, err);
}

bool finish_deployment(struct lineage *lineage, struct error *err)
{
    log_warning("Found a new certificate /archive/ that was not linked to in /live/; fixing...");
    return lineage_fix_deployment(lineage, err);
}
