#include "issuance/solve.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "issuance/solve_report.h"
#include "run/turns.h"

#define PERFORMING "Performing the following challenges:"

struct work {             /* everything that one round of proving owns */
    struct authz *authzs; /* those that were not valid yet */
    struct proof *proofs; /* side by side with authzs */
    const struct challenge **challenges;
    size_t count, presented;
    struct list identifiers;
};

bool solver_check(struct context *context, const struct plugin *plugin, struct error *err)
{
    struct plugin_context plugin_context = { .plugin = plugin, .settings = context->settings, .ui = context->ui };
    void *self = NULL;

    if (plugin->path != NULL || plugin->authenticator->prepare == NULL)
        return true;
    if (!plugin->authenticator->prepare(&plugin_context, &self, err)) {
        if (context->as_certbot && err->kind == ERROR_PLUGIN)
            (void)error_set(err, ERROR_PLUGIN,
                "The %s plugin is not working; there may be problems with your existing "
                "configuration.\nThe error was: PluginError('%s')",
                plugin->name, err->why);
        return false;
    }
    if (plugin->authenticator->release != NULL)
        plugin->authenticator->release(self);
    return true;
}

bool solver_open(struct context *context, const struct plugin *plugin, struct solver *out, struct error *err)
{
    struct solver solver = { .plugin = plugin };

    solver.plugin_context = (struct plugin_context){
        .plugin = plugin, .settings = context->settings, .ui = context->ui, .hook_env = &context_trail(context)->env
    };
    TRY(plugin_challenge_types(plugin, context->settings, &solver.types, err));
    if (!context_net(context, &solver.plugin_context.net, err)) {
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
    solver->plugin = NULL;
}

static void work_clear(struct work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        struct proof *proof = &work->proofs[i];

        free((char *)proof->key_authorization);
        free((char *)proof->record_name);
        free((char *)proof->record_value);
        free(proof->output);
        authz_clear(&work->authzs[i]);
    }
    free(work->authzs);
    free(work->proofs);
    free(work->challenges);
    list_clear(&work->identifiers);
}

static void work_clear_at(struct work *work)
{
    work_clear(work);
}

/* The first type we prefer that the CA offers. */
static const struct challenge *choose_challenge(const struct solver *solver, const struct authz *authz)
{
    for (size_t i = 0; i < solver->types.len; i++) {
        const struct challenge *challenge = authz_challenge(authz, challenge_type_of(solver->types.at[i]));

        if (challenge != NULL)
            return challenge;
    }
    return NULL;
}

static bool no_challenge(const struct context *context, const struct authz *authz, struct error *err)
{
    bool only_dns = authz->challenge_count > 0;

    for (size_t i = 0; i < authz->challenge_count; i++)
        only_dns = only_dns && authz->challenges[i].type == CHALLENGE_DNS_01;
    (void)error_set(err, ERROR_PLUGIN,
        "Client with the currently selected authenticator does not support any combination "
        "of challenges that will satisfy the CA.%s",
        only_dns ? " You may need to use an authenticator plugin that can do challenges over DNS." : "");
    if (context->as_certbot) { /* which says it twice */
        log_info(PERFORMING);
        log_error("%s", err->why);
        return false; /* and never of which name */
    }
    return error_in(err, "%s%s", authz->wildcard ? "*." : "", authz->identifier.value);
}

static bool proof_fill(
    struct ca *ca, const struct authz *authz, const struct challenge *challenge, struct proof *proof, struct error *err)
{
    AUTO(buf_clear) struct buf key_auth = BUF(1024), name = BUF(1024), value = BUF(256);

    if (challenge->fault != NULL)
        return error_set(err, ERROR_ACME, "%s", challenge->fault);
    if (challenge->token == NULL)
        return error_set(
            err, ERROR_ACME, "the CA sent a %s challenge without a token", challenge_type_name(challenge->type));
    TRY(key_authorization(challenge->token, &ca->jwk, &key_auth, err));
    proof->type = challenge_type_name(challenge->type);
    proof->identifier = authz->identifier.value;
    proof->is_ip = authz->identifier.type == IDENTIFIER_IP;
    proof->token = challenge->token;
    proof->key_authorization = xstrdup(buf_text(&key_auth));
    if (challenge->type == CHALLENGE_HTTP_01)
        return true;
    if (challenge->type == CHALLENGE_TLS_ALPN_01)
        return tls_alpn_01_digest(buf_view(&key_auth), proof->digest, err);
    TRY(dns_01_value(buf_view(&key_auth), &value, err));
    TRY(challenge_record_name(challenge->type, authz->identifier.value, ca->who.kid, &name, err));
    proof->record_name = buf_take(&name);
    proof->record_value = buf_take(&value);
    return true;
}

/* Nothing but what was ordered is proved, whatever the CA asks for. */
static bool check_ordered(const struct authz *authz, const struct list *names, struct error *err)
{
    for (size_t i = 0; i < names->len; i++) {
        const char *name = names->at[i];

        if (text_equal(text_starts(name, "*.") ? name + 2 : name, authz->identifier.value))
            return true;
    }
    return error_set(
        err, ERROR_ACME, "the CA wants control of %s to be proved, which was not ordered", authz_name(authz));
}

static bool check_urls(const struct list *urls, const struct list *names, struct error *err)
{
    if (urls->len == 0)
        return error_set(err, ERROR_ACME,
            "order: it is pending, but member 'authorizations' is missing, or is not a list of https URLs");
    if (urls->len > names->len)
        return error_set(
            err, ERROR_ACME, "the CA wants %zu authorizations, but %zu names were ordered", urls->len, names->len);
    return true;
}

/* Fetches the authorizations and keeps those that still want a proof; of each, the challenge that is to be met. */
static bool gather(const struct context *context, struct ca *ca, struct solver *solver, const struct list *urls,
    const struct list *names, struct work *work, struct error *err)
{
    TRY(check_urls(urls, names, err));
    work->authzs = xcalloc(urls->len, sizeof *work->authzs);
    work->proofs = xcalloc(urls->len, sizeof *work->proofs);
    work->challenges = xcalloc(urls->len, sizeof *work->challenges);
    for (size_t i = 0; i < urls->len; i++) {
        struct authz *authz = &work->authzs[work->count];

        TRY(authz_fetch(ca->session, ca->who, urls->at[i], authz, err));
        if (authz->status == AUTHZ_VALID) {
            log_info("%s is authorized already", authz_name(authz));
            authz_clear(authz);
            continue;
        }
        work->count++;
        TRY(check_ordered(authz, names, err));
        work->challenges[work->count - 1] = choose_challenge(solver, authz);
        if (work->challenges[work->count - 1] == NULL)
            return no_challenge(context, authz, err);
        work->challenges[work->count - 1] = authz_keep_only(authz, work->challenges[work->count - 1]);
        TRY(proof_fill(ca, authz, work->challenges[work->count - 1], &work->proofs[work->count - 1], err));
        list_add(&work->identifiers, authz->identifier.value);
    }
    for (size_t i = 0; i < work->count; i++) {
        work->proofs[i].all_identifiers = &work->identifiers;
        work->proofs[i].remaining = work->count - i - 1;
    }
    return true;
}

/* Certbot's line tells more of its own making than of the challenge, but logs are searched for it. */
static void log_challenge(const struct context *context, const struct proof *proof)
{
    if (context->as_certbot)
        log_info("%s challenge for Identifier(typ=IdentifierType(%s), value='%s')", proof->type,
            proof->is_ip ? "ip" : "dns", proof->identifier);
    else
        log_info("%s challenge for %s", proof->type, proof->identifier);
}

/* Others are worked on while a plugin waits until all name servers have taken a record over. */
static bool wait_all(const struct context *context, struct solver *solver, struct error *err)
{
    const struct authenticator *authenticator = solver->plugin->authenticator;
    bool ok;

    if (authenticator->wait == NULL)
        return true;
    if (authenticator->waits_long)
        turn_park(context->turn);
    ok = authenticator->wait(solver->self, err);
    if (authenticator->waits_long)
        turn_unpark(context->turn);
    return ok;
}

static bool present_all(const struct context *context, struct solver *solver, struct work *work, struct error *err)
{
    const struct authenticator *authenticator = solver->plugin->authenticator;

    log_info(PERFORMING);
    for (size_t i = 0; i < work->count; i++)
        log_challenge(context, &work->proofs[i]);
    for (; work->presented < work->count;) {
        struct proof *proof = &work->proofs[work->presented];

        TRY(interrupt_check(err));
        work->presented++; /* cleaned up also when it fails half way */
        if (!authenticator->present(solver->self, proof, err))
            return error_in(err, "%s challenge for %s", proof->type, proof->identifier);
    }
    return wait_all(context, solver, err);
}

static void clean_up(struct solver *solver, struct work *work)
{
    if (work->presented == 0)
        return;
    interrupt_shield();
    log_info("Cleaning up challenges");
    for (size_t i = 0; i < work->presented; i++) {
        struct error err = { 0 };

        if (!solver->plugin->authenticator->cleanup(solver->self, &work->proofs[i], &err))
            log_warning("could not clean up the %s challenge for %s: %s", work->proofs[i].type,
                work->proofs[i].identifier, err.why);
    }
    interrupt_unshield();
}

static bool answer_all(struct ca *ca, struct work *work, struct error *err)
{
    for (size_t i = 0; i < work->count; i++)
        TRY(challenge_answer(ca->session, ca->who, work->challenges[i], err));
    /* The challenges live in the authorizations, which are fetched anew from here on. */
    memset(work->challenges, 0, work->count * sizeof *work->challenges);
    log_info("Waiting for verification...");
    return authz_wait(ca->session, ca->who, work->authzs, work->count, AUTHZ_TIMEOUT_S, err);
}

/* proofs point into the authorizations' identifiers and tokens, which authz_wait replaces: give them copies first. */
static void detach_proofs(struct work *work, struct list *copies)
{
    for (size_t i = 0; i < work->count; i++) {
        list_add(copies, work->proofs[i].identifier);
        list_add(copies, work->proofs[i].token);
    }
    for (size_t i = 0; i < work->count; i++) {
        work->proofs[i].identifier = copies->at[2 * i];
        work->proofs[i].token = copies->at[2 * i + 1];
    }
}

static bool judge(
    struct context *context, struct solver *solver, struct work *work, struct list *failed, struct error *err)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->authzs[i].status != AUTHZ_VALID) {
            log_info("Challenge failed for domain %s", work->authzs[i].identifier.value);
            list_add(failed, work->authzs[i].identifier.value);
        }
    if (failed->len == 0)
        return true;
    for (size_t i = 0; i < work->count; i++)
        if (work->authzs[i].status != AUTHZ_VALID)
            log_challenge(context, &work->proofs[i]);
    return solve_report(context, solver, work->authzs, work->proofs, work->count, err) &&
           context->settings->allow_subset_of_names;
}

bool solve(struct context *context, struct ca *ca, struct solver *solver, const struct list *authz_urls,
    const struct list *names, struct list *failed, struct error *err)
{
    AUTO(list_clear) struct list copies = { 0 };
    AUTO(work_clear) struct work work = { 0 };
    bool ok;

    TRY(gather(context, ca, solver, authz_urls, names, &work, err));
    if (work.count == 0)
        return true;
    detach_proofs(&work, &copies);
    ok = present_all(context, solver, &work, err) && solve_pause(context, work.proofs, work.count, err) &&
         answer_all(ca, &work, err) && judge(context, solver, &work, failed, err);
    clean_up(solver, &work); /* after the report: what cleanup hooks print follows it */
    return ok;
}
