/*
 * nginx as authenticator (http-01, RFC 8555 section 8.3): the server itself answers, by a few lines in the blocks that
 * serve the names, which are gone once the CA has looked.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nginx/authenticator.h"
#include "nginx/live_challenges.h"
#include "plugin/builtin.h"
#include "web/answering.h"

struct nginx_use { /* one order */
    const struct plugin_context *context;
    struct nginx_server *server;
    struct proof **proofs; /* what the plan is for, in its order */
    struct nginx_challenge_plan plan;
    struct web_log log; /* marked before the reload */
};

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    struct nginx_server *server = context->shared;
    struct nginx_use *use;

    TRY(nginx_prepare(server, err));
    use = xcalloc(1, sizeof *use);
    use->context = context;
    use->server = server;
    use->plan.plan.kind = NGINX_PLAN_CHALLENGE;
    *self = use;
    return true;
}

/* ---- presenting ---- */

/* As it stands in the Host field of who asks. */
static char *host_of(const struct proof *proof)
{
    bool ipv6 = proof->is_ip && strchr(proof->identifier, ':') != NULL;
    char *host = xprintf(ipv6 ? "[%s]" : "%s", proof->identifier);

    text_lower(host);
    return host;
}

static void add_to_plan(struct nginx_use *use, struct proof *proof)
{
    struct nginx_challenge_plan *plan = &use->plan;

    plan->answers = xrealloc(plan->answers, plan->count + 1, sizeof *plan->answers);
    plan->spots = xrealloc(plan->spots, plan->count + 1, sizeof *plan->spots);
    use->proofs = xrealloc(use->proofs, plan->count + 1, sizeof(struct proof *));
    plan->answers[plan->count] =
        (struct nginx_answer){ host_of(proof), xstrdup(proof->token), xstrdup(proof->key_authorization) };
    plan->spots[plan->count] = (struct nginx_spot){ .port = 0 };
    use->proofs[plan->count++] = proof;
}

static void clear_plan(struct nginx_use *use)
{
    for (size_t i = 0; i < use->plan.count; i++) {
        free(use->plan.answers[i].host);
        free(use->plan.answers[i].token);
        free(use->plan.answers[i].content);
    }
    use->plan.count = 0;
}

static bool put_in_place(struct nginx_use *use, struct error *err)
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
    struct nginx_use *use = self;

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
    const struct nginx_use *use = self;
    AUTO(free) struct web_question *questions = xcalloc(use->plan.count + 1, sizeof *questions);
    int64_t limit_ms = (int64_t)use->context->settings->nginx_sleep_s * 1000;

    for (size_t i = 0; i < use->plan.count; i++) {
        const struct nginx_answer *answer = &use->plan.answers[i];
        const struct nginx_spot *spot = &use->plan.spots[i];

        questions[i] = (struct web_question){ spot->address, spot->port, use->proofs[i]->identifier, answer->token,
            answer->content };
    }
    if (limit_ms < WEB_ANSWER_MS)
        limit_ms = WEB_ANSWER_MS;
    TRY(web_wait_until_answered(use->context->net, "nginx", questions, use->plan.count, &use->log, limit_ms, err));
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->state == PROOF_PRESENTED)
            proofs[i]->state = PROOF_READY;
    return true;
}

/* ---- cleaning up ---- */

struct drop {
    struct nginx_server *server;
    struct nginx_answer *answers; /* borrowed */
    size_t count;
};

static bool drop(void *arg, struct error *err)
{
    struct drop *drop = arg;

    return nginx_challenges_drop(drop->server, drop->answers, drop->count, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    struct nginx_use *use = self;
    struct drop all = { use->server, xcalloc(count + 1, sizeof *all.answers), 0 };
    bool ok;

    for (size_t i = 0; i < count; i++)
        if (proofs[i]->token != NULL)
            all.answers[all.count++] = (struct nginx_answer){ host_of(proofs[i]), (char *)proofs[i]->token, NULL };
    ok = clerk_call_last(use->server->clerk, drop, &all, err);
    for (size_t i = 0; i < all.count; i++)
        free(all.answers[i].host);
    free(all.answers);
    TRY(ok);
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

/* The clerk undoes what is left whenever it takes the lock. */
static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    struct nginx_server *server = context->shared;

    TRY(clerk_call(server->clerk, NULL, NULL, err));
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

static void release(void *self)
{
    struct nginx_use *use = self;

    if (use == NULL)
        return;
    clear_plan(use);
    free(use->plan.answers);
    free(use->plan.spots);
    free(use->proofs);
    web_log_clear(&use->log);
    free(use);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    const struct nginx_use *use = self;

    return xprintf(
        "nginx itself answers on port %d, by lines that are put into its configuration for a moment: check that "
        "the names lead to this machine (IPv6, too), and that no other server or firewall stands in front of it.",
        use->server->settings->http_01_port);
}

const struct authenticator nginx_authenticator = {
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
