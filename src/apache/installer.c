/*
 * Apache as an installer: prepares, plans, and has the clerk put plans into effect.
 */
#include "web/auto_hsts.h"
#include "apache/commit.h"
#include "apache/enhancing.h"
#include "apache/grow_hsts.h"
#include "apache/private.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/settings.h"
#include "web/names.h"

struct use { /* of the plugin, by one thread */
    struct apache_server *server;
    struct ui *ui;
};

static bool recover(const struct plugin_context *context, struct error *err)
{
    struct apache_server *server = context->shared;

    return !web_is_unfinished(&server->service) || clerk_call(server->clerk, NULL, NULL, err);
}

static struct use *use_of(const struct plugin_context *context)
{
    struct use *use = xcalloc(1, sizeof *use);

    *use = (struct use){ context->shared, context->ui };
    return use;
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    TRY(apache_server_prepare(context->shared, context->net, err));
    *self = use_of(context);
    return true;
}

static bool prepare_rollback(const struct plugin_context *context, void **self, struct error *err)
{
    (void)err;
    apache_server_prepare_rollback(context->shared);
    *self = use_of(context);
    return true;
}

static void release(void *self)
{
    free(self);
}

static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    return apache_enhances(enhancement);
}

static bool takes_addresses(void *self)
{
    (void)self;
    return true;
}

static bool names(void *self, struct list *out, struct error *err)
{
    const struct use *use = self;
    AUTO(apache_work_close) struct apache_work work = { 0 };
    AUTO(list_clear) struct list found = { 0 };

    TRY(apache_work_open(use->server, false, &work, err));
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
    const struct use *use = self;
    struct apache_plan *made;

    TRY(apache_plan_make(use->server, use->ui, deployment, &made, err));
    *out = made;
    return true;
}

static void drop(void *dropped)
{
    apache_plan_free(dropped);
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    const struct use *use = self;

    TRY(clerk_commit(use->server->clerk, plans, count, each, err));
    for (size_t i = 0; i < count; i++) {
        const struct apache_plan *done = plans[i];

        for (size_t j = 0; each[i] == NULL && j < done->said.len; j++)
            ui_say(use->ui, "%s", done->said.at[j]);
    }
    return true;
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
    return state.count == 0 || clerk_call(wanted.server->clerk, take_step, &wanted, err);
}

/* How to take an undo command of a checkpoint back: a2enmod X for a2dismod -f X. */
static bool opposite(const struct list *undo, struct list *out)
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

struct rollback {
    struct apache_server *server;
    int checkpoints;
    struct list titles;
};

static bool roll_back(void *arg, struct error *err)
{
    struct rollback *wanted = arg;
    bool ok = web_rollback(&wanted->server->service, wanted->checkpoints, opposite, &wanted->titles, err);

    apache_server_forget(wanted->server);
    return ok;
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    const struct use *use = self;
    struct rollback wanted = { use->server, checkpoints, { 0 } };
    bool ok = clerk_call(use->server->clerk, roll_back, &wanted, err);

    web_rollback_tell(&use->server->service, use->ui, &wanted.titles);
    list_clear(&wanted.titles);
    return ok;
}

const struct installer apache_installer = {
    .recover = recover,
    .prepare = prepare,
    .prepare_rollback = prepare_rollback,
    .supports = supports,
    .takes_addresses = takes_addresses,
    .names = names,
    .plan = plan,
    .drop = drop,
    .commit = commit,
    .step = step,
    .rollback = rollback,
    .release = release,
};
