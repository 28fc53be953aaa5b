/*
 * Apache as an installer: prepares, plans, and has the clerk put plans into effect.
 */
#include "apache/enhancing.h"
#include "apache/grow_hsts.h"
#include "apache/plan.h"
#include "apache/private.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/settings.h"
#include "web/auto_hsts.h"
#include "webplugin/installer.h"
#include "web/names.h"

static struct apache_server *server_of(const void *self)
{
    return ((const struct plugin_context *)self)->shared;
}

static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    return apache_enhances(enhancement);
}

static bool names(void *self, struct list *out, struct error *err)
{
    AUTO(apache_work_close) struct apache_work work = { 0 };
    AUTO(list_clear) struct list found = { 0 };

    TRY(apache_work_open(server_of(self), false, &work, err));
    for (size_t i = 0; i < work.model->count; i++) {
        const struct apache_vhost *vhost = &work.model->vhosts[i];

        if (vhost->name != NULL)
            list_add(&found, vhost->name);
        list_add_all(&found, &vhost->aliases);
        for (size_t j = 0; j < vhost->address_count; j++)
            list_add(&found, vhost->addresses[j].host);
    }
    web_names_offer(&found, out);
    return true;
}

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    const struct plugin_context *context = self;
    struct apache_plan *made;

    TRY(apache_plan_make(context->shared, context->ui, deployment, &made, err));
    *out = made;
    return true;
}

static void drop(void *dropped)
{
    apache_plan_free(dropped);
}

struct step {
    struct apache_server *server;
    const struct deployment *const *renewed;
    size_t count;
};

static bool take_step(void *arg, struct error *err)
{
    const struct step *step = arg;

    return apache_grow_hsts(step->server, step->renewed, step->count, err);
}

static bool step(
    const struct plugin_context *context, const struct deployment *const *renewed, size_t count, struct error *err)
{
    struct step wanted = { context->shared, renewed, count };
    AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };

    TRY(auto_hsts_read(wanted.server->settings->config_dir, &state, err));
    return state.count == 0 || clerk_call(wanted.server->plugin.clerk, take_step, &wanted, err);
}

/* How to take an undo command of a checkpoint back: a2enmod X for a2dismod -f X. */
bool apache_opposite(const struct list *undo, struct list *out)
{
    const char *program = undo->len > 0 ? file_basename(undo->at[0]) : "";
    AUTO(free) char *enmod = NULL;

    if (undo->len < 2 || strcmp(program, "a2dismod") != 0)
        return false;
    enmod = xprintf("%.*sa2enmod", (int)(program - undo->at[0]), undo->at[0]);
    list_add(out, enmod);
    list_add(out, undo->at[undo->len - 1]);
    return true;
}

const struct installer apache_installer = {
    .recover = web_installer_recover,
    .prepare = web_installer_prepare,
    .prepare_rollback = web_installer_prepare_rollback,
    .supports = supports,
    .is_running = web_installer_is_running,
    .takes_addresses = web_installer_takes_addresses,
    .names = names,
    .plan = plan,
    .drop = drop,
    .commit = web_installer_commit,
    .step = step,
    .rollback = web_installer_rollback,
};
