/*
 * nginx as installer: what plugin/installer.h asks for. Changes are the clerk's (nginx/server.h).
 */
#include "nginx/plan.h"
#include "nginx/plugin.h"
#include "webplugin/installer.h"
#include "web/names.h"

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

const struct installer nginx_installer = {
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
    .rollback = web_installer_rollback,
};
