/*
 * A third-party plugin at work as installer, by version 1 of the protocol: it is asked to deploy name by name, then to
 * reload.
 *
 * All lineages of a run with the same options of the plugin share one server and its clerk. The protocol has no way to
 * take back what was deployed, and neither enhancements nor checkpoints: a name whose deployment fails is as it was
 * before, by the plugin's own promise, and nothing is reloaded for a lineage of which a name has failed.
 */
#include "base/mem.h"
#include "plugin/clerk.h"
#include "plugin/external_ask.h"

struct server {
    struct use use;
    struct settings *settings; /* of use: with the plugin's options */
    struct clerk *clerk;
};

/* A plan is a copy of the deployment. */
static bool deploy_names(struct server *server, const struct deployment *deployment, struct error *err)
{
    const struct external *external = server->use.external;

    for (size_t i = 0; i < deployment->names->len; i++) {
        const char *name = deployment->names->at[i];
        AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

        line_put_deploy(&question, &external->about, external->plugin.name, server->settings, name, deployment->pairs);
        if (!use_ask(&server->use, LINE_DEPLOY, &question, NULL, err))
            return error_in(err, "deploying the certificate for %s", name);
    }
    return true;
}

static bool reload(struct server *server, struct error *err)
{
    const struct external *external = server->use.external;
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    line_put_reload(&question, &external->about, external->plugin.name, server->settings);
    return use_ask(&server->use, LINE_RELOAD, &question, NULL, err);
}

/* Those that fail have their errors in each; whether any is left to be reloaded for. */
static bool deploy_all(
    struct server *server, void *const *plans, size_t count, struct error **each, bool *any, struct error *err)
{
    *any = false;
    for (size_t i = 0; i < count; i++) {
        const struct deployment *deployment = plans[i];

        if (deployment->in_use || deploy_names(server, deployment, err)) {
            *any = true;
            continue;
        }
        if (err->kind == ERROR_CANCELED)
            return false;
        each[i] = error_dup(err);
        error_clear(err);
    }
    return true;
}

static bool desk_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct server *server = self;
    bool any, ok;

    ok = deploy_all(server, plans, count, each, &any, err) && (!any || reload(server, err));
    use_hang_up(&server->use);
    return ok;
}

static const struct clerk_desk desk = { .commit = desk_commit };

/* ---- what a run shares ---- */

static char *share_key(const struct plugin *plugin, const struct settings *settings)
{
    return external_server(settings, plugin->name);
}

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    const struct plugin *plugin = context->plugin;
    const struct settings *settings = context->settings;
    AUTO(free) char *key = share_key(plugin, settings), *name = xprintf("the server of the plugin %s", plugin->name);
    struct server_place place = {
        .dir = settings->work_dir,
        .key = key,
        .name = name,
        .timeout_s = SETTING_IS_SET(settings, lock_timeout_s) ? settings->lock_timeout_s : -1,
    };
    struct server *server = xcalloc(1, sizeof *server);

    (void)err;
    server->settings = settings_dup(settings);
    server->use = (struct use){ .external = external_of(plugin), .settings = server->settings };
    server->clerk = clerk_new(&place, &desk, server);
    *shared = server;
    return true;
}

static void end(void *shared)
{
    struct server *server = shared;

    clerk_free(server->clerk);
    settings_free(server->settings);
    free(server);
}

const struct plugin_share external_share = { .key = share_key, .make = make, .end = end };

/* ---- as plugin/installer.h wants it ---- */

static const char *name_of(const struct server *server)
{
    return server->use.external->plugin.name;
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    (void)err;
    *self = context->shared;
    return true;
}

static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    (void)enhancement;
    return false;
}

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    if (deployment->pair_count != 1) /* the protocol has a place for one */
        return error_set(err, ERROR_PLUGIN, "The %s plugin cannot install %zu certificates for one lineage",
            name_of(self), deployment->pair_count);
    *out = deployment_dup(deployment);
    return true;
}

static void drop(void *dropped)
{
    deployment_free(dropped);
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    return clerk_commit(((const struct server *)self)->clerk, plans, count, each, err);
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    (void)checkpoints;
    return error_set(err, ERROR_PLUGIN, "The %s plugin keeps no checkpoints", name_of(self));
}

const struct installer external_installer = {
    .prepare = prepare,
    .supports = supports,
    .plan = plan,
    .drop = drop,
    .commit = commit,
    .rollback = rollback,
};
