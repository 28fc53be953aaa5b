#include "lifecycle/install.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"

static bool open_plugin(
    struct context *context, const struct plugin *plugin, struct installation *out, struct error *err)
{
    *out = (struct installation){
        .plugin = plugin,
        .plugin_context = { .plugin = plugin, .settings = context->settings, .ui = context->ui },
    };
    if (plugin->installer->prepare == NULL || plugin->installer->prepare(&out->plugin_context, &out->self, err))
        return true;
    out->plugin = NULL;
    return error_in(
        err, "The %s plugin is not working; there may be problems with your existing configuration", plugin->name);
}

static bool no_installer(const struct context *context, struct error *err)
{
    if (context->as_certbot)
        return error_set(err, ERROR_PLUGIN,
            "Certbot doesn't know how to automatically configure the web server on this system. "
            "However, it can still get a certificate for you. Please run \"certbot certonly\" to do so. "
            "You'll need to manually "
            "configure your web server to use the resulting certificate.");
    (void)error_set(err, ERROR_PLUGIN, "there is no plugin here that could put a certificate into a web server");
    return error_next(err,
        "run `evercert certonly`: it obtains a certificate and tells where its files are, for you to name in "
        "the configuration of the server");
}

static bool choose(struct context *context, const struct plugin **out, struct error *err)
{
    struct settings *settings = context->settings;
    const char *question = context->verb->installer_question != NULL ? context->verb->installer_question
                                                                     : "How would you like to install certificates?";

    if (context->verb->traits & VERB_OBTAINS_TOO)
        return plugin_choose_for_run(settings, context->ui, out, err);
    if (settings->authenticator != NULL && !text_equal(settings->authenticator, settings->installer))
        log_warning("Specifying an authenticator doesn't make sense when running %s with verb \"%s\"", context->program,
            context->verb->name);
    return plugin_choose_installer(settings, context->ui, question, out, err);
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
    case ENHANCE_COUNT:
        break;
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

/* *changed says whether there is anything to save. */
static bool enhance_all(struct context *context, struct installation *installation, const struct list *names,
    bool *changed, struct error *err)
{
    const struct installer *installer = installation->plugin->installer;

    *changed = false;
    for (int i = 0; i < ENHANCE_COUNT; i++) {
        enum enhancement enhancement = (enum enhancement)i;
        bool by_default = enhancement == ENHANCE_REDIRECT && context->settings->redirect == UNDECIDED &&
                          (context->verb->traits & VERB_REDIRECTS); /* where the installer can */

        if (!is_wanted(context->settings, enhancement) && !by_default)
            continue;
        if (!installer->supports(installation->self, enhancement)) {
            if (!by_default)
                log_error("Option %s is not supported by the selected installer. Skipping enhancement.",
                    context->as_certbot && enhancement == ENHANCE_STAPLE_OCSP ? "staple"
                                                                              : enhancement_name(enhancement));
            continue;
        }
        *changed = true;
        for (size_t k = 0; k < names->len; k++)
            TRY(installer->enhance(installation->self, names->at[k], enhancement, err));
    }
    return true;
}

static bool deploy_all(
    struct installation *installation, const struct list *names, struct install_paths paths, struct error *err)
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
    bool ok, changed;

    ui_say(context->ui, "Deploying certificate");
    ok = deploy_all(installation, names, paths, err) && enhance_all(context, installation, names, &changed, err);
    return finish(installation, ok, "Deployed ACME Certificate", err);
}

bool installation_enhance(
    struct context *context, struct installation *installation, const struct list *names, struct error *err)
{
    bool changed, ok = enhance_all(context, installation, names, &changed, err);

    return ok && !changed ? true : finish(installation, ok, "Enhanced configuration", err);
}

bool installation_check_auto_hsts(const struct context *context, struct error *err)
{
    if (!context->settings->auto_hsts)
        return true;
    (void)error_set(
        err, ERROR_PLUGIN, "One or more of the requested enhancements are not supported by the selected installer");
    return error_next(err, "leave --auto-hsts out");
}

#define NO_STAPLING "Must-Staple extension requested, but OCSP stapling is not supported by the selected installer (%s)"
/* What Certbot advises, as part of its message; in the format, since line feeds of arguments are taken out. */
#define STAPLE_WAYS_OUT                                                                                                \
    "\n\nYou can either:\n"                                                                                            \
    " * remove the --must-staple option from the command line and obtain a certificate without the Must-Staple "       \
    "extension, or;\n"                                                                                                 \
    " * use the `certonly` subcommand and manually install the certificate into the  intended service (e.g. "          \
    "webserver). You must also then manually enable OCSP stapling, as it is required for certificates with "           \
    "the Must-Staple extension to function properly.\n"                                                                \
    " * choose a different installer plugin (such as --nginx or --apache), if possible."

bool installation_check_staple(struct context *context, struct installation *installation, struct error *err)
{
    const char *name = installation->plugin->name;

    if (!context->settings->must_staple ||
        installation->plugin->installer->supports(installation->self, ENHANCE_STAPLE_OCSP))
        return true;
    if (context->as_certbot)
        return error_set(err, ERROR_PLUGIN, NO_STAPLING STAPLE_WAYS_OUT, name);
    (void)error_set(err, ERROR_PLUGIN, NO_STAPLING, name);
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
    if (plugin == NULL || plugin->installer == NULL) {
        log_warning("The certificate is saved, but no server was told: there is no installer named %s", name);
        return true;
    }
    TRY(open_plugin(context, plugin, &installation, err));
    if (context->verb->traits & VERB_MANY)
        ui_say(context->ui, "Reloading %s server after certificate renewal", name);
    return plugin->installer->restart(installation.self, err);
}
