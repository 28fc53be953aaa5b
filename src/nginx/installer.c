/*
 * nginx as installer: what plugin/installer.h asks for. Changes are the clerk's (nginx/server.h).
 */
#include <string.h>

#include "base/mem.h"
#include "config/settings.h"
#include "nginx/plan.h"
#include "nginx/plugin.h"
#include "web/names.h"

static bool recover(const struct plugin_context *context, struct error *err)
{
    const struct nginx_server *server = context->shared;

    return !web_is_unfinished(&server->service) || clerk_call(server->clerk, NULL, NULL, err);
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    TRY(nginx_prepare(context->shared, err));
    *self = (void *)context;
    return true;
}

static bool prepare_rollback(const struct plugin_context *context, void **self, struct error *err)
{
    TRY(nginx_prepare_rollback(context->shared, err));
    *self = (void *)context;
    return true;
}

static struct nginx_server *server_of(void *self)
{
    return ((const struct plugin_context *)self)->shared;
}

static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    return enhancement == ENHANCE_HSTS || enhancement == ENHANCE_REDIRECT || enhancement == ENHANCE_STAPLE_OCSP ||
           enhancement == ENHANCE_SECURITY_HEADERS;
}

static bool takes_addresses(void *self)
{
    (void)self;
    return true;
}

/* ---- names ---- */

static bool names(void *self, struct list *out, struct error *err)
{
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    AUTO(nginx_model_free) struct nginx_model *model = NULL;
    AUTO(list_clear) struct list found = { 0 };

    TRY(nginx_read(server_of(self), &reading, err));
    model = nginx_model_new(reading.conf);
    for (size_t i = 0; i < model->count; i++)
        list_add_all(&found, &model->blocks[i].names);
    for (size_t i = 0; i < model->address_count; i++)
        if (model->addresses[i].family == NGINX_HOST)
            list_add(&found, model->addresses[i].host);
    web_names_offer(&found, out);
    nginx_keep(server_of(self), &reading);
    return true;
}

/* ---- plans ---- */

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    struct nginx_install_plan *made = NULL;

    TRY(nginx_plan_make(self, deployment, &made, err));
    *out = made;
    return true;
}

static void drop(void *dropped)
{
    nginx_plan_free(dropped);
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    const struct plugin_context *context = self;

    TRY(clerk_commit(server_of(self)->clerk, plans, count, each, err));
    for (size_t i = 0; i < count; i++) {
        const struct nginx_install_plan *plan = plans[i];

        for (size_t k = 0; each[i] == NULL && k < plan->said.len; k++)
            ui_say(context->ui, "%s", plan->said.at[k]);
    }
    return true;
}

/* ---- taking back ---- */

struct rollback {
    struct nginx_server *server;
    int checkpoints;
    struct list titles;
};

static bool roll_back(void *arg, struct error *err)
{
    struct rollback *rollback = arg;

    return web_rollback(&rollback->server->service, rollback->checkpoints, NULL, &rollback->titles, err);
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    const struct plugin_context *context = self;
    struct rollback wanted = { server_of(self), checkpoints, { 0 } };
    bool ok = clerk_call(wanted.server->clerk, roll_back, &wanted, err);

    web_rollback_tell(&wanted.server->service, context->ui, &wanted.titles);
    list_clear(&wanted.titles);
    return ok;
}

const struct installer nginx_installer = {
    .recover = recover,
    .prepare = prepare,
    .prepare_rollback = prepare_rollback,
    .supports = supports,
    .takes_addresses = takes_addresses,
    .names = names,
    .plan = plan,
    .drop = drop,
    .commit = commit,
    .rollback = rollback,
};
