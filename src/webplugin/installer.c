#include "webplugin/installer.h"

static struct web_plugin *plugin_of(const void *self)
{
    return ((const struct plugin_context *)self)->shared;
}

bool web_installer_recover(const struct plugin_context *context, struct error *err)
{
    return web_plugin_recover(context->shared, err);
}

bool web_installer_prepare(const struct plugin_context *context, void **self, struct error *err)
{
    TRY(plugin_of(context)->kind->prepare(context->shared, err));
    *self = (void *)context;
    return true;
}

bool web_installer_prepare_rollback(const struct plugin_context *context, void **self, struct error *err)
{
    TRY(plugin_of(context)->kind->prepare_rollback(context->shared, err));
    *self = (void *)context;
    return true;
}

bool web_installer_is_running(void *self)
{
    return web_is_running(plugin_of(self)->service.server);
}

bool web_installer_takes_addresses(void *self)
{
    (void)self;
    return true;
}

bool web_installer_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    const struct plugin_context *context = self;

    TRY(clerk_commit(plugin_of(self)->clerk, plans, count, each, err));
    for (size_t i = 0; i < count; i++) {
        const struct web_plan *plan = plans[i];

        for (size_t k = 0; each[i] == NULL && k < plan->said.len; k++)
            ui_say(context->ui, "%s", plan->said.at[k]);
    }
    return true;
}

/* ---- taking back ---- */

struct rollback {
    struct web_plugin *plugin;
    int checkpoints;
    struct list titles;
};

static bool roll_back(void *arg, struct error *err)
{
    struct rollback *wanted = arg;
    struct web_plugin *plugin = wanted->plugin;
    bool ok = web_rollback(&plugin->service, wanted->checkpoints, plugin->kind->opposite, &wanted->titles, err);

    web_forget(plugin);
    return ok;
}

bool web_installer_rollback(void *self, int checkpoints, struct error *err)
{
    const struct plugin_context *context = self;
    struct rollback wanted = { plugin_of(self), checkpoints, { 0 } };
    bool ok = clerk_call(wanted.plugin->clerk, roll_back, &wanted, err);

    web_rollback_tell(&wanted.plugin->service, context->ui, &wanted.titles);
    list_clear(&wanted.titles);
    return ok;
}
