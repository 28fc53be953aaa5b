#include "webplugin/authenticator.h"

#include "base/mem.h"
#include "config/settings.h"
#include "plugin/builtin.h"

struct use { /* one order */
    const struct plugin_context *context;
    struct web_plugin *plugin;
    struct proof **proofs; /* what the plan is for, in its order */
    struct web_challenge_plan plan;
    struct web_log log; /* marked before the reload */
};

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    struct web_plugin *plugin = context->shared;
    struct use *use;

    TRY(plugin->kind->prepare(plugin, err));
    use = xcalloc(1, sizeof *use);
    use->context = context;
    use->plugin = plugin;
    use->plan.plan.kind = WEB_PLAN_CHALLENGE;
    *self = use;
    return true;
}

/* ---- presenting ---- */

static struct web_answer answer_to(const struct use *use, const struct proof *proof)
{
    return (struct web_answer){
        .host = use->plugin->kind->host(proof),
        .token = xstrdup(proof->token),
        .content = xstrdup_or_null(proof->key_authorization),
    };
}

static void clear_answers(struct web_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(answers[i].host);
        free(answers[i].token);
        free(answers[i].content);
    }
}

static void add_to_plan(struct use *use, struct proof *proof)
{
    struct web_challenge_plan *plan = &use->plan;

    plan->answers = xrealloc(plan->answers, plan->count + 1, sizeof *plan->answers);
    plan->spots = xrealloc(plan->spots, plan->count + 1, sizeof *plan->spots);
    use->proofs = xrealloc(use->proofs, plan->count + 1, sizeof(struct proof *));
    plan->answers[plan->count] = answer_to(use, proof);
    plan->spots[plan->count] = (struct web_spot){ .port = 0 };
    use->proofs[plan->count++] = proof;
}

static void clear_plan(struct use *use)
{
    clear_answers(use->plan.answers, use->plan.count);
    use->plan.count = 0;
}

static bool put_in_place(struct use *use, struct error *err)
{
    AUTO(free) struct error *each = NULL;
    void *plan = &use->plan;

    web_log_clear(&use->log);
    web_log_mark(&use->log, use->plugin->service.server->error_log);
    TRY(clerk_commit_together(use->plugin->clerk, &plan, 1, &use->context->company, &each, err));
    if (each == NULL)
        return true;
    *err = *each;
    return false;
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    struct use *use = self;

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
    const struct use *use = self;
    const struct plugin_context *context = use->context;
    const struct web_kind *kind = use->plugin->kind;
    AUTO(free) struct web_question *questions = xcalloc(use->plan.count + 1, sizeof *questions);
    int64_t limit_ms = kind->answer_ms != NULL ? kind->answer_ms(context->settings) : WEB_ANSWER_MS;

    for (size_t i = 0; i < use->plan.count; i++) {
        const struct web_answer *answer = &use->plan.answers[i];
        const struct web_spot *spot = &use->plan.spots[i];

        questions[i] = (struct web_question){ spot->address, spot->port, use->proofs[i]->identifier, answer->token,
            answer->content };
    }
    TRY(web_wait_until_answered(
        context->net, use->plugin->service.server->name, questions, use->plan.count, &use->log, limit_ms, err));
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->state == PROOF_PRESENTED)
            proofs[i]->state = PROOF_READY;
    return true;
}

/* ---- cleaning up ---- */

struct drop {
    struct web_plugin *plugin;
    struct web_answer *answers;
    size_t count;
};

static bool drop(void *arg, struct error *err)
{
    const struct drop *drop = arg;

    return web_challenges_drop(drop->plugin, drop->answers, drop->count, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct use *use = self;
    struct drop all = { use->plugin, xcalloc(count + 1, sizeof *all.answers), 0 };
    bool ok;

    for (size_t i = 0; i < count; i++)
        if (proofs[i]->token != NULL)
            all.answers[all.count++] = answer_to(use, proofs[i]);
    ok = clerk_call_last(use->plugin->clerk, drop, &all, err);
    clear_answers(all.answers, all.count);
    free(all.answers);
    TRY(ok);
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

/* The clerk undoes what is left whenever it takes the lock. */
static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    struct web_plugin *plugin = context->shared;

    TRY(clerk_call(plugin->clerk, NULL, NULL, err));
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

static void release(void *self)
{
    struct use *use = self;

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
    const struct use *use = self;

    return xprintf(
        "%s itself answers on port %d, by lines that are put into its configuration for a moment: check that the "
        "names lead to this machine (IPv6, too), and that no other server or firewall stands in front of it.",
        use->plugin->service.server->name, use->context->settings->http_01_port);
}

const struct authenticator web_authenticator = {
    .types = proof_http_types,
    .server = SERVER_ADAPTED,
    .prepare = prepare,
    .present = present,
    .wait = wait_for_answers,
    .presents_together = true,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .hint = hint,
};
