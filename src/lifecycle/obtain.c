#include "lifecycle/obtain.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/names.h"
#include "crypto/csr.h"
#include "lifecycle/choice.h"
#include "lifecycle/hooks.h"
#include "lifecycle/issue.h"
#include "lifecycle/questions.h"
#include "lifecycle/renewal_key.h"

void obtain_result_clear(struct obtain_result *result)
{
    lineage_free(result->lineage);
    list_clear(&result->names);
    *result = (struct obtain_result){ 0 };
}

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

static void split_names(const struct list *names, struct issue_request *request)
{
    for (size_t i = 0; i < names->len; i++) {
        char canonical[64];

        list_add(ip_canonical(names->at[i], canonical) ? &request->ips : &request->dns, names->at[i]);
    }
}

/* The new certificate's names, once a subset may have been dropped. */
static void joined_names(const struct issue_request *request, struct list *out)
{
    list_clear(out);
    list_add_all(out, &request->dns);
    list_add_all(out, &request->ips);
}

static void announce(struct context *context, const struct list *names, bool existing)
{
    AUTO(free) char *summary = names_summary(names);
    bool dry = context->settings->dry_run;

    if (existing)
        ui_say(context->ui, "%s an existing certificate for %s", dry ? "Simulating renewal of" : "Renewing", summary);
    else
        ui_say(context->ui, "%s %s", dry ? "Simulating a certificate request for" : "Requesting a certificate for", summary);
}

static bool save(struct context *context, const struct issue_request *request, const struct issued_chain *chain,
    struct lineage **lineage, const char *new_name, const struct list *names, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(FILE_MAX_KEY);
    struct issued issued = { buf_view(&chain->cert), buf_view(&chain->chain), buf_view(&chain->fullchain), { 0 } };

    if (context->settings->dry_run)
        return *lineage == NULL || hooks_deploy(context, (*lineage)->live_dir, names, err);
    TRY(renewal_key_pem(context->settings, *lineage, request->key, &pem, err));
    issued.privkey = buf_view(&pem);
    if (*lineage == NULL)
        TRY(lineage_create(context->store, new_name, &issued, context->settings, lineage, err));
    else
        TRY(lineage_add_version(context->store, *lineage, &issued, context->settings, err));
    return hooks_deploy(context, (*lineage)->live_dir, names, err);
}

/* Pre-hooks, the CA, saving and deploy hooks, post-hooks however it ended. */
static bool issue_with_hooks(struct context *context, struct issue_request *request, struct lineage **lineage,
    const char *new_name, struct list *names, struct error *err)
{
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    const struct list none = { 0 };
    struct error late = { 0 };
    bool ok;

    /* What a pre-hook has stopped is started again by the post-hooks, also when the next pre-hook could not be run. */
    ok = hooks_before(context, err) && issue(context, request, &chain, err);
    if (ok) {
        joined_names(request, names);
        ok = save(context, request, &chain, lineage, new_name, names, err);
    }
    if (!hooks_after(context, ok ? names : &none, &late) && ok) {
        *err = late;
        return false;
    }
    return ok;
}

static bool check_staging(struct context *context, const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *names = NULL;
    const char *before = lineage_server(lineage);

    if (context->settings->break_my_certs || !server_is_staging(context->settings->server)
        || (before != NULL && server_is_staging(before)))
        return true;
    names = list_join(&lineage->cert->names, ", ");
    return error_set(err, ERROR_CONFIG, "You've asked to renew/replace a seemingly valid certificate with a test certificate "
        "(domains: %s). We will not do that unless you use the --break-my-certs flag!", names);
}

bool renew_lineage(struct context *context, struct lineage *lineage, const struct plugin *authenticator,
    struct list *names, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf replaces = BUF(512);
    const char *server = lineage_server(lineage);
    struct ca *ca;

    TRY(check_staging(context, lineage, err));
    TRY(context_account(context, &ca, err)); /* a new one is told of before the certificate is */
    announce(context, names, true);
    TRY(renewal_key(context->settings, lineage, &key, err));
    request.key = key;
    split_names(names, &request);
    /* Only the CA that issued a certificate knows it (RFC 9773 section 5); a dry run replaces nothing. */
    if (!context->settings->dry_run && server != NULL && strcmp(server, context->settings->server) == 0
        && cert_ari_id(lineage->cert, &replaces))
        request.replaces = buf_text(&replaces);
    return issue_with_hooks(context, &request, &lineage, NULL, names, err);
}

static bool obtain_new(struct context *context, const char *name, const struct plugin *authenticator,
    struct obtain_result *out, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    AUTO(key_free) struct key *key = NULL;
    struct ca *ca;

    TRY(lineage_check_name(context->store, name, err));
    TRY(context_account(context, &ca, err));
    announce(context, &out->names, false);
    TRY(renewal_key(context->settings, NULL, &key, err));
    request.key = key;
    split_names(&out->names, &request);
    TRY(issue_with_hooks(context, &request, &out->lineage, name, &out->names, err));
    out->what = context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_NEW;
    return true;
}

/* Whether a lineage with the same names is renewed or kept (contract 3.3). */
static bool renew_or_keep(struct context *context, struct lineage *lineage, bool *renew, struct error *err)
{
    bool was_pending = lineage->pending_deployment, type_changes = false;
    enum due due;

    TRY(question_key_type(context, lineage, &type_changes, err));
    if (was_pending)
        TRY(lineage_fix_deployment(lineage, err));
    *renew = type_changes;
    if (was_pending || type_changes)
        return true;
    TRY(lineage_due(context, lineage, &due, err));
    *renew = due != DUE_NOT;
    if (due != DUE_NOT || context->settings->keep)
        return true;
    return question_same_names(context, lineage, renew, err);
}

struct lineages { /* all that load, with their candidates */
    struct lineage **at;
    struct candidate *candidates;
    size_t len;
};

static void lineages_clear_at(struct lineages *all)
{
    for (size_t i = 0; i < all->len; i++)
        lineage_free(all->at[i]);
    free(all->at);
    free(all->candidates);
}

static bool load_candidates(struct context *context, struct lineages *all, struct error *err)
{
    const char *only = context->settings->cert_name;
    AUTO(list_clear) struct list names = { 0 };

    if (only == NULL && !context->settings->duplicate)
        TRY(store_lineage_names(context->store, &names, err));
    else if (only != NULL && store_has_lineage(context->store, only))
        list_add(&names, only);
    all->at = xcalloc(names.len + 1, sizeof *all->at);
    all->candidates = xcalloc(names.len + 1, sizeof *all->candidates);
    for (size_t i = 0; i < names.len; i++) {
        struct error failure = { 0 };

        if (!lineage_load(context->store, names.at[i], &all->at[all->len], &failure)) {
            log_debug("passed over lineage %s: %s", names.at[i], failure.why);
            if (only != NULL) {
                *err = failure;
                return false;
            }
            continue;
        }
        all->candidates[all->len] = (struct candidate){ all->at[all->len]->name, &all->at[all->len]->cert->names };
        all->len++;
    }
    return true;
}

static bool wanted_names(struct context *context, const struct lineages *all, struct list *out, struct error *err)
{
    struct settings *settings = context->settings;

    list_add_all(out, &settings->domains);
    list_add_all(out, &settings->ip_addresses);
    if (out->len == 0 && !(settings->cert_name != NULL && all->len == 1))
        TRY(question_names(context, out, err));
    return true;
}

static bool obtain_existing(struct context *context, struct choice choice, struct lineage *lineage,
    const struct plugin *authenticator, struct obtain_result *out, struct error *err)
{
    bool renew = true, type_changes;

    if (choice.kind == CHOICE_SAME) {
        list_clear(&out->names);
        list_add_all(&out->names, &lineage->cert->names);
        TRY(renew_or_keep(context, lineage, &renew, err));
    } else {
        TRY(question_key_type(context, lineage, &type_changes, err));
        TRY(question_changed_names(context, lineage, &out->names, choice.kind == CHOICE_EXPAND, err));
    }
    out->what = !renew ? OBTAINED_KEPT : context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_RENEWED;
    return !renew || renew_lineage(context, lineage, authenticator, &out->names, err);
}

bool obtain(struct context *context, struct obtain_result *out, struct error *err)
{
    AUTO(lineages_clear) struct lineages all = { 0 };
    struct settings *settings = context->settings;
    const struct plugin *authenticator;
    struct choice choice;

    TRY(plugin_choose_authenticator(settings, context->ui, &authenticator, err));
    TRY(load_candidates(context, &all, err));
    TRY(wanted_names(context, &all, &out->names, err));
    choice = choose_lineage(all.candidates, all.len, &out->names, settings->cert_name, settings->duplicate);
    if (choice.kind == CHOICE_NEW) {
        AUTO(free) char *name = settings->cert_name != NULL ? xstrdup(settings->cert_name)
                                                            : lineage_name_of(out->names.at[0]);

        return obtain_new(context, name, authenticator, out, err);
    }
    out->lineage = all.at[choice.index];
    all.at[choice.index] = NULL;
    return obtain_existing(context, choice, out->lineage, authenticator, out, err);
}
