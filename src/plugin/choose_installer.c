/*
 * Choosing an installer, and the names of what installers can add.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "plugin/plugin.h"

const char *enhancement_name(enum enhancement enhancement)
{
    static const char *const names[ENHANCE_COUNT] = { "redirect", "hsts", "uir", "staple-ocsp" };

    return names[enhancement];
}

static bool not_installed(const char *name, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "The requested %s plugin does not appear to be installed", name);
    err->expected = true;
    return error_next(err, "the command `plugins` lists what there is");
}

/* `run` with an authenticator only: the user wanted certonly, or forgot what is to be configured (contract 1.7). */
static bool authenticator_only(const char *name, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "The %s plugin can authenticate but cannot install, so there is no installer for the "
        "command run.", name);
    return error_next(err, "use `certonly -a %s` for the certificate alone, or name an installer with -i", name);
}

static bool named(const struct settings *settings, const char *verb, const char **out, struct error *err)
{
    const char *one = settings->installer, *both = settings->configurator;
    const struct plugin *authenticator;

    if (one != NULL && both != NULL && strcmp(one, both) != 0)
        return error_set(err, ERROR_PLUGIN, "Too many flags setting configurators/installers/authenticators '%s' -> '%s'", both,
            one);
    *out = one != NULL ? one : both;
    if (*out != NULL || strcmp(verb, "run") != 0 || settings->authenticator == NULL)
        return true;
    TRY(plugin_look_up(settings, settings->authenticator, &authenticator, err));
    if (authenticator != NULL && authenticator->installer == NULL)
        return authenticator_only(settings->authenticator, err);
    *out = settings->authenticator;
    return true;
}

static bool ask(const struct settings *settings, struct ui *ui, const struct plugin **out, struct error *err)
{
    static const struct question question = {
        .text = "How would you like to install certificates?", .flag = "--installer", .forced = true,
    };
    AUTO(list_clear) struct list entries = { 0 };
    const struct plugin *all[PLUGINS_MAX], *found[PLUGINS_MAX];
    size_t count = plugin_list(ui_may_ask(ui) ? settings : NULL, all), chosen = 0;

    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *entry = xprintf("%s (%s)", all[i]->description, all[i]->name);

        if (all[i]->installer == NULL)
            continue;
        found[entries.len] = all[i];
        list_add(&entries, entry);
    }
    if (entries.len == 0) {
        (void)error_set(err, ERROR_PLUGIN, "installer could not be determined or is not installed");
        return error_next(err, "use certonly to obtain a certificate without installing it");
    }
    if (!ui_may_ask(ui))
        return error_set(err, ERROR_PLUGIN, "Missing command line flags. For non-interactive execution, you will need to specify "
            "a plugin on the command line.");
    if (entries.len > 1)
        TRY(ui_menu(ui, &question, &entries, 0, &chosen, err));
    *out = found[chosen];
    return true;
}

bool plugin_choose_installer(struct settings *settings, struct ui *ui, const char *verb, const struct plugin **out,
    struct error *err)
{
    const struct plugin *plugin = NULL;
    const char *name = NULL;

    TRY(named(settings, verb, &name, err));
    if (name == NULL)
        TRY(ask(settings, ui, &plugin, err));
    else
        TRY(plugin_look_up(settings, name, &plugin, err));
    if (plugin == NULL || plugin->installer == NULL)
        return not_installed(name, err);
    if (settings->installer == NULL) {
        xreplace(&settings->installer, plugin->name);
        SETTING_MARK(settings, installer, ORIGIN_RUNTIME);
    }
    log_debug("installer %s", plugin->name);
    *out = plugin;
    return true;
}
