#include "lifecycle/install.h"

#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/shares.h"
#include "run/turns.h"

static bool not_working(const struct context *context, const struct plugin *plugin, struct error *err)
{
    if (context->voice->not_working.why != NULL && err->kind == ERROR_PLUGIN)
        return VOICE_ERROR(err, ERROR_PLUGIN, context->voice->not_working, plugin->name, err->why);
    return error_in(
        err, "The %s plugin is not working; there may be problems with your existing configuration", plugin->name);
}

/* Undoes what a killed run left, before the plugin reads the server's configuration. */
static bool recover(struct context *context, const struct plugin *plugin, struct plugin_context *out, struct error *err)
{
    *out = (struct plugin_context){
        .plugin = plugin,
        .settings = context->settings,
        .when_needed = context_net_when_needed(context),
        .ui = context->ui,
    };
    return (shares_get(run_shares(context->run), out, err) &&
               (plugin->installer->recover == NULL || plugin->installer->recover(out, err))) ||
           not_working(context, plugin, err);
}

/* `rollback` changes back what others put in, and is for a configuration that is broken, too. */
static bool prepare(struct context *context, const struct plugin *plugin, struct installation *out, struct error *err)
{
    const struct installer *installer = plugin->installer;
    bool (*ready)(const struct plugin_context *, void **, struct error *) = installer->prepare;

    if (installer->prepare_rollback != NULL && context->verb->traits & VERB_ROLLS_BACK)
        ready = installer->prepare_rollback;
    if (ready != NULL && !ready(&out->plugin_context, &out->self, err))
        return not_working(context, plugin, err);
    out->plugin = plugin;
    return true;
}

static bool open_plugin(
    struct context *context, const struct plugin *plugin, struct installation *out, struct error *err)
{
    *out = (struct installation){ 0 };
    return recover(context, plugin, &out->plugin_context, err) && prepare(context, plugin, out, err);
}

static bool no_installer(const struct context *context, struct error *err)
{
    return VOICE_ERROR(err, ERROR_PLUGIN, context->voice->no_installer, NULL);
}

static bool choose(struct context *context, const struct plugin **out, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *question = context->verb->installer_question != NULL ? context->verb->installer_question
                                                                     : "How would you like to install certificates?";

    if (context->verb->traits & VERB_OBTAINS_TOO)
        return plugin_choose_for_run(settings, context->answers, context->ui, out, err);
    if (settings->authenticator != NULL && !text_equal(settings->authenticator, settings->installer))
        log_warning("Specifying an authenticator doesn't make sense when running %s with verb \"%s\"",
            context->voice->program, context->verb->name);
    return plugin_choose_installer(settings, context->answers, context->ui, question, out, err);
}

bool installation_open(struct context *context, struct installation *out, struct error *err)
{
    const struct plugin *plugin;

    if (choose(context, &plugin, err)) {
        if (plugin == NULL && !(context->verb->traits & VERB_INSTALLS))
            return true;
        if (plugin == NULL ? no_installer(context, err) : open_plugin(context, plugin, out, err))
            return true;
    }
    if (err->kind == ERROR_PLUGIN && (context->verb->traits & VERB_INSTALLS))
        return error_is_answer(err); /* to what was asked for */
    return false;
}

void installation_close(struct installation *installation)
{
    if (installation->plugin != NULL && installation->plugin->installer->release != NULL)
        installation->plugin->installer->release(installation->self);
    installation->plugin = NULL;
}

static bool is_wanted(const struct settings *settings, enum enhancement enhancement)
{
    switch (enhancement) {
    case ENHANCE_REDIRECT:
        return settings->redirect == YES;
    case ENHANCE_HSTS:
        return settings->hsts == YES;
    case ENHANCE_UIR:
        return settings->uir == YES;
    case ENHANCE_STAPLE_OCSP:
        return settings->staple_ocsp == YES || settings->must_staple;
    case ENHANCE_SECURITY_HEADERS:
        return settings->security_headers;
    case ENHANCE_AUTO_HSTS:
        return settings->auto_hsts;
    case ENHANCE_COUNT:
        break;
    }
    return false;
}

bool enhancements_requested(const struct settings *settings)
{
    bool any = false;

    for (int i = 0; i < ENHANCE_COUNT; i++)
        any = any || is_wanted(settings, (enum enhancement)i);
    return any;
}

/* Whether the enhancement is applied by default, if the installer supports it. */
static bool is_by_default(const struct context *context, enum enhancement enhancement)
{
    return enhancement == ENHANCE_REDIRECT && context->settings->redirect == UNDECIDED &&
           (context->verb->traits & VERB_REDIRECTS);
}

static bool supports(const struct installation *installation, enum enhancement enhancement)
{
    return installation->plugin->installer->supports(installation->self, enhancement);
}

/* The set of those that are asked for and that the installer can do; of one that it cannot, that is reported. */
static unsigned find_enhancements(const struct context *context, const struct installation *installation)
{
    unsigned found = 0;

    for (int i = 0; i < ENHANCE_COUNT; i++) {
        enum enhancement enhancement = (enum enhancement)i;
        bool wanted = is_wanted(context->settings, enhancement);

        if (!wanted && !is_by_default(context, enhancement))
            continue;
        if (supports(installation, enhancement))
            found |= ENHANCEMENT(enhancement);
        else if (wanted)
            log_error("Option %s is not supported by the selected installer. Skipping enhancement.",
                enhancement == ENHANCE_STAPLE_OCSP ? context->voice->staple_option : enhancement_name(enhancement));
    }
    return found;
}

struct pair lineage_pair(const struct lineage *lineage)
{
    return (struct pair){
        .cert = lineage->live[KIND_CERT],
        .key = lineage->live[KIND_PRIVKEY],
        .chain = lineage->live[KIND_CHAIN],
        .fullchain = lineage->live[KIND_FULLCHAIN],
    };
}

/* ---- plans and their effect ---- */

struct plans { /* of those deployments that could be planned */
    void **at;
    size_t *from; /* which deployment each is of */
    struct error **failed;
    size_t len;
};

static void plans_clear(const struct installer *installer, struct plans *plans)
{
    for (size_t i = 0; installer->drop != NULL && i < plans->len; i++)
        installer->drop(plans->at[i]);
    free(plans->at);
    free(plans->from);
    free(plans->failed);
}

/* False when the user interrupts; any other error is that of one deployment. */
static bool plan_all(const struct installation *installation, const struct deployment *const *deployments, size_t count,
    struct plans *plans, struct error **each, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (installation->plugin->installer->plan(installation->self, deployments[i], &plans->at[plans->len], err)) {
            plans->from[plans->len++] = i;
            continue;
        }
        if (err->kind == ERROR_CANCELED)
            return false;
        each[i] = error_dup(err);
        error_clear(err);
    }
    return true;
}

/* Results as of installer->commit. */
static bool put_into_effect(struct context *context, const struct installation *installation,
    const struct deployment *const *deployments, size_t count, struct error **each, struct error *err)
{
    const struct installer *installer = installation->plugin->installer;
    struct plans plans = {
        .at = xcalloc(count + 1, sizeof *plans.at),
        .from = xcalloc(count + 1, sizeof *plans.from),
        .failed = xcalloc(count + 1, sizeof *plans.failed),
    };
    bool ok = plan_all(installation, deployments, count, &plans, each, err);

    if (ok && plans.len > 0) {
        turn_park(context->turn); /* it may wait for other runs, and a server with many sites takes its time */
        ok = installer->commit(installation->self, plans.at, plans.len, plans.failed, err);
        turn_unpark(context->turn);
    }
    for (size_t i = 0; i < plans.len; i++)
        each[plans.from[i]] = plans.failed[i];
    plans_clear(installer, &plans);
    return ok;
}

/* lineage may be NULL; failure NULL: it was done. */
static void tell_server(
    enum audit_act act, const struct installation *installation, const char *lineage, const struct error *failure)
{
    if (failure == NULL)
        audit_done(act, lineage, "server", installation->plugin->name, NULL);
    else
        audit_failed(act, lineage, failure, "server", installation->plugin->name, NULL);
}

static bool put_one(struct context *context, const struct installation *installation,
    const struct deployment *deployment, struct error *err)
{
    AUTO(free) struct error *own = NULL;
    bool ok = put_into_effect(context, installation, &deployment, 1, &own, err);

    if (own != NULL)
        *err = *own;
    ok = ok && own == NULL;
    tell_server(ACT_SERVER_CHANGED, installation, deployment->lineage, ok ? NULL : err);
    return ok;
}

static bool takes_addresses(const struct context *context, const struct installation *installation)
{
    const struct installer *installer = installation->plugin->installer;

    return context->voice->installs_for_addresses && installer->takes_addresses != NULL &&
           installer->takes_addresses(installation->self);
}

bool installation_check_names(const struct context *context, const struct installation *installation,
    const struct identifiers *names, struct error *err)
{
    bool any = false;

    for (size_t i = 0; i < names->len; i++)
        any = any || names->at[i].type == IDENTIFIER_IP;
    if (!any || takes_addresses(context, installation))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "installation of IP address certificate not supported");
    return context->verb->traits & VERB_OBTAINS_TOO ? error_next(err, "use certonly --ip-address to obtain it") : false;
}

bool installation_deploy(
    struct context *context, struct installation *installation, struct deployment *deployment, struct error *err)
{
    ui_say(context->ui, "Deploying certificate");
    TRY(installation_check_names(context, installation, deployment->names, err));
    deployment->enhancements = find_enhancements(context, installation);
    deployment->keeps_other_type = context->voice->keeps_other_type;
    return put_one(context, installation, deployment, err);
}

bool installation_enhance(
    struct context *context, struct installation *installation, struct deployment *deployment, struct error *err)
{
    deployment->enhancements = find_enhancements(context, installation);
    return deployment->enhancements == 0 || put_one(context, installation, deployment, err);
}

bool installation_names(const struct installation *installation, struct list *out, struct error *err)
{
    const struct installer *installer = installation->plugin->installer;

    return installer->names == NULL || installer->names(installation->self, out, err);
}

bool installer_names(struct context *context, struct list *out, struct error *err)
{
    const char *name = installer_in_use(context->settings, context->answers);
    AUTO(installation_close) struct installation installation = { 0 };
    const struct plugin *plugin = NULL;

    if (name != NULL)
        TRY(plugin_look_up(context->settings, name, &plugin, err));
    if (plugin == NULL || plugin->installer == NULL || plugin->installer->names == NULL)
        return true;
    return open_plugin(context, plugin, &installation, err) && installation_names(&installation, out, err);
}

bool installer_check(struct context *context, const struct plugin *plugin, bool *running, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };

    TRY(open_plugin(context, plugin, &installation, err));
    if (running != NULL)
        *running = plugin->installer->is_running == NULL || plugin->installer->is_running(installation.self);
    return true;
}

bool installation_rollback(struct context *context, struct installation *installation, struct error *err)
{
    int checkpoints = context->settings->checkpoints;
    bool ok = checkpoints == 0 || installation->plugin->installer->rollback(installation->self, checkpoints, err);

    if (checkpoints != 0)
        tell_server(ACT_SERVER_ROLLED_BACK, installation, NULL, ok ? NULL : err);
    return ok;
}

/* Certbot refuses --auto-hsts before it changes anything, and fails at --uir in an installer that can send another
 * header; whatever else an installer cannot do is passed over. */
static bool is_refused(
    const struct context *context, const struct installation *installation, enum enhancement enhancement)
{
    return context->voice->refuses_enhancements || enhancement == ENHANCE_AUTO_HSTS ||
           (enhancement == ENHANCE_UIR && supports(installation, ENHANCE_HSTS));
}

bool installation_check_enhancements(
    const struct context *context, const struct installation *installation, struct error *err)
{
    const struct voice *voice = context->voice;

    for (int i = 0; i < ENHANCE_COUNT; i++) {
        enum enhancement enhancement = (enum enhancement)i;

        if (is_wanted(context->settings, enhancement) && !supports(installation, enhancement) &&
            is_refused(context, installation, enhancement))
            return VOICE_ERROR(err, ERROR_PLUGIN,
                enhancement == ENHANCE_AUTO_HSTS ? voice->no_auto_hsts : voice->no_enhancement,
                installation->plugin->name, enhancement_name(enhancement));
    }
    return true;
}

bool installation_check_staple(struct context *context, struct installation *installation, struct error *err)
{
    const char *name = installation->plugin->name;

    if (!context->settings->must_staple ||
        installation->plugin->installer->supports(installation->self, ENHANCE_STAPLE_OCSP))
        return true;
    return VOICE_ERROR(err, ERROR_PLUGIN, context->voice->no_stapling, name);
}

/* ---- renewed files ---- */

static void take_step(const struct context *context, const struct plugin_context *plugin_context,
    const struct deployment *const *renewed, size_t count)
{
    const struct plugin *plugin = plugin_context->plugin;
    struct error err = { 0 };

    if (plugin->installer->step == NULL || context->settings->dry_run || context->settings->disable_renew_updates)
        return;
    if (!plugin->installer->step(plugin_context, renewed, count, &err))
        log_error("What the %s plugin changes with time could not be changed (%s); the next renewal tries again",
            plugin->name, err.why);
}

/* The step, with those of the deployments whose renewed files are in effect. */
static void step_after(const struct context *context, const struct plugin_context *plugin_context,
    const struct deployment *const *deployments, size_t count, struct error *const *each)
{
    AUTO(free) const struct deployment **renewed = xcalloc(count + 1, sizeof *renewed);
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        if (each[i] == NULL)
            renewed[len++] = deployments[i];
    take_step(context, plugin_context, renewed, len);
}

static bool reload(struct context *context, const struct plugin *plugin, struct installation *installation,
    const struct deployment *const *deployments, size_t count, struct error **each, struct error *err)
{
    TRY(prepare(context, plugin, installation, err));
    if (context->verb->traits & VERB_MANY)
        ui_say(context->ui, "Reloading %s server after certificate renewal", plugin->name);
    return put_into_effect(context, installation, deployments, count, each, err);
}

bool installer_renewed(struct context *context, const struct deployment *const *deployments, size_t count, bool step,
    struct error **each, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };
    const char *name = installer_in_use(context->settings, context->answers);
    const struct plugin *plugin;

    TRY(plugin_look_up(context->settings, name, &plugin, err));
    if (plugin == NULL || plugin->installer == NULL) {
        log_warning("The certificate is saved, but no server was told: there is no installer named %s", name);
        return true;
    }
    TRY(recover(context, plugin, &installation.plugin_context, err));
    if (count > 0)
        TRY(reload(context, plugin, &installation, deployments, count, each, err));
    if (step)
        step_after(context, &installation.plugin_context, deployments, count, each);
    return true;
}

bool installer_acts_at_renewals(const char *name)
{
    const struct plugin *plugin = plugin_find(name); /* no program is run where nothing is to be done */

    return plugin != NULL && plugin->installer != NULL &&
           (plugin->installer->step != NULL || plugin->installer->recover != NULL);
}
