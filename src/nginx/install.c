/*
 * Putting plans of the installer into effect, in the clerk's thread: all edits first, in memory, then one transaction
 * for all of them.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/settings.h"
#include "nginx/deploy.h"
#include "nginx/enhance.h"
#include "nginx/expected.h"
#include "nginx/plan.h"
#include "nginx/redirect.h"
#include "nginx/targets.h"

#define VERIFY_MS 20000 /* until new workers have taken over: thousands of blocks take a while */
#define WARNED_MAX 8    /* names that a warning lists */
#define GLANCE_MS 1     /* one look whether all is served already */

struct group { /* all plans of one commit */
    struct nginx_server *server;
    struct nginx_install_plan *const *plans;
    size_t count;
    struct error **each;
    struct nginx_files files;
    struct nginx_reading reading;
    bool tested; /* as it was read */
    struct nginx_editing editing;
};

static void put_text(void *arg, const char *path, struct view text)
{
    changes_set(arg, path, text);
}

static void forget_edits(struct group *group)
{
    nginx_editing_clear(&group->editing);
    nginx_reading_clear(&group->reading);
}

/* The configuration as it is on disk now. */
static bool begin(struct group *group, struct error *err)
{
    forget_edits(group);
    TRY(nginx_read(group->server, &group->reading, err));
    group->tested = nginx_is_tested(group->server, &group->reading);
    nginx_editing_begin(&group->editing, group->reading.conf);
    group->editing.put = put_text;
    group->editing.put_arg = group->reading.changes;
    return true;
}

/* ---- stages: one for all deployments, then one for each enhancement ---- */

struct stage {
    const char *title; /* as Certbot has it */
    enum enhancement enhancement;
};

static const struct stage stages[] = {
    { "Deployed ACME Certificate", ENHANCE_COUNT },
    { "Add enhancement Strict-Transport-Security", ENHANCE_HSTS },
    { "Add enhancement redirect", ENHANCE_REDIRECT },
    { "Add enhancement staple-ocsp", ENHANCE_STAPLE_OCSP },
    { "Add enhancement security-headers", ENHANCE_SECURITY_HEADERS },
};

static bool is_in_stage(const struct nginx_install_plan *plan, const struct stage *stage)
{
    if (stage->enhancement == ENHANCE_COUNT)
        return !plan->deployment->in_use;
    return (plan->deployment->enhancements & ENHANCEMENT(stage->enhancement)) != 0;
}

static bool edit(struct group *group, const struct nginx_task *task, const struct stage *stage, struct error *err)
{
    if (stage->enhancement == ENHANCE_COUNT)
        return nginx_deploy(&group->editing, task, err);
    if (stage->enhancement == ENHANCE_REDIRECT)
        return nginx_redirect(&group->editing, task, err);
    return nginx_enhance(&group->editing, task, stage->enhancement, err);
}

/* False when a plan has turned out impossible: it has its error then, and all others are to be done again. */
static bool edit_all(struct group *group)
{
    for (size_t s = 0; s < COUNT(stages); s++) {
        changes_stage(group->reading.changes, stages[s].title);
        for (size_t i = 0; i < group->count; i++) {
            struct nginx_task task;
            struct error failure = { 0 };

            if (group->each[i] != NULL || !is_in_stage(group->plans[i], &stages[s]))
                continue;
            task = nginx_plan_task(group->plans[i], &group->files);
            if (edit(group, &task, &stages[s], &failure))
                continue;
            group->each[i] = error_dup(&failure);
            if (!changes_are_empty(group->reading.changes))
                return false;
        }
    }
    return true;
}

/* ---- the transaction ---- */

static bool any_in_use(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->each[i] == NULL && group->plans[i]->deployment->in_use &&
            group->plans[i]->deployment->enhancements == 0)
            return true;
    return false;
}

static bool any_left(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->each[i] == NULL)
            return true;
    return false;
}

/* Which plans are the cause, by the names that are not served: where none is, it is no plan's. */
static void blame(struct group *group, const struct nginx_expectations *expectations, struct error *const *failures)
{
    bool any_served = false;

    for (size_t i = 0; i < expectations->len; i++)
        any_served |= failures[i] == NULL;
    for (size_t i = 0; i < expectations->len && any_served && group->count > 1; i++) {
        size_t plan = expectations->plans[i];

        if (failures[i] != NULL && group->each[plan] == NULL)
            group->each[plan] = error_dup(failures[i]);
    }
}

static void free_all(struct error **errors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(errors[i]);
    free(errors);
}

/* Whether the server shows all of it without a reload: nothing has changed since it was told. */
static bool is_shown(struct net *net, const struct nginx_expectations *expectations)
{
    struct error **failures = xcalloc(expectations->len + 1, sizeof(struct error *)), ignored = { 0 };
    bool shown =
        net != NULL && web_verify(net, expectations->at, expectations->len, NULL, GLANCE_MS, failures, &ignored);

    free_all(failures, expectations->len);
    return shown || net == NULL;
}

static bool commit(struct group *group, const struct nginx_expectations *expectations, struct error *err)
{
    struct error **failures = xcalloc(expectations->len + 1, sizeof(struct error *));
    struct net *net = NULL;
    struct web_commit wanted = {
        .service = &group->server->plugin.service,
        .changes = group->reading.changes,
        .tested = group->tested,
        .force_reload = any_in_use(group),
        .expected = expectations->at,
        .expected_count = expectations->len,
        .each = failures,
        .verify_ms = VERIFY_MS,
    };
    bool ok = plugin_net_get(&group->server->net, &net, err);

    wanted.net = net;
    if (net == NULL)
        wanted.expected_count = 0;
    if (ok && changes_are_empty(group->reading.changes) && !wanted.force_reload)
        wanted.force_reload = !is_shown(net, expectations);
    ok = ok && web_commit(&wanted, err);
    if (!ok)
        blame(group, expectations, failures);
    free_all(failures, expectations->len);
    return ok;
}

/* Notes in which file each name has its certificate, for the user. */
static void note_places(struct group *group, struct nginx_install_plan *plan, const struct nginx_task *task)
{
    AUTO(nginx_targets_clear) struct nginx_targets targets = { 0 };
    struct error ignored = { 0 };

    list_clear(&plan->plan.said);
    if (plan->deployment->in_use || !nginx_targets_find(group->editing.model, task, &targets, &ignored))
        return;
    for (size_t i = 0; i < targets.len; i++)
        for (size_t k = 0; k < targets.at[i].names.len; k++) {
            AUTO(free)
            char *text = xprintf("Successfully deployed certificate for %s to %s", targets.at[i].names.at[k],
                targets.at[i].block->node->file->path);

            list_add(&plan->plan.said, text);
        }
}

/* Names that have TLS at other ports alone. */
static void note_elsewhere(const struct group *group, const struct nginx_task *task)
{
    const struct deployment *deployment = task->deployment;

    for (size_t i = 0; deployment->elsewhere != NULL && i < deployment->names->len; i++) {
        const struct identifier *name = &deployment->names->at[i];

        if (!identifier_is_wildcard(name) && !nginx_has_https(group->editing.model, task, name, name->value) &&
            !list_has(deployment->elsewhere, name->value))
            list_add(deployment->elsewhere, name->value);
    }
}

/* Names that are served with a certificate from now on which is not for them. */
static void warn_of_uncovered(const struct group *group)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *text = NULL;
    size_t more = 0;

    for (size_t i = 0; i < group->count; i++)
        for (size_t k = 0; group->each[i] == NULL && k < group->plans[i]->uncovered.len; k++)
            if (names.len < WARNED_MAX)
                list_add(&names, group->plans[i]->uncovered.at[k]);
            else
                more++;
    if (names.len == 0)
        return;
    text = list_join(&names, ", ");
    if (more == 0)
        log_warning("Served by the same server block, and not in the new certificate: %s", text);
    else
        log_warning("Served by the same server block, and not in the new certificate: %s and %zu more", text, more);
}

static bool put_into_effect(struct group *group, struct error *err)
{
    AUTO(nginx_expectations_clear) struct nginx_expectations expectations = { 0 };

    do
        TRY(begin(group, err));
    while (!edit_all(group));
    if (!any_left(group))
        return true;
    for (size_t i = 0; i < group->count; i++) {
        struct nginx_task task = nginx_plan_task(group->plans[i], &group->files);

        if (group->each[i] != NULL)
            continue;
        nginx_expect(group->editing.model, &task, i, &expectations);
        note_places(group, group->plans[i], &task);
        note_elsewhere(group, &task);
    }
    return commit(group, &expectations, err);
}

bool nginx_install(void *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct group group = {
        .server = server,
        .plans = (struct nginx_install_plan *const *)plans,
        .count = count,
        .each = each,
    };
    bool ok;

    nginx_files_find(server, &group.files);
    ok = put_into_effect(&group, err);
    if (ok)
        warn_of_uncovered(&group);
    forget_edits(&group);
    nginx_files_clear(&group.files);
    return ok;
}
