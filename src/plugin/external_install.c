/*
 * A third-party plugin as installer. All lineages of a run with the same options of the plugin share one server and its
 * clerk.
 *
 * In version 1 of the protocol it is asked to deploy name by name, then to reload; there is no way to take back what
 * was deployed. A name whose deployment fails is as it was before, by the plugin's own promise, and nothing is reloaded
 * for the sake of a lineage of which a name has failed. In version 2 it is asked to install all at once.
 */
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "plugin/clerk.h"
#include "plugin/external_ask.h"
#include "plugin/line_questions.h"

struct server {
    struct use use;
    struct settings *settings; /* of use: with the plugin's options */
    struct clerk *clerk;
    bool recovered; /* under this lock, and nothing was asked for since: the clerk's thread knows */
};

static bool is_old(const struct server *server)
{
    return server->use.external->about.version == LINE_VERSION_ONE;
}

static const char *name_of(const struct server *server)
{
    return server->use.external->plugin.name;
}

static bool ask_for(struct server *server, enum line_request request, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    line_put_request(&question, request, &server->use.external->about, name_of(server), server->settings);
    return use_ask(&server->use, request, &question, NULL, err);
}

/* Asks for recover before each change. */
static bool recover_first(struct server *server, struct error *err)
{
    bool recovered = server->recovered;

    server->recovered = false;
    return recovered || ask_for(server, LINE_RECOVER, err);
}

/* ---- version 1; a plan is a copy of the deployment ---- */

static bool deploy_names(struct server *server, const struct deployment *deployment, struct error *err)
{
    for (size_t i = 0; i < deployment->names->len; i++) {
        const char *name = deployment->names->at[i].value;
        AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

        line_put_deploy(
            &question, &server->use.external->about, name_of(server), server->settings, name, deployment->pairs);
        if (!use_ask(&server->use, LINE_DEPLOY, &question, NULL, err))
            return error_in(err, "deploying the certificate for %s", name);
    }
    return true;
}

/* Deploys all; failures go to each[]. *any: whether one succeeded, so that a reload is needed. */
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

static bool commit_old(struct server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    bool any;

    return deploy_all(server, plans, count, each, &any, err) && (!any || ask_for(server, LINE_RELOAD, err));
}

/* ---- version 2 ---- */

static bool ask_to_install(
    struct server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_INSTALL), answer = BUF_SECRET(LINE_MAX_RESULTS);

    line_put_install(&question, &server->use.external->about, name_of(server), server->settings,
        (const struct deployment *const *)plans, count);
    TRY(use_call(&server->use, LINE_INSTALL, &question, &answer, err));
    return line_read_installed(buf_view(&answer), count, each, err) || use_give_up(&server->use, LINE_INSTALL, err);
}

/* Undoes a failed install at once: the plugin may have died, hung or been interrupted half way. */
static void undo(struct server *server)
{
    struct error err = { 0 };

    interrupt_shield();
    server->recovered = ask_for(server, LINE_RECOVER, &err);
    interrupt_unshield();
    if (!server->recovered)
        log_warning(
            "What the plugin %s has left half done stays until it is asked again: %s", name_of(server), err.why);
}

static bool install(struct server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    TRY(recover_first(server, err));
    if (ask_to_install(server, plans, count, each, err))
        return true;
    undo(server);
    return false;
}

/* ---- what its clerk does ---- */

static bool clerks_recover(void *self, struct error *err)
{
    struct server *server = self;

    server->recovered = !is_old(server) && ask_for(server, LINE_RECOVER, err);
    return server->recovered || is_old(server);
}

static bool clerks_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct server *server = self;
    bool ok = is_old(server) ? commit_old(server, plans, count, each, err) : install(server, plans, count, each, err);

    for (size_t i = 0; i < count; i++)
        if (each[i] != NULL && !is_old(server))
            (void)error_in(each[i], "plugin %s, install", name_of(server));
    use_hang_up(&server->use);
    return ok;
}

static const struct clerk_work work = { .recover = clerks_recover, .commit = clerks_commit };

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
    struct server_id id = { .dir = settings->work_dir, .key = key, .name = name };
    int timeout_s = SETTING_IS_SET(settings, lock_timeout_s) ? settings->lock_timeout_s : -1;
    struct server *server = xcalloc(1, sizeof *server);

    (void)err;
    server->settings = settings_dup(settings);
    server->use = (struct use){ .external = external_of(plugin), .settings = server->settings };
    server->clerk = clerk_new(&id, timeout_s, &work, server);
    *shared = server;
    return true;
}

static void end(void *shared)
{
    struct server *server = shared;

    clerk_free(server->clerk);
    use_hang_up(&server->use);
    settings_free(server->settings);
    free(server);
}

const struct plugin_share external_share = { .key = share_key, .make = make, .end = end };

/* ---- as plugin/installer.h wants it ---- */

static bool recover(const struct plugin_context *context, struct error *err)
{
    const struct server *server = context->shared;

    return is_old(server) || clerk_call(server->clerk, NULL, NULL, err);
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    (void)err;
    *self = context->shared;
    return true;
}

static bool supports(void *self, enum enhancement enhancement)
{
    const struct server *server = self;

    return (server->use.external->about.enhancements & ENHANCEMENT(enhancement)) != 0;
}

static bool takes_addresses(void *self)
{
    return !is_old(self);
}

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    if (is_old(self) && deployment->pair_count != 1) /* the protocol has a place for one */
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
    const struct server *server = self;

    return clerk_commit(server->clerk, plans, count, each, err);
}

struct rollback {
    struct server *server;
    int checkpoints;
};

static bool roll_back(void *arg, struct error *err)
{
    const struct rollback *rollback = arg;
    struct server *server = rollback->server;
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    TRY(recover_first(server, err));
    line_put_rollback(
        &question, &server->use.external->about, name_of(server), server->settings, rollback->checkpoints);
    return use_ask(&server->use, LINE_ROLLBACK, &question, NULL, err);
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    struct rollback wanted = { self, checkpoints };

    if (is_old(self))
        return error_set(err, ERROR_PLUGIN, "The %s plugin keeps no checkpoints", name_of(self));
    return clerk_call(wanted.server->clerk, roll_back, &wanted, err);
}

const struct installer external_installer = {
    .recover = recover,
    .prepare = prepare,
    .supports = supports,
    .takes_addresses = takes_addresses,
    .plan = plan,
    .drop = drop,
    .commit = commit,
    .rollback = rollback,
};
