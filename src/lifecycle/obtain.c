#include "lifecycle/obtain.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/international.h"
#include "config/names.h"
#include "config/option_find.h"
#include "crypto/csr.h"
#include "issuance/issue.h"
#include "issuance/resume.h"
#include "issuance/solve.h"
#include "lifecycle/choice.h"
#include "lifecycle/deliver.h"
#include "lifecycle/outcome.h"
#include "lifecycle/renewal_key.h"
#include "run/hold.h"
#include "run/hooks.h"
#include "run/questions.h"
#include "run/turns.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/pending.h"

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

/* The new certificate's names, once a subset may have been dropped. */
static void joined_names(const struct issue_request *request, struct list *out)
{
    list_clear(out);
    list_add_all(out, &request->dns);
    list_add_all(out, &request->ips);
}

/* For the eye: international names in both forms. */
static char *summary_for(const struct context *context, const struct list *names)
{
    AUTO(free) char *summary = names_summary(names), *typed = NULL;

    if (!context->as_certbot)
        typed = international_names(names);
    return typed == NULL ? TAKE(summary) : xprintf("%s (%s)", summary, typed);
}

static void announce(struct context *context, const struct list *names, bool existing)
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
    struct lineage **lineage, const char *new_name, const struct list *names, struct error *err)
{
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
    if (ok)
        deliver_expect(context, *lineage, *lineage != NULL ? (*lineage)->name : new_name, cert);
    if (ok && *lineage == NULL)
        ok = lineage_create(context->store, new_name, &issued, context->settings, lineage, err);
    else if (ok)
        ok = lineage_add_version(context->store, *lineage, &issued, context->settings, err);
    if (!ok)
        return resume_keep(context, request, chain, err);
    record_drop(context, record);
    return deliver_hooks(context, *lineage, names, err);
}

/* Whether a server of this machine, which a hook may restart, is asked for the proof; nobody knows of another one's. */
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

    if (context->as_certbot &&
        !(is_default("config-dir", settings->config_dir) && is_default("work-dir", settings->work_dir)))
        log_info(
            "Non-standard path(s), might not work with crontab installed by your operating system package manager");
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

    if (context->settings->break_my_certs || !server_is_staging(context->settings->server) ||
        (before != NULL && server_is_staging(before)))
        return true;
    names = list_join(&lineage->cert->names, ", ");
    return error_set(err, ERROR_CONFIG,
        "You've asked to renew/replace a seemingly valid certificate with a test certificate "
        "(domains: %s). We will not do that unless you use the --break-my-certs flag!",
        names);
}

static bool share_a_name(const struct list *a, const struct list *b)
{
    for (size_t i = 0; i < a->len; i++)
        if (list_has(b, a->at[i]))
            return true;
    return false;
}

static bool renew_now(struct context *context, struct lineage *lineage, struct issue_request *request,
    struct list *names, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf replaces = BUF(512);
    const char *server = lineage_server(lineage);
    bool restored = strcmp(context->verb, "renew") == 0 || strcmp(context->verb, "reconfigure") == 0;
    struct ca *ca;

    TRY(solver_check(context, request->authenticator, err));
    TRY(check_staging(context, lineage, err));
    TRY(context_account(context, &ca, err));
    TRY(renewal_key(context->settings, lineage, restored, &key, err));
    request->key = key;
    request->key_is_lineages = renewal_key_is_reused(context->settings, lineage);
    request->lineage = lineage;
    request->record = context->settings->dry_run ? NULL : lineage->name;
    issue_request_names(request, names);
    /* Only the CA that issued a certificate knows it, and only orders with one of its names can replace it (RFC 9773
     * section 5); a dry run replaces nothing. */
    if (!context->settings->dry_run && server != NULL && strcmp(server, context->settings->server) == 0 &&
        share_a_name(names, &lineage->cert->names) && cert_ari_id(lineage->cert, &replaces))
        request->replaces = buf_text(&replaces);
    return issue_with_hooks(context, request, &lineage, NULL, names, err);
}

bool renew_lineage(struct context *context, struct lineage *lineage, const struct plugin *authenticator,
    struct list *names, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    bool own = list_same_set(names, &lineage->cert->names);
    bool ok = renew_now(context, lineage, &request, names, err);

    if (ok || own) /* that it cannot have other names says nothing of its renewal */
        outcome_note(context, lineage, request.ordered, ok ? NULL : err);
    return ok;
}

static bool obtain_new(struct context *context, const char *name, const struct plugin *authenticator,
    struct obtain_result *out, struct error *err)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = authenticator };
    AUTO(key_free) struct key *key = NULL;
    struct ca *ca;

    TRY(context_account(context, &ca, err));
    TRY(renewal_key(context->settings, NULL, false, &key, err));
    request.key = key;
    request.record = context->settings->dry_run ? NULL : name;
    issue_request_names(&request, &out->names);
    TRY(issue_with_hooks(context, &request, &out->lineage, name, &out->names, err));
    out->what = context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_NEW;
    return true;
}

bool obtain_recorded(
    struct context *context, const char *name, struct obtain_result *out, bool *found, struct error *err)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    const struct plugin *authenticator;

    TRY(pending_load(context->store, name, &pending, found, err));
    if (!*found)
        return true;
    TRY(plugin_choose_authenticator(context->settings, context->ui, &authenticator, err));
    TRY(solver_check(context, authenticator, err));
    list_clear(&out->names);
    list_add_all(&out->names, &pending.requested);
    return obtain_new(context, name, authenticator, out, err);
}

bool finish_deployment(struct lineage *lineage, struct error *err)
{
    log_warning("Found a new certificate /archive/ that was not linked to in /live/; fixing...");
    return lineage_fix_deployment(lineage, err);
}

/* Whether a lineage with the same names is renewed or kept. *again: it has changed while the user was asked. */
static bool renew_or_keep(struct context *context, struct hold *hold, bool *renew, bool *again, struct error *err)
{
    bool was_pending = hold->lineage->pending_deployment && !context->settings->dry_run, type_changes = false;
    enum due due;

    hold_pause(context, hold);
    TRY(question_key_type(context, hold->lineage, &type_changes, err));
    TRY(hold_resume(context, hold, again, err));
    if (*again)
        return true;
    if (was_pending)
        TRY(finish_deployment(hold->lineage, err));
    *renew = type_changes || question_other_wishes(context, hold->lineage);
    if (was_pending || *renew)
        return true;
    TRY(lineage_due(context, hold->lineage, &due, err));
    *renew = due != DUE_NOT;
    if (due != DUE_NOT)
        return true;
    ui_say(context->ui, "Certificate not yet due for renewal");
    if (context->settings->keep)
        return true;
    hold_pause(context, hold);
    TRY(question_same_names(context, hold->lineage, renew, err));
    return hold_resume(context, hold, again, err);
}

struct lineages {      /* all that load, with their candidates */
    struct list names; /* of all that there were, also those that do not load */
    struct lineage **at;
    struct candidate *candidates;
    size_t len;
};

static void lineages_clear(struct lineages *all)
{
    list_clear(&all->names);
    for (size_t i = 0; i < all->len; i++)
        lineage_free(all->at[i]);
    free(all->at);
    free(all->candidates);
    *all = (struct lineages){ 0 };
}

static void lineages_clear_at(struct lineages *all)
{
    lineages_clear(all);
}

static bool load_candidates(struct context *context, struct lineages *all, struct error *err)
{
    const char *only = context->settings->cert_name;
    struct list *names = &all->names;

    if (only != NULL || !context->settings->duplicate)
        TRY(store_make_renewal_dir(context->store, err));
    if (only == NULL && !context->settings->duplicate)
        TRY(store_lineage_names(context->store, names, err));
    else if (only != NULL && store_has_lineage(context->store, only))
        list_add(names, only);
    all->at = xcalloc(names->len + 1, sizeof *all->at);
    all->candidates = xcalloc(names->len + 1, sizeof *all->candidates);
    for (size_t i = 0; i < names->len; i++) {
        struct error failure = { 0 };

        if (!lineage_load(context->store, names->at[i], &all->at[all->len], &failure)) {
            log_debug("passed over lineage %s: %s", names->at[i], failure.why);
            if (only != NULL && !lineage_is_unfinished(context->store, only)) { /* that is a name only */
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
    const struct settings *settings = context->settings;
    struct ca *ca;

    list_add_all(out, &settings->domains);
    list_add_all(out, &settings->ip_addresses);
    if (out->len > 0 || (settings->cert_name != NULL && all->len == 1))
        return true;
    /* As Certbot does: who answers questions makes the account first, and hears then that the CA cannot be reached. */
    if (ui_may_ask(context->ui))
        TRY(context_account(context, &ca, err));
    return question_names(context, out, err);
}

/* Who has none is asked for his address, and more. */
static bool account_unlocked(struct context *context, struct hold *hold, bool *again, struct error *err)
{
    hold_pause(context, hold);
    TRY(context_choose_account(context, err));
    return hold_resume(context, hold, again, err);
}

/* *again: it has changed while the user was asked. */
static bool obtain_existing(struct context *context, struct choice choice, struct hold *hold,
    const struct plugin *authenticator, struct obtain_result *out, bool *again, struct error *err)
{
    bool renew = true, type_changes, delivered;

    if (choice.kind == CHOICE_SAME) {
        if (out->names.len == 0)
            list_add_all(&out->names, &hold->lineage->cert->names);
        TRY(renew_or_keep(context, hold, &renew, again, err));
    } else {
        hold_pause(context, hold);
        TRY(question_key_type(context, hold->lineage, &type_changes, err));
        TRY(question_changed_names(context, hold->lineage, &out->names, choice.kind == CHOICE_EXPAND, err));
        TRY(hold_resume(context, hold, again, err));
    }
    if (!*again && renew)
        TRY(check_staging(context, hold->lineage, err) && account_unlocked(context, hold, again, err));
    if (*again)
        return true;
    if (!renew)
        log_info("Keeping the existing certificate");
    out->lineage = TAKE(hold->lineage);
    out->what = !renew ? OBTAINED_KEPT : context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_RENEWED;
    if (!renew)
        return context->settings->dry_run || deliver_outstanding(context, out->lineage, false, &delivered, err);
    return renew_lineage(context, out->lineage, authenticator, &out->names, err);
}

/* Certbot asks about the account before it asks for names, even when none will be needed; scripts answer in that order.
 */
static bool account_first(struct context *context, struct error *err)
{
    return !context->as_certbot || context_choose_account(context, err);
}

struct target { /* what is to be made or renewed */
    struct choice choice;
    struct hold hold;
};

static void target_clear(struct target *target)
{
    hold_clear(&target->hold);
}

static void target_clear_at(struct target *target)
{
    target_clear(target);
}

/* Whether what was chosen without its lock is still the right choice with it: another process may have been faster. */
static bool check_choice(
    struct context *context, const struct lineages *all, struct target *target, bool *stands, struct error *err)
{
    const struct settings *settings = context->settings;
    bool there = store_has_lineage(context->store, target->hold.name);
    bool looked_for = settings->cert_name != NULL || !settings->duplicate;
    const struct list *before;

    if (target->choice.kind == CHOICE_NEW) {
        *stands = !there || !looked_for || list_has(&all->names, target->hold.name);
        return true;
    }
    *stands = false;
    if (!there)
        return true;
    before = all->candidates[target->choice.index].names;
    TRY(lineage_load(context->store, target->hold.name, &target->hold.lineage, err));
    *stands = list_same_set(before, &target->hold.lineage->cert->names);
    return true;
}

/* Chooses the lineage and locks it. */
static bool choose_target(struct context *context, const struct lineages *all, const struct list *names,
    struct target *target, bool *again, struct error *err)
{
    const struct settings *settings = context->settings;
    bool stands;

    target->choice = choose_lineage(all->candidates, all->len, names, settings->cert_name, settings->duplicate);
    if (target->choice.kind != CHOICE_NEW)
        target->hold.name = xstrdup(all->at[target->choice.index]->name);
    else
        target->hold.name = settings->cert_name != NULL ? xstrdup(settings->cert_name) : lineage_name_of(names->at[0]);
    TRY(hold_take(context, &target->hold, err));
    TRY(check_choice(context, all, target, &stands, err));
    *again = !stands;
    return true;
}

/* A new one, unless somebody else has made it while the user was asked. */
static bool obtain_first(struct context *context, const struct lineages *all, struct target *target,
    const struct plugin *authenticator, struct obtain_result *out, bool *again, struct error *err)
{
    bool stands;

    TRY(lineage_check_name(context->store, target->hold.name, err));
    TRY(account_unlocked(context, &target->hold, again, err));
    TRY(check_choice(context, all, target, &stands, err));
    *again = !stands;
    return *again || obtain_new(context, target->hold.name, authenticator, out, err);
}

/* *again: others have changed what this was decided by. */
static bool obtain_once(struct context *context, const struct lineages *all, const struct list *wanted,
    const struct plugin *authenticator, struct obtain_result *out, bool *again, struct error *err)
{
    AUTO(target_clear) struct target target = { 0 };

    list_clear(&out->names);
    list_add_all(&out->names, wanted);
    TRY(choose_target(context, all, wanted, &target, again, err));
    if (*again)
        return true;
    return target.hold.lineage == NULL
               ? obtain_first(context, all, &target, authenticator, out, again, err)
               : obtain_existing(context, target.choice, &target.hold, authenticator, out, again, err);
}

bool obtain(struct context *context, struct obtain_result *out, struct error *err)
{
    AUTO(lineages_clear) struct lineages all = { 0 };
    AUTO(list_clear) struct list wanted = { 0 };
    AUTO(free) char *key_type = NULL;
    struct settings *settings = context->settings;
    const struct plugin *authenticator;
    bool again;

    TRY(plugin_choose_authenticator(settings, context->ui, &authenticator, err));
    TRY(solver_check(context, authenticator, err));
    if (!settings->dry_run)
        pending_sweep(context->store, context_now(context));
    TRY(account_first(context, err));
    key_type = xstrdup(settings->key_type);
    do {
        lineages_clear(&all);
        TRY(load_candidates(context, &all, err));
        if (wanted.len == 0) /* the lineage's own, as long as there is one */
            TRY(wanted_names(context, &all, &wanted, err));
        TRY(obtain_once(context, &all, &wanted, authenticator, out, &again, err));
        if (again)
            xreplace(&settings->key_type, key_type); /* a question may have set the lineage's */
    } while (again);
    return true;
}
