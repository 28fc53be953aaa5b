#include "issuance/solve.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "issuance/first_look.h"
#include "issuance/solve_report.h"
#include "issuance/traces.h"
#include "preflight/preflight.h"
#include "run/shares.h"
#include "run/turns.h"

bool solver_check(struct context *context, const struct plugin *plugin, struct error *err)
{
    struct plugin_context plugin_context = {
        .plugin = plugin,
        .settings = context->settings,
        .answers = context->answers,
        .when_needed = context_net_when_needed(context),
        .ui = context->ui,
    };
    void *self = NULL;

    if (plugin->path != NULL || plugin->authenticator->prepare == NULL)
        return true;
    TRY(shares_get(run_shares(context->run), &plugin_context, err));
    if (!plugin->authenticator->prepare(&plugin_context, &self, err)) {
        if (err->kind == ERROR_PLUGIN)
            (void)VOICE_ERROR(err, ERROR_PLUGIN, context->voice->not_working, plugin->name, err->why);
        return false;
    }
    if (plugin->authenticator->release != NULL)
        plugin->authenticator->release(self);
    return true;
}

bool solver_check_addresses(
    struct context *context, const struct plugin *plugin, const struct identifiers *names, struct error *err)
{
    AUTO(list_clear) struct list types = { 0 };
    AUTO(free) char *joined = NULL;

    if (!context->voice->preflights)
        return true;
    TRY(plugin_challenge_types(plugin, context->settings, &types, err));
    joined = list_join(&types, ", ");
    for (size_t i = 0; i < names->len; i++) {
        if (names->at[i].type != IDENTIFIER_IP || preflight_type(&types, &names->at[i]) != CHALLENGE_OTHER)
            continue;
        (void)error_set(err, ERROR_PLUGIN,
            "%s would prove control of %s by %s, and DNS records prove nothing about an IP address (RFC 8738 section "
            "7)",
            plugin->name, names->at[i].value, joined);
        return error_next(err, "choose an authenticator with http-01 or tls-alpn-01 for it: --standalone, --webroot, "
                               "--nginx, --apache, or "
                               "--manual with --preferred-challenges http");
    }
    return true;
}

static bool others_come(const void *turn)
{
    return turn_others_come(turn);
}

static void arrive(const void *turn)
{
    turn_arrive(turn);
}

bool solver_open(struct context *context, const struct plugin *plugin, struct solver *out, struct error *err)
{
    struct solver solver = { .plugin = plugin };

    solver.plugin_context = (struct plugin_context){
        .plugin = plugin,
        .settings = context->settings,
        .answers = context->answers,
        .when_needed = context_net_when_needed(context),
        .ui = context->ui,
        .hook_env = &context_trail(context)->env,
    };
    if (context->turn != NULL)
        solver.plugin_context.company = (struct company){ others_come, arrive, context->turn };
    TRY(plugin_challenge_types(plugin, context->settings, &solver.types, err));
    if (!context_net(context, &solver.plugin_context.net, err) ||
        !shares_get(run_shares(context->run), &solver.plugin_context, err)) {
        list_clear(&solver.types);
        return false;
    }
    *out = solver; /* the plugin keeps a pointer to its context: it has to be that of the final place */
    if (plugin->authenticator->prepare != NULL &&
        !plugin->authenticator->prepare(&out->plugin_context, &out->self, err)) {
        list_clear(&out->types);
        out->plugin = NULL;
        return false;
    }
    return true;
}

void solver_close(struct solver *solver)
{
    if (solver->plugin == NULL)
        return;
    if (solver->plugin->authenticator->release != NULL)
        solver->plugin->authenticator->release(solver->self);
    list_clear(&solver->types);
    preflight_clear(&solver->looked);
    solver->plugin = NULL;
}

/* Certbot's line tells more of its own making than of the challenge, but logs are searched for it. */
static void log_challenge(const struct context *context, const struct proof *proof)
{
    if (context->voice->logs_challenges_as_python)
        log_info("%s challenge for Identifier(typ=IdentifierType(%s), value='%s')", proof->type,
            proof->is_ip ? "ip" : "dns", proof->identifier);
    else
        log_info("%s challenge for %s", proof->type, proof->identifier);
}

/* ---- an authenticator's steps ---- */

typedef bool step(void *self, struct proof *const *proofs, size_t count, struct error *err);

/* The proofs in a state, of the caller's. */
static struct proof **in_state(const struct proofs *proofs, enum proof_state state, size_t *count)
{
    struct proof **found = xcalloc(proofs->count + 1, sizeof(struct proof *));

    *count = 0;
    for (size_t i = 0; i < proofs->count; i++)
        if (proofs->at[i].state == state)
            found[(*count)++] = &proofs->at[i];
    return found;
}

static bool take_step(
    struct solver *solver, const struct proofs *proofs, enum proof_state of, step *make, struct error *err)
{
    size_t count;
    AUTO(free) struct proof **chosen = in_state(proofs, of, &count);

    if (count == 0 || make(solver->self, chosen, count, err))
        return true;
    return err->kind == ERROR_CANCELED ? false
                                       : error_in(err, "%s challenge for %s", chosen[0]->type, chosen[0]->identifier);
}

/* Whether present and cleanup are called while others have the job. */
static bool presents_parked(const struct authenticator *authenticator)
{
    return authenticator->presents_together || authenticator->presents_slowly;
}

/* Others are worked on while a plugin waits until all name servers have taken a record over. */
static bool wait_all(const struct context *context, struct solver *solver, struct proofs *proofs, struct error *err)
{
    const struct authenticator *authenticator = solver->plugin->authenticator;
    bool ok;

    if (authenticator->wait != NULL) {
        bool parks = authenticator->waits_long && !presents_parked(authenticator);

        if (parks)
            turn_park(context->turn);
        ok = take_step(solver, proofs, PROOF_PRESENTED, authenticator->wait, err);
        if (parks)
            turn_unpark(context->turn);
        return ok;
    }
    for (size_t i = 0; i < proofs->count; i++)
        if (proofs->at[i].state == PROOF_PRESENTED)
            proofs->at[i].state = PROOF_READY;
    return true;
}

/* Leaves out names whose proofs could not be presented, where settings permit it and others remain; else the order
 * fails, and the reason of each name is reported. Those in *failed were reported before. */
static bool leave_out_failed(
    struct context *context, const struct proofs *proofs, size_t ordered, struct list *failed, struct error *err)
{
    AUTO(list_clear) struct list fresh = { 0 };
    bool allowed = context->settings->allow_subset_of_names && context->voice->leaves_out_unpresented;

    for (size_t i = 0; i < proofs->count; i++) {
        AUTO(free) char *name = proof_name(&proofs->at[i]);

        if (proofs->at[i].state == PROOF_FAILED && !list_has(failed, name))
            list_add(&fresh, name);
    }
    list_add_all(failed, &fresh);
    return fresh.len == 0 || solve_report_unpresented(context, proofs, &fresh, allowed && failed->len < ordered, err);
}

/* An order that fails anyway is not waited for. */
static bool put_in_place(struct context *context, struct solver *solver, struct proofs *proofs, size_t ordered,
    struct list *failed, struct error *err)
{
    TRY(take_step(solver, proofs, PROOF_WANTED, solver->plugin->authenticator->present, err));
    return leave_out_failed(context, proofs, ordered, failed, err) && wait_all(context, solver, proofs, err) &&
           leave_out_failed(context, proofs, ordered, failed, err);
}

static bool present_all(struct context *context, struct solver *solver, struct proofs *proofs, struct tracer *tracer,
    size_t ordered, struct list *failed, struct error *err)
{
    const struct authenticator *authenticator = solver->plugin->authenticator;
    bool ok;

    log_info(SOLVE_PERFORMING);
    for (size_t i = 0; i < proofs->count; i++)
        log_challenge(context, &proofs->at[i]);
    TRY(interrupt_check(err));
    if (authenticator->plan != NULL)
        TRY(take_step(solver, proofs, PROOF_WANTED, authenticator->plan, err));
    TRY(tracer_begin(tracer, err));
    if (!authenticator->presents_together)
        turn_arrive(context->turn); /* else it arrives when it is among those that wait */
    if (presents_parked(authenticator))
        turn_park(context->turn);
    ok = put_in_place(context, solver, proofs, ordered, failed, err);
    if (presents_parked(authenticator))
        turn_unpark(context->turn);
    return ok;
}

static void tell_left(const struct proofs *proofs, const struct error *err)
{
    for (size_t i = 0; i < proofs->count; i++)
        if (proofs->at[i].state != PROOF_WANTED && proofs->at[i].kind != PROOF_STANDING)
            log_warning("could not clean up the %s challenge for %s: %s", proofs->at[i].type, proofs->at[i].identifier,
                proofs->at[i].error != NULL ? proofs->at[i].error->why : err->why);
}

/* Standing proofs stay for orders to come and are not cleaned up. */
static void clean_up(const struct context *context, struct solver *solver, struct proofs *proofs)
{
    const struct authenticator *authenticator = solver->plugin->authenticator;
    AUTO(free) struct proof **left = xcalloc(proofs->count + 1, sizeof(struct proof *));
    struct error err = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < proofs->count; i++)
        if (proofs->at[i].state != PROOF_WANTED && proofs->at[i].kind != PROOF_STANDING) {
            proof_forget_error(&proofs->at[i]); /* that of presenting: from now on it is about cleaning up */
            left[count++] = &proofs->at[i];
        }
    if (count == 0)
        return;
    interrupt_shield();
    log_info("Cleaning up challenges");
    if (presents_parked(authenticator))
        turn_park(context->turn);
    (void)!authenticator->cleanup(solver->self, left, count, &err);
    if (presents_parked(authenticator))
        turn_unpark(context->turn);
    tell_left(proofs, &err);
    interrupt_unshield();
}

/* ---- with the CA ---- */

/* The authorizations whose proofs are ready; the others keep their place in *proofs. */
struct asked {
    struct authz *authzs; /* taken out of *proofs, and put back */
    size_t *places, count;
};

static struct asked ask_for_ready(struct proofs *proofs)
{
    struct asked asked = { xcalloc(proofs->count + 1, sizeof(struct authz)), xcalloc(proofs->count + 1, sizeof(size_t)),
        0 };

    for (size_t i = 0; i < proofs->count; i++) {
        if (proofs->at[i].state != PROOF_READY)
            continue;
        asked.authzs[asked.count] = proofs->authzs[i];
        asked.places[asked.count++] = i;
        proofs->authzs[i] = (struct authz){ 0 };
    }
    return asked;
}

static void put_back(struct asked *asked, struct proofs *proofs)
{
    for (size_t i = 0; i < asked->count; i++)
        proofs->authzs[asked->places[i]] = asked->authzs[i];
    free(asked->authzs);
    free(asked->places);
}

static bool answer_all(struct ca *ca, struct proofs *proofs, struct error *err)
{
    struct asked asked = ask_for_ready(proofs);
    bool ok = true;

    for (size_t i = 0; ok && i < asked.count; i++)
        ok = challenge_answer(ca->session, ca->who, &asked.authzs[i].challenges[0], err);
    if (ok)
        log_info("Waiting for verification...");
    ok = ok && authz_wait(ca->session, ca->who, asked.authzs, asked.count, AUTHZ_TIMEOUT_S, err);
    put_back(&asked, proofs);
    return ok;
}

static bool is_refused(const struct proofs *proofs, size_t i)
{
    return proofs->at[i].state == PROOF_READY && proofs->authzs[i].status != AUTHZ_VALID;
}

static bool judge(
    struct context *context, struct solver *solver, struct proofs *proofs, struct list *failed, struct error *err)
{
    size_t before = failed->len;

    for (size_t i = 0; i < proofs->count; i++)
        if (is_refused(proofs, i)) {
            AUTO(free) char *name = proof_name(&proofs->at[i]);

            log_info("Challenge failed for domain %s", proofs->at[i].identifier);
            list_add(failed, name);
        }
    if (failed->len == before)
        return true;
    for (size_t i = 0; i < proofs->count; i++)
        if (is_refused(proofs, i))
            log_challenge(context, &proofs->at[i]);
    return solve_report(context, solver, proofs, err) && context->settings->allow_subset_of_names;
}

bool solve(struct context *context, struct ca *ca, struct solver *solver, const struct list *authz_urls,
    const struct identifiers *names, const char *trace, struct list *failed, struct error *err)
{
    AUTO(proofs_clear) struct proofs proofs = { 0 };
    struct tracer tracer = { .context = context, .name = trace, .solver = solver, .proofs = &proofs };
    bool ok;

    TRY(proofs_gather(context, ca, solver, authz_urls, names, &proofs, err));
    TRY(first_look_at_proofs(context, ca, solver, &proofs, names->len, failed, err));
    if (proofs.count == 0)
        return true;
    solver->plugin_context.note = tracer_note;
    solver->plugin_context.note_arg = &tracer;
    ok = present_all(context, solver, &proofs, &tracer, names->len, failed, err) &&
         solve_pause(context, &proofs, err) && answer_all(ca, &proofs, err) &&
         judge(context, solver, &proofs, failed, err);
    clean_up(context, solver, &proofs); /* after the report: what cleanup hooks print follows it */
    tracer_end(&tracer);
    solver->plugin_context.note = NULL;
    return ok;
}
