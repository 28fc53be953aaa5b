#include "cmd/dns_trial.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"
#include "dns/provider.h"
#include "issuance/traces.h"
#include "recipe/plugins.h"
#include "store/lineage_lock.h"

struct trial {
    struct context *context;
    const struct plugin *plugin;
    struct solver *solver;
    struct proof proof, *proofs[1];
    bool begun; /* something of it may be in place */
    char *name, *value;
    const char *identifier;
    /* What is to be found of it when it is killed; a name that no lineage has. */
    char *trace;
    struct proofs traced;
    struct tracer tracer;
    struct range_lock *lock;
};

static void trial_clear_at(struct trial *trial)
{
    proof_clear(&trial->proof);
    list_clear(&trial->traced.identifiers);
    range_lock_release_at(&trial->lock);
    free(trial->name);
    free(trial->value);
    free(trial->trace);
}

/* ---- which plugin, which name ---- */

static bool find_plugin(struct context *context, const struct plugin **out, struct error *err)
{
    const struct list *words = &context->settings->operands;
    AUTO(free) char *name = NULL;

    if (words->len != 2) {
        (void)error_set(err, ERROR_USAGE, "dns test needs to know which provider");
        return error_next(err, "dns test PROVIDER -d NAME; `plugins dns` lists the providers");
    }
    name = text_starts(words->at[1], "dns-") ? xstrdup(words->at[1]) : xprintf("dns-%s", words->at[1]);
    TRY(plugin_look_up(context->settings, name, out, err));
    if (*out != NULL && (*out)->authenticator == &dns_authenticator)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "there is no DNS provider \"%s\"", words->at[1]);
    return error_next(err, "`plugins dns` lists those that there are");
}

static bool begin(struct trial *trial, struct error *err)
{
    const struct settings *settings = trial->context->settings;
    AUTO(buf_clear) struct buf text = BUF(64);
    unsigned char bytes[32];

    if (settings->domains.len != 1) {
        (void)error_set(err, ERROR_USAGE, "dns test needs one name");
        return error_next(err, "give it with -d NAME");
    }
    trial->identifier = settings->domains.at[0];
    if (text_starts(trial->identifier, "*."))
        trial->identifier += 2;
    TRY(random_bytes(bytes, sizeof bytes, err));
    buf_put_base64url(&text, (struct view){ (const char *)bytes, sizeof bytes });
    trial->name = xprintf("_acme-challenge.%s", trial->identifier);
    trial->value = buf_take(&text);
    trial->proof = (struct proof){ .type = "dns-01",
        .kind = PROOF_RECORD,
        .identifier = trial->identifier,
        .record_name = trial->name,
        .record_value = trial->value };
    trial->proofs[0] = &trial->proof;
    return true;
}

/* ---- its trace ---- */

/* What an earlier one has left is swept first. An ordinary user, who has no store, leaves none. */
static bool enter(struct trial *trial, struct error *err)
{
    struct context *context = trial->context;
    struct error left = { 0 };

    if (context->store == NULL)
        return true;
    trial->trace = xprintf("dns-test-%s", trial->identifier);
    TRY(lineage_lock(context->store, trial->trace, &trial->lock, err));
    if (traces_sweep_one(context, trial->trace, &left))
        return true;
    if (left.kind == ERROR_CANCELED) {
        *err = left;
        return false;
    }
    log_warning("%s: %s", left.what, left.why);
    return true;
}

static bool leave_trace(struct trial *trial, struct error *err)
{
    xreplace(&trial->context->answers->authenticator, trial->plugin->name); /* whose options are to be kept with it */
    list_add(&trial->traced.identifiers, trial->identifier);
    trial->traced.at = &trial->proof;
    trial->traced.count = 1;
    trial->tracer = (struct tracer){
        .context = trial->context, .name = trial->trace, .solver = trial->solver, .proofs = &trial->traced
    };
    TRY(tracer_begin(&trial->tracer, err));
    trial->solver->plugin_context.note = tracer_note;
    trial->solver->plugin_context.note_arg = &trial->tracer;
    return true;
}

/* ---- the steps ---- */

/* What the step says of the proof, where it says nothing of all. */
static bool settle(struct trial *trial, bool ok, const char *what, struct error *err)
{
    if (ok && trial->proof.state == PROOF_FAILED && trial->proof.error != NULL) {
        *err = *trial->proof.error;
        ok = false;
    }
    return ok || error_in(err, "%s", what);
}

static bool put(struct trial *trial, struct error *err)
{
    const struct authenticator *authenticator = trial->plugin->authenticator;

    TRY(settle(trial, authenticator->plan(trial->solver->self, trial->proofs, 1, err), "cannot follow CNAMEs", err));
    if (trial->proof.place != NULL && strcmp(trial->proof.place, trial->name) != 0)
        ui_say(trial->context->ui, "%s is an alias: the record goes to %s.", trial->name, trial->proof.place);
    TRY(leave_trace(trial, err));
    trial->begun = true;
    TRY(settle(
        trial, authenticator->present(trial->solver->self, trial->proofs, 1, err), "cannot add the record", err));
    ui_say(
        trial->context->ui, "Added a TXT record at %s.", trial->proof.place != NULL ? trial->proof.place : trial->name);
    return true;
}

/* Whether the provider lists it, where its description has a way to look. */
static bool look(struct trial *trial, struct error *err)
{
    bool there = false, can = false;

    TRY(recipe_plugin_look(&trial->solver->plugin_context, trial->plugin,
        trial->proof.place != NULL ? trial->proof.place : trial->name, trial->value, &there, &can, err));
    if (can && !there)
        return error_set(err, ERROR_PLUGIN, "the provider took the record, and does not list it");
    if (can)
        ui_say(trial->context->ui, "The provider lists it.");
    return true;
}

static bool wait_for_it(struct trial *trial, struct error *err)
{
    const struct authenticator *authenticator = trial->plugin->authenticator;

    TRY(settle(
        trial, authenticator->wait(trial->solver->self, trial->proofs, 1, err), "waiting for the name servers", err));
    ui_say(trial->context->ui, "A CA would find it now.");
    return true;
}

/* worked: whether all steps before went well. */
static bool take_away(struct trial *trial, bool worked, struct error *err)
{
    const struct authenticator *authenticator = trial->plugin->authenticator;
    bool ok;

    interrupt_shield();
    proof_forget_error(&trial->proof); /* of what failed before */
    ok = authenticator->cleanup(trial->solver->self, trial->proofs, 1, err);
    interrupt_unshield();
    tracer_end(&trial->tracer);
    TRY(settle(trial, ok, "cannot remove the record", err));
    if (worked)
        ui_say(trial->context->ui, "Removed it. dns-01 works with %s for %s.", trial->plugin->name, trial->identifier);
    else
        ui_say(trial->context->ui, "Removed it.");
    return true;
}

bool dns_trial(struct context *context, struct error *err)
{
    AUTO(trial_clear) struct trial trial = { .context = context };
    AUTO(solver_close) struct solver solver = { 0 };
    struct error removing = { 0 };
    bool ok;

    trial.solver = &solver;
    TRY(find_plugin(context, &trial.plugin, err));
    TRY(begin(&trial, err));
    TRY(enter(&trial, err));
    TRY(solver_open(context, trial.plugin, &solver, err));
    ok = put(&trial, err) && look(&trial, err) && wait_for_it(&trial, err);
    if (!trial.begun)
        return ok;
    if (take_away(&trial, ok, ok ? err : &removing))
        return ok;
    if (!ok)
        ui_say(context->ui, "Besides, %s: %s", removing.what, removing.why);
    return false;
}
