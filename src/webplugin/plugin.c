#include "webplugin/plugin.h"

#include "base/log.h"
#include "base/mem.h"

bool web_plugin_recover(struct web_plugin *plugin, struct error *err)
{
    return !web_is_unfinished(&plugin->service) || clerk_call(plugin->clerk, NULL, NULL, err);
}

static bool recover(void *self, struct error *err)
{
    struct web_plugin *plugin = self;

    if (web_is_unfinished(&plugin->service))
        plugin->kind->locate(plugin);
    return web_recover(&plugin->service, err);
}

static bool keeps_lock(void *self)
{
    return web_challenges_are_live(self);
}

static bool owes(void *self)
{
    const struct web_plugin *plugin = self;

    return web_has_to_tell(&plugin->service);
}

static bool settle(void *self, struct error *err)
{
    const struct web_plugin *plugin = self;

    return web_tell(&plugin->service, err);
}

static bool put_again(void *plugin, struct error *err)
{
    return web_challenges_resume(plugin, err);
}

/* Challenges that are in place are taken out of the files for it, as what is installed is to stay, and put in again
 * before the reload, so that the server answers them all the time. */
static bool install(struct web_plugin *plugin, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct error again = { 0 };
    bool ok;

    TRY(web_challenges_suspend(plugin, err));
    if (web_challenges_are_live(plugin)) {
        plugin->service.put_beside = put_again;
        plugin->service.beside = plugin;
    }
    ok = plugin->kind->install(plugin, plans, count, each, err);
    plugin->service.put_beside = NULL;
    if (!web_challenges_resume(plugin, &again)) /* where nothing was reloaded, or all was taken back */
        log_warning("%s does not answer the challenges of other certificates any more: %s",
            plugin->service.server->name, again.why);
    return ok;
}

static bool commit_kind(struct web_plugin *plugin, enum web_plan_kind kind, void *const *plans, size_t count,
    struct error **each, struct error *err)
{
    return kind == WEB_PLAN_CHALLENGE ? web_challenges_put(plugin, plans, count, each, err)
                                      : install(plugin, plans, count, each, err);
}

static bool is_of_kind(const void *plan, enum web_plan_kind kind)
{
    return ((const struct web_plan *)plan)->kind == kind;
}

/* Those of one kind that come with others: where they fail, the others are not concerned. */
static bool commit_some(struct web_plugin *plugin, enum web_plan_kind kind, void *const *plans, size_t count,
    struct error **each, struct error *err)
{
    AUTO(free) void **some = xcalloc(count, sizeof *some);
    AUTO(free) struct error **failed = xcalloc(count, sizeof *failed);
    size_t found = 0;
    bool ok;

    for (size_t i = 0; i < count; i++)
        if (is_of_kind(plans[i], kind))
            some[found++] = plans[i];
    if (found == count)
        return commit_kind(plugin, kind, plans, count, each, err);
    ok = found == 0 || commit_kind(plugin, kind, some, found, failed, err);
    found = 0;
    for (size_t i = 0; i < count; i++)
        if (is_of_kind(plans[i], kind)) {
            each[i] = failed[found++];
            if (!ok && each[i] == NULL)
                each[i] = error_dup(err);
        }
    return ok || err->kind != ERROR_CANCELED;
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    return commit_some(self, WEB_PLAN_INSTALL, plans, count, each, err) &&
           commit_some(self, WEB_PLAN_CHALLENGE, plans, count, each, err);
}

const struct clerk_work web_clerk_work = {
    .recover = recover,
    .commit = commit,
    .keeps_lock = keeps_lock,
    .owes = owes,
    .settle = settle,
};
