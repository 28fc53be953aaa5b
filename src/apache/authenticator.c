/*
 * Apache as authenticator (http-01, RFC 8555 section 8.3): the server itself answers, by a few lines in the hosts that
 * serve the names, which are gone once the CA has looked.
 */
#include "apache/authenticator.h"

#include <arpa/inet.h>

#include "apache/live_challenges.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "plugin/builtin.h"
#include "web/answering.h"

struct apache_use { /* one order */
    const struct plugin_context *context;
    struct apache_server *server;
    struct proof **proofs; /* what the plan is for, in its order */
    struct apache_challenge_plan plan;
    struct web_log log; /* marked before the reload */
};

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    struct apache_server *server = context->shared;
    struct apache_use *use;

    TRY(apache_server_prepare(server, context->net, err));
    use = xcalloc(1, sizeof *use);
    use->context = context;
    use->server = server;
    use->plan.kind = APACHE_PLAN_CHALLENGE;
    *self = use;
    return true;
}

/* ---- presenting ---- */

/* In lower case; an address in the one form that hosts are compared in. */
static char *name_of(const struct proof *proof)
{
    char *name, canonical[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (proof->is_ip && inet_pton(AF_INET6, proof->identifier, &address) == 1 &&
        inet_ntop(AF_INET6, &address, canonical, sizeof canonical) != NULL)
        return xstrdup(canonical);
    name = xstrdup(proof->identifier);
    text_lower(name);
    return name;
}

static struct apache_proof proof_of(const struct proof *proof)
{
    return (struct apache_proof){
        .name = name_of(proof),
        .token = xstrdup(proof->token),
        .content = xstrdup_or_null(proof->key_authorization),
    };
}

static void clear_proof(struct apache_proof *proof)
{
    free(proof->name);
    free(proof->token);
    free(proof->content);
}

static void add_to_plan(struct apache_use *use, struct proof *proof)
{
    struct apache_challenge_plan *plan = &use->plan;

    plan->proofs = xrealloc(plan->proofs, plan->count + 1, sizeof *plan->proofs);
    plan->spots = xrealloc(plan->spots, plan->count + 1, sizeof *plan->spots);
    use->proofs = xrealloc(use->proofs, plan->count + 1, sizeof(struct proof *));
    plan->proofs[plan->count] = proof_of(proof);
    plan->spots[plan->count] = (struct apache_spot){ .port = 0 };
    use->proofs[plan->count++] = proof;
}

static void clear_plan(struct apache_use *use)
{
    for (size_t i = 0; i < use->plan.count; i++)
        clear_proof(&use->plan.proofs[i]);
    use->plan.count = 0;
}

static bool put_in_place(struct apache_use *use, struct error *err)
{
    AUTO(free) struct error *each = NULL;
    void *plan = &use->plan;

    web_log_clear(&use->log);
    web_log_mark(&use->log, use->server->error_log);
    TRY(clerk_commit_together(use->server->clerk, &plan, 1, &use->context->company, &each, err));
    if (each == NULL)
        return true;
    *err = *each;
    return false;
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    struct apache_use *use = self;

    clear_plan(use);
    for (size_t i = 0; i < count; i++) {
        struct error failure = { 0 };

        if (proof_check_http(proofs[i], &failure))
            add_to_plan(use, proofs[i]);
        else
            proof_fail(proofs[i], &failure);
    }
    if (use->plan.count == 0)
        return true;
    if (!put_in_place(use, err)) {
        clear_plan(use);
        return false;
    }
    for (size_t i = 0; i < use->plan.count; i++)
        use->proofs[i]->state = PROOF_PRESENTED;
    return true;
}

static bool wait_for_answers(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct apache_use *use = self;
    AUTO(free) struct web_question *questions = xcalloc(use->plan.count + 1, sizeof *questions);

    for (size_t i = 0; i < use->plan.count; i++) {
        const struct apache_proof *proof = &use->plan.proofs[i];
        const struct apache_spot *spot = &use->plan.spots[i];

        questions[i] = (struct web_question){ spot->address, spot->port, proof->name, proof->token, proof->content };
    }
    TRY(web_wait_until_answered(
        use->context->net, "Apache", questions, use->plan.count, &use->log, WEB_ANSWER_MS, err));
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->state == PROOF_PRESENTED)
            proofs[i]->state = PROOF_READY;
    return true;
}

/* ---- cleaning up ---- */

struct drop {
    struct apache_server *server;
    struct apache_proof *proofs;
    size_t count;
};

static bool drop(void *arg, struct error *err)
{
    const struct drop *drop = arg;

    return apache_challenges_drop(drop->server, drop->proofs, drop->count, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct apache_use *use = self;
    struct drop all = { use->server, xcalloc(count + 1, sizeof *all.proofs), 0 };
    bool ok;

    for (size_t i = 0; i < count; i++)
        if (proofs[i]->token != NULL)
            all.proofs[all.count++] = proof_of(proofs[i]);
    ok = clerk_call_last(use->server->clerk, drop, &all, err);
    for (size_t i = 0; i < all.count; i++)
        clear_proof(&all.proofs[i]);
    free(all.proofs);
    TRY(ok);
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

/* The clerk undoes what is left whenever it takes the lock. */
static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    struct apache_server *server = context->shared;

    TRY(clerk_call(server->clerk, NULL, NULL, err));
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

static void release(void *self)
{
    struct apache_use *use = self;

    if (use == NULL)
        return;
    clear_plan(use);
    free(use->plan.proofs);
    free(use->plan.spots);
    free(use->proofs);
    web_log_clear(&use->log);
    free(use);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    const struct apache_use *use = self;

    return xprintf(
        "Apache itself answers on port %d, by lines that are put into its configuration for a moment: check that the "
        "names lead to this machine (IPv6, too), and that no other server or firewall stands in front of it.",
        use->server->settings->http_01_port);
}

const struct authenticator apache_authenticator = {
    .types = proof_http_types,
    .prepare = prepare,
    .present = present,
    .wait = wait_for_answers,
    .presents_together = true,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .hint = hint,
};
