#include "lifecycle/install.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypto/csr.h"

static bool open_plugin(struct context *context, const struct plugin *plugin, struct installation *out, struct error *err)
{
    *out = (struct installation){
        .plugin = plugin, .plugin_context = { .plugin = plugin, .settings = context->settings, .ui = context->ui },
    };
    if (plugin->installer->prepare == NULL || plugin->installer->prepare(&out->plugin_context, &out->self, err))
        return true;
    out->plugin = NULL;
    return error_in(err, "The %s plugin is not working; there may be problems with your existing configuration", plugin->name);
}

bool installation_open(struct context *context, struct installation *out, struct error *err)
{
    const struct plugin *plugin;

    TRY(plugin_choose_installer(context->settings, context->ui, context->verb, &plugin, err));
    return open_plugin(context, plugin, out, err);
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
    case ENHANCE_REDIRECT: return settings->redirect == YES;
    case ENHANCE_HSTS: return settings->hsts == YES;
    case ENHANCE_UIR: return settings->uir == YES;
    case ENHANCE_STAPLE_OCSP: return settings->staple_ocsp == YES || settings->must_staple;
    case ENHANCE_COUNT: break;
    }
    return false;
}

bool enhancements_requested(const struct settings *settings)
{
    bool any = settings->auto_hsts;

    for (int i = 0; i < ENHANCE_COUNT; i++)
        any = any || is_wanted(settings, (enum enhancement)i);
    return any;
}

static bool enhance_all(struct context *context, struct installation *installation, const struct list *names,
    struct error *err)
{
    const struct installer *installer = installation->plugin->installer;

    for (int i = 0; i < ENHANCE_COUNT; i++) {
        enum enhancement enhancement = (enum enhancement)i;
        /* run and install redirect unless told not to, where the installer can; enhance does only what it is told. */
        bool by_default = enhancement == ENHANCE_REDIRECT && context->settings->redirect == UNDECIDED
            && strcmp(context->verb, "enhance") != 0;

        if (!is_wanted(context->settings, enhancement) && !by_default)
            continue;
        if (!installer->supports(installation->self, enhancement)) {
            if (!by_default)
                log_error("Option %s is not supported by the selected installer. Skipping enhancement.",
                    enhancement_name(enhancement));
            continue;
        }
        for (size_t k = 0; k < names->len; k++)
            TRY(installer->enhance(installation->self, names->at[k], enhancement, err));
    }
    return true;
}

static bool deploy_all(struct installation *installation, const struct list *names, struct install_paths paths,
    struct error *err)
{
    for (size_t i = 0; i < names->len; i++) {
        struct deployment deployment = { names->at[i], paths.cert, paths.key, paths.chain, paths.fullchain };
        char canonical[64];

        if (ip_canonical(names->at[i], canonical))
            return error_set(err, ERROR_PLUGIN, "installation of IP address certificate not supported");
        if (!installation->plugin->installer->deploy(installation->self, &deployment, err))
            return error_in(err, "deploying the certificate for %s", names->at[i]);
    }
    return true;
}

/* What was changed is kept whole or undone whole. */
static bool finish(struct installation *installation, bool ok, const char *title, struct error *err)
{
    const struct installer *installer = installation->plugin->installer;

    ok = ok && installer->save(installation->self, title, err) && installer->restart(installation->self, err);
    if (!ok)
        installer->recover(installation->self);
    return ok;
}

bool installation_deploy(struct context *context, struct installation *installation, const struct list *names,
    struct install_paths paths, struct error *err)
{
    bool ok;

    ui_say(context->ui, "Deploying certificate");
    ok = deploy_all(installation, names, paths, err) && enhance_all(context, installation, names, err);
    return finish(installation, ok, "Deployed ACME Certificate", err);
}

bool installation_enhance(struct context *context, struct installation *installation, const struct list *names,
    struct error *err)
{
    return finish(installation, enhance_all(context, installation, names, err), "Enhanced configuration", err);
}

bool installation_check_staple(struct context *context, struct installation *installation, struct error *err)
{
    if (!context->settings->must_staple
        || installation->plugin->installer->supports(installation->self, ENHANCE_STAPLE_OCSP))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "Must-staple extension requested, but OCSP stapling is not supported by the selected "
        "installer %s", installation->plugin->name);
    return error_next(err, "leave --must-staple out, or choose another installer");
}

bool installer_restart(struct context *context, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };
    const char *name = context->settings->installer;
    const struct plugin *plugin;

    if (name == NULL || strcmp(name, "None") == 0)
        return true;
    TRY(plugin_look_up(context->settings, name, &plugin, err));
    if (plugin == NULL || plugin->installer == NULL)
        return error_set(err, ERROR_PLUGIN, "The requested %s plugin does not appear to be installed", name);
    TRY(open_plugin(context, plugin, &installation, err));
    if (strcmp(context->verb, "renew") == 0)
        ui_say(context->ui, "Reloading %s server after certificate renewal", name);
    return plugin->installer->restart(installation.self, err);
}
