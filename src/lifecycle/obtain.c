#include "lifecycle/obtain.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/addresses.h"
#include "typed/names.h"
#include "issuance/solve.h"
#include "issuance/traces.h"
#include "lifecycle/choice.h"
#include "lifecycle/deliver.h"
#include "lifecycle/install.h"
#include "lifecycle/next_version.h"
#include "lifecycle/own_address.h"
#include "run/hold.h"
#include "run/questions.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/pending.h"

void obtain_result_clear(struct obtain_result *result)
{
    lineage_free(result->lineage);
    identifiers_clear(&result->names);
    *result = (struct obtain_result){ 0 };
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
    for (size_t i = 0; i < all->len; i++) {
        lineage_free(all->at[i]);
        identifiers_clear(&all->candidates[i].names);
    }
    free(all->at);
    free(all->candidates);
    *all = (struct lineages){ 0 };
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
            if (only != NULL && !lineage_is_unfinished(context->store, only)) { /* a name alone */
                *err = failure;
                return false;
            }
            continue;
        }
        all->candidates[all->len] =
            (struct candidate){ all->at[all->len]->name, cert_identifiers(all->at[all->len]->cert) };
        all->len++;
    }
    return true;
}

/* State of one obtaining, from the wanted names to the lineage that has them. No lock is held while the user is asked,
 * so others may change what was decided by: then all is chosen again. */
struct attempt {
    struct context *context;
    const struct plugin *authenticator;
    struct identifiers wanted; /* names that are asked for; none: the lineage's own */
    struct lineages all;       /* when it was chosen */
    struct choice choice;
    struct hold hold; /* the chosen lineage, locked */
    struct obtain_result *out;
};

static void attempt_clear(struct attempt *attempt)
{
    identifiers_clear(&attempt->wanted);
    lineages_clear(&attempt->all);
    hold_clear(&attempt->hold);
}

static void attempt_clear_at(struct attempt *attempt)
{
    attempt_clear(attempt);
}

/* Sets the names that are asked for; none: the lineage keeps its own. */
static bool wanted_names(struct attempt *attempt, struct error *err)
{
    struct context *context = attempt->context;
    const struct settings *settings = context->settings;
    struct identifiers *wanted = &attempt->wanted;
    AUTO(list_clear) struct list offered = { 0 };
    struct ca *ca;

    *wanted = identifiers_of(&settings->domains, &settings->ip_addresses);
    if (settings->ip_auto)
        TRY(own_addresses_add(context, wanted, err));
    if (wanted->len > 0 || (settings->cert_name != NULL && attempt->all.len == 1))
        return true;
    /* As Certbot does: at a terminal the account comes first, so that an unreachable CA is reported before any
     * question. */
    if (ui_may_ask(context->ui))
        TRY(context_account(context, &ca, err));
    TRY(installer_names(context, &offered, err));
    return question_names(context, &offered, wanted, err);
}

/* ---- what is done with the lineage that was chosen ---- */

/* Whether a lineage with the same names is renewed or kept. */
static enum step renew_or_keep(struct attempt *attempt, bool *renew, struct error *err)
{
    struct context *context = attempt->context;
    struct hold *hold = &attempt->hold;
    bool was_pending = hold->lineage->pending_deployment && !context->settings->dry_run, type_changes = false;
    enum due due;

    hold_pause(context, hold);
    TRY(question_key_type(context, hold->lineage, &type_changes, err));
    STEP(hold_resume(context, hold, err));
    if (was_pending)
        TRY(finish_deployment(hold->lineage, err));
    *renew = type_changes || question_other_options(context, hold->lineage);
    if (was_pending || *renew)
        return STEP_DONE;
    TRY(lineage_due(context, hold->lineage, &due, err));
    *renew = due != DUE_NOT;
    if (due != DUE_NOT)
        return STEP_DONE;
    ui_say(context->ui, "Certificate not yet due for renewal");
    if (context->settings->keep)
        return STEP_DONE;
    hold_pause(context, hold);
    TRY(question_same_names(context, hold->lineage, renew, err));
    return hold_resume(context, hold, err);
}

/* Whether a lineage with other names is to have these. */
static enum step change_names(struct attempt *attempt, struct error *err)
{
    struct context *context = attempt->context;
    struct hold *hold = &attempt->hold;
    bool type_changes;

    hold_pause(context, hold);
    TRY(question_key_type(context, hold->lineage, &type_changes, err));
    TRY(question_changed_names(
        context, hold->lineage, &attempt->out->names, attempt->choice.kind == CHOICE_EXPAND, err));
    return hold_resume(context, hold, err);
}

/* Chooses the account; without one, the user is asked for an address and for consent. */
static enum step choose_account(struct attempt *attempt, struct error *err)
{
    hold_pause(attempt->context, &attempt->hold);
    TRY(context_choose_account(attempt->context, err));
    return hold_resume(attempt->context, &attempt->hold, err);
}

static enum step obtain_existing(struct attempt *attempt, struct error *err)
{
    struct context *context = attempt->context;
    struct obtain_result *out = attempt->out;
    bool renew = true, delivered;

    if (out->names.len == 0)
        out->names = cert_identifiers(attempt->hold.lineage->cert);
    STEP(attempt->choice.kind == CHOICE_SAME ? renew_or_keep(attempt, &renew, err) : change_names(attempt, err));
    if (renew) {
        TRY(check_staging(context, attempt->hold.lineage, err));
        STEP(choose_account(attempt, err));
    } else {
        log_info("Keeping the existing certificate");
    }
    out->lineage = TAKE(attempt->hold.lineage);
    out->what = !renew ? OBTAINED_KEPT : context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_RENEWED;
    if (renew)
        TRY(next_version(context, out->lineage, attempt->authenticator, &out->names, err));
    else if (!context->settings->dry_run)
        TRY(deliver_outstanding(context, out->lineage, false, &delivered, err));
    return STEP_DONE;
}

/* ---- choosing it ---- */

/* Whether what was chosen without its lock is still the right choice with it: another process may have been faster. */
static enum step check_choice(struct attempt *attempt, struct error *err)
{
    const struct settings *settings = attempt->context->settings;
    AUTO(identifiers_clear) struct identifiers names = { 0 };
    struct hold *hold = &attempt->hold;
    bool there = store_has_lineage(attempt->context->store, hold->name);
    bool looked_for = settings->cert_name != NULL || !settings->duplicate;

    if (attempt->choice.kind == CHOICE_NEW)
        return !there || !looked_for || list_has(&attempt->all.names, hold->name) ? STEP_DONE : STEP_AGAIN;
    if (!there)
        return STEP_AGAIN;
    TRY(lineage_load(attempt->context->store, hold->name, &hold->lineage, err));
    names = cert_identifiers(hold->lineage->cert);
    return identifiers_same_set(&attempt->all.candidates[attempt->choice.index].names, &names) ? STEP_DONE : STEP_AGAIN;
}

/* Chooses the lineage and locks it. */
static enum step choose_target(struct attempt *attempt, struct error *err)
{
    const struct settings *settings = attempt->context->settings;
    const struct lineages *all = &attempt->all;
    struct hold *hold = &attempt->hold;

    attempt->choice =
        choose_lineage(all->candidates, all->len, &attempt->wanted, settings->cert_name, settings->duplicate);
    if (attempt->choice.kind != CHOICE_NEW)
        hold->name = xstrdup(all->at[attempt->choice.index]->name);
    else if (settings->cert_name != NULL)
        hold->name = xstrdup(settings->cert_name);
    else
        hold->name = lineage_name_of(attempt->wanted.at[0].value);
    TRY(hold_take(attempt->context, hold, err));
    return check_choice(attempt, err);
}

/* A new lineage, unless another process made it while the user was asked. */
static enum step obtain_first(struct attempt *attempt, struct error *err)
{
    struct obtain_result *out = attempt->out;

    TRY(lineage_check_name(attempt->context->store, attempt->hold.name, err));
    STEP(choose_account(attempt, err));
    STEP(check_choice(attempt, err));
    TRY(first_version(attempt->context, attempt->hold.name, attempt->authenticator, &out->names, &out->lineage, err));
    out->what = attempt->context->settings->dry_run ? OBTAINED_SIMULATED : OBTAINED_NEW;
    return STEP_DONE;
}

/* Addresses that the chosen lineage has are certified by its CA; of others it is not known. */
static bool check_addresses(const struct attempt *attempt, struct error *err)
{
    AUTO(identifiers_clear) struct identifiers known = { 0 };

    if (attempt->hold.lineage != NULL)
        known = cert_identifiers(attempt->hold.lineage->cert);
    return addresses_check(attempt->context->settings, &attempt->out->names, &known, err);
}

static enum step obtain_once(struct attempt *attempt, struct error *err)
{
    TRY(load_candidates(attempt->context, &attempt->all, err));
    if (attempt->wanted.len == 0) /* the lineage's own, as long as there is one */
        TRY(wanted_names(attempt, err));
    identifiers_clear(&attempt->out->names);
    attempt->out->names = identifiers_dup(&attempt->wanted);
    STEP(choose_target(attempt, err));
    TRY(check_addresses(attempt, err));
    TRY(solver_check_addresses(attempt->context, attempt->authenticator, &attempt->out->names, err));
    return attempt->hold.lineage == NULL ? obtain_first(attempt, err) : obtain_existing(attempt, err);
}

/* Others have changed what was decided by. */
static void start_again(struct attempt *attempt)
{
    lineages_clear(&attempt->all);
    hold_clear(&attempt->hold);
    answers_forget_key(attempt->context->answers); /* that was the lineage's as it was then */
}

static bool account_first(struct context *context, struct error *err)
{
    return !context->voice->asks_account_first || context_choose_account(context, err);
}

bool obtain(struct context *context, struct obtain_result *out, struct error *err)
{
    AUTO(attempt_clear) struct attempt attempt = { .context = context, .out = out };
    enum step step;

    TRY(plugin_choose_authenticator(context->settings, context->answers, context->ui, &attempt.authenticator, err));
    TRY(solver_check(context, attempt.authenticator, err));
    if (!context->settings->dry_run) {
        pending_sweep(context->store, context_now(context));
        traces_sweep(context);
    }
    TRY(account_first(context, err));
    while ((step = obtain_once(&attempt, err)) == STEP_AGAIN)
        start_again(&attempt);
    return step == STEP_DONE;
}
