#include "webplugin/live_challenges.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "webplugin/authenticator.h"

bool web_challenges_are_live(const struct web_plugin *plugin)
{
    return plugin->live.count > 0;
}

static void add(struct web_live *live, const struct web_answer *answer)
{
    if (live->count == live->size) {
        live->size = 2 * live->size + 8;
        live->at = xrealloc(live->at, live->size, sizeof *live->at);
    }
    live->at[live->count++] =
        (struct web_answer){ xstrdup(answer->host), xstrdup(answer->token), xstrdup(answer->content) };
}

static bool is_same(const struct web_answer *a, const struct web_answer *b)
{
    return strcmp(a->host, b->host) == 0 && strcmp(a->token, b->token) == 0;
}

static void clear_answer(struct web_answer *answer)
{
    free(answer->host);
    free(answer->token);
    free(answer->content);
}

static void forget(struct web_live *live, const struct web_answer *answer)
{
    for (size_t i = live->count; i > 0; i--)
        if (is_same(&live->at[i - 1], answer)) {
            clear_answer(&live->at[i - 1]);
            live->at[i - 1] = live->at[--live->count];
            return;
        }
}

void web_live_clear(struct web_live *live)
{
    for (size_t i = 0; i < live->count; i++)
        clear_answer(&live->at[i]);
    free(live->at);
    *live = (struct web_live){ 0 };
}

static void free_all(struct error **errors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(errors[i]);
    free(errors);
}

/* All that were in place before something failed, which has taken all of it back. */
static bool put_live(struct web_plugin *plugin, struct error *err)
{
    const struct web_live *live = &plugin->live;
    AUTO(free) struct web_spot *spots = NULL;
    struct error **each;
    bool ok;

    if (live->count == 0)
        return true;
    spots = xcalloc(live->count, sizeof *spots);
    each = xcalloc(live->count, sizeof *each);
    ok = plugin->kind->answer(plugin, live->at, live->count, spots, each, err);
    free_all(each, live->count);
    return ok;
}

/* The answers of all plans in one array, borrowed. */
static struct web_answer *gather(void *const *plans, size_t count, size_t *total)
{
    struct web_answer *all;

    *total = 0;
    for (size_t i = 0; i < count; i++)
        *total += ((struct web_challenge_plan *)plans[i])->count;
    all = xcalloc(*total + 1, sizeof *all);
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct web_challenge_plan *plan = plans[i];

        memcpy(all + *total, plan->answers, plan->count * sizeof *all);
        *total += plan->count;
    }
    return all;
}

static void hand_out(void *const *plans, size_t count, const struct web_spot *spots)
{
    for (size_t i = 0; i < count; i++) {
        struct web_challenge_plan *plan = plans[i];

        memcpy(plan->spots, spots, plan->count * sizeof *spots);
        spots += plan->count;
    }
}

/* Plans with an answer that is the cause of a failure; of a single one, the whole says it. */
static void blame(void *const *plans, size_t count, struct error *const *failures, struct error **each)
{
    for (size_t i = 0; count > 1 && i < count; i++) {
        const struct web_challenge_plan *plan = plans[i];

        for (size_t k = 0; k < plan->count && each[i] == NULL; k++)
            if (failures[k] != NULL)
                each[i] = error_dup(failures[k]);
        failures += plan->count;
    }
}

bool web_challenges_put(
    struct web_plugin *plugin, void *const *plans, size_t count, struct error **each, struct error *err)
{
    const char *name = plugin->service.server->name;
    size_t total;
    AUTO(free) struct web_answer *all = gather(plans, count, &total);
    AUTO(free) struct web_spot *spots = xcalloc(total + 1, sizeof *spots);
    struct error **failures = xcalloc(total + 1, sizeof *failures);
    struct error again = { 0 };
    bool ok = plugin->kind->answer(plugin, all, total, spots, failures, err);

    if (!ok)
        blame(plans, count, failures, each);
    free_all(failures, total);
    if (!ok) {
        if (!web_challenges_resume(plugin, &again)) /* they were taken back where it got that far */
            log_warning("%s does not answer the challenges of other certificates any more: %s", name, again.why);
        return error_in(err, "making %s answer the challenges", name);
    }
    hand_out(plans, count, spots);
    for (size_t i = 0; i < total; i++)
        add(&plugin->live, &all[i]);
    return true;
}

static bool is_among(const struct web_answer *answer, const struct web_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_same(&answers[i], answer))
            return true;
    return false;
}

/* Whether others than these stay in place. */
static bool others_stay(const struct web_live *live, const struct web_answer *answers, size_t count)
{
    for (size_t i = 0; i < live->count; i++)
        if (!is_among(&live->at[i], answers, count))
            return true;
    return false;
}

static bool take_away(struct web_plugin *plugin, struct error *err)
{
    web_forget(plugin);
    return web_temporary_end(&plugin->service, err);
}

bool web_challenges_drop(struct web_plugin *plugin, const struct web_answer *answers, size_t count, struct error *err)
{
    if (!others_stay(&plugin->live, answers, count) && !take_away(plugin, err))
        return error_in(err, "restoring the configuration of %s", plugin->service.server->name);
    for (size_t i = 0; i < count; i++)
        forget(&plugin->live, &answers[i]);
    return true;
}

bool web_challenges_suspend(struct web_plugin *plugin, struct error *err)
{
    return !web_challenges_are_live(plugin) || take_away(plugin, err);
}

bool web_challenges_resume(struct web_plugin *plugin, struct error *err)
{
    if (web_holds_challenge(&plugin->service))
        return true;
    web_forget(plugin);
    return put_live(plugin, err);
}
