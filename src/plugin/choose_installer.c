/*
 * Choosing an installer, alone or together with the authenticator for `run`.
 */
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/plugin_options.h"
#include "plugin/choose.h"

/* Asks with a menu; choosing none is like having none. */
static bool ask(const struct settings *settings, struct ui *ui, unsigned roles, const char *question,
    const struct plugin **out, struct error *err)
{
    *out = NULL;
    if (choose_from_menu(settings, ui, roles, question, out, err))
        return true;
    return err->kind == ERROR_CANCELED && !interrupt_pending();
}

static void settle(const struct settings *settings, struct answers *answers, const struct plugin *plugin)
{
    if (settings->installer == NULL)
        xreplace(&answers->installer, plugin->name);
    log_debug("installer %s", plugin->name);
}

bool plugin_choose_installer(const struct settings *settings, struct answers *answers, struct ui *ui,
    const char *question, const struct plugin **out, struct error *err)
{
    const struct plugin *plugin;

    if (settings->installer == NULL)
        TRY(ask(settings, ui, ROLE_INSTALLER, question, &plugin, err));
    else
        TRY(choose_named(settings, ui, settings->installer, ROLE_INSTALLER, &plugin, err));
    if (plugin != NULL)
        settle(settings, answers, plugin);
    *out = plugin;
    return true;
}

/* *out: whether the plugin is an authenticator alone; includes Certbot's that we do not have. */
static bool is_authenticator_only(const struct settings *settings, const char *name, bool *out, struct error *err)
{
    const struct plugin *plugin;

    TRY(plugin_look_up(settings, name, &plugin, err));
    *out = plugin != NULL ? plugin->installer == NULL : text_starts(name, "dns-") && plugin_name_is_ours(name);
    return true;
}

/* The user wanted certonly, or forgot what is to be configured. */
static bool authenticator_only(const struct ui *ui, const char *name, struct error *err)
{
    return VOICE_ERROR(err, ERROR_CONFIG, ui_voice(ui)->authenticator_only, name);
}

/* Chooses one plugin for both roles: both names are the same, or none is given. */
static bool choose_configurator(const struct settings *settings, struct answers *answers, struct ui *ui,
    const struct plugin **out, struct error *err)
{
    const struct plugin *plugin;

    if (settings->installer == NULL)
        TRY(ask(settings, ui, ROLE_AUTHENTICATOR | ROLE_INSTALLER,
            "How would you like to authenticate and install certificates?", &plugin, err));
    else
        TRY(choose_named(settings, ui, settings->installer, ROLE_AUTHENTICATOR | ROLE_INSTALLER, &plugin, err));
    if (plugin != NULL && settings->authenticator == NULL)
        xreplace(&answers->authenticator, plugin->name);
    if (plugin != NULL)
        settle(settings, answers, plugin);
    *out = plugin;
    return true;
}

bool plugin_choose_for_run(const struct settings *settings, struct answers *answers, struct ui *ui,
    const struct plugin **installer, struct error *err)
{
    const char *authenticator = settings->authenticator;
    const struct plugin *chosen;
    bool only = false;

    *installer = NULL;
    if (authenticator != NULL && settings->installer == NULL)
        TRY(is_authenticator_only(settings, authenticator, &only, err));
    if (only)
        return authenticator_only(ui, authenticator, err);
    if ((authenticator == NULL && settings->installer == NULL) || text_equal(authenticator, settings->installer))
        return choose_configurator(settings, answers, ui, installer, err);
    if (!ui_may_ask(ui) && (authenticator == NULL || settings->installer == NULL))
        return choose_nothing_named(ui, authenticator == NULL ? ROLE_AUTHENTICATOR : ROLE_INSTALLER, err);
    TRY(plugin_choose_installer(settings, answers, ui, "How would you like to install certificates?", installer, err));
    return *installer == NULL || plugin_choose_authenticator(settings, answers, ui, &chosen, err);
}
