#include "plugin/choose.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define FAR 3 /* edits from which on a name is no misspelling */

static bool has_roles(const struct plugin *plugin, unsigned roles)
{
    return ((roles & ROLE_AUTHENTICATOR) == 0 || plugin->authenticator != NULL) &&
           ((roles & ROLE_INSTALLER) == 0 || plugin->installer != NULL);
}

static void tell_unknown(const char *name, unsigned roles, struct error *err)
{
    const char *nearest = NULL;
    size_t least = FAR;

    for (size_t i = 0; plugins[i] != NULL; i++) {
        size_t distance = text_distance(name, plugins[i]->name);

        if (!has_roles(plugins[i], roles) || distance >= least)
            continue;
        least = distance;
        nearest = plugins[i]->name;
    }
    (void)error_set(err, ERROR_PLUGIN, "The requested %s plugin does not appear to be installed", name);
    if (nearest != NULL)
        (void)error_next(err, "did you mean %s? The command `plugins` lists what there is", nearest);
    else
        (void)error_next(err, "the command `plugins` lists what there is");
}

/* Reports that the plugin exists but does not have the role. */
static void tell_wrong_role(const struct ui *ui, const struct plugin *plugin, struct error *err)
{
    const struct voice *voice = ui_voice(ui);

    (void)VOICE_ERROR(err, ERROR_PLUGIN,
        plugin->authenticator == NULL ? voice->no_authenticator : voice->not_an_installer, plugin->name);
}

bool choose_named(const struct settings *settings, struct ui *ui, const char *name, unsigned roles,
    const struct plugin **out, struct error *err)
{
    const struct plugin *plugin;

    TRY(plugin_look_up(settings, name, &plugin, err));
    if (plugin == NULL) {
        tell_unknown(name, roles, err);
        return false;
    }
    if (!has_roles(plugin, roles)) {
        tell_wrong_role(ui, plugin, err);
        return false;
    }
    *out = plugin;
    return true;
}

bool choose_nothing_named(const struct ui *ui, unsigned roles, struct error *err)
{
    const struct voice *voice = ui_voice(ui);

    return VOICE_ERROR(
        err, ERROR_CONFIG, (roles & ROLE_INSTALLER) != 0 ? voice->no_installer_named : voice->no_plugin, NULL);
}

/* Menu entries and the plugins behind them, side by side. */
static void find_candidates(
    const struct settings *settings, unsigned roles, const struct plugin **found, struct list *entries)
{
    const struct plugin *all[PLUGINS_MAX];
    size_t count = plugin_list(settings, all);

    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *entry = NULL;

        if (!has_roles(all[i], roles) || (all[i]->is_here != NULL && !all[i]->is_here(settings)))
            continue;
        found[entries->len] = all[i];
        entry = xprintf("%s (%s)", all[i]->description, all[i]->name);
        list_add(entries, entry);
    }
}

static const char nothing_chosen[] = "authenticator could not be determined or is not installed";

bool choose_from_menu(const struct settings *settings, struct ui *ui, unsigned roles, const char *question,
    const struct plugin **out, struct error *err)
{
    struct question menu = { .text = question,
        .forced = true,
        .canceled = nothing_chosen,
        .flag = roles == ROLE_INSTALLER       ? "--installer"
                : roles == ROLE_AUTHENTICATOR ? "--authenticator"
                                              : "--configurator" };
    AUTO(list_clear) struct list entries = { 0 };
    const struct plugin *found[PLUGINS_MAX];
    size_t chosen = 0;

    if (!ui_may_ask(ui))
        return choose_nothing_named(ui, roles, err);
    find_candidates(settings, roles, found, &entries);
    if (entries.len > 1)
        TRY(ui_menu(ui, &menu, &entries, 0, &chosen, err));
    *out = entries.len == 0 ? NULL : found[chosen];
    return true;
}

bool plugin_choose_authenticator(const struct settings *settings, struct answers *answers, struct ui *ui,
    const struct plugin **out, struct error *err)
{
    const char *name = authenticator_in_use(settings, answers), *installer = installer_in_use(settings, answers);
    const struct plugin *plugin = NULL;
    bool was_asked = name == NULL;

    if (was_asked)
        TRY(choose_from_menu(settings, ui, ROLE_AUTHENTICATOR, ui_voice(ui)->authenticator_question, &plugin, err));
    if (was_asked && plugin == NULL)
        return error_set(err, ERROR_PLUGIN, "%s", nothing_chosen);
    /* A program that was chosen from the menu still has to have all its options. */
    TRY(choose_named(settings, ui, was_asked ? plugin->name : name, ROLE_AUTHENTICATOR, &plugin, err));
    if (was_asked)
        xreplace(&answers->authenticator, plugin->name);
    log_info("Plugins selected: Authenticator %s, Installer %s", plugin->name, installer != NULL ? installer : "None");
    *out = plugin;
    return true;
}

static bool offers(const struct authenticator *authenticator, const char *type)
{
    for (size_t i = 0; authenticator->types[i] != NULL; i++)
        if (text_equal(authenticator->types[i], type))
            return true;
    return false;
}

bool plugin_challenge_types(
    const struct plugin *plugin, const struct settings *settings, struct list *out, struct error *err)
{
    const struct list *preferred = &settings->preferred_challenges;
    AUTO(list_clear) struct list types = { 0 };

    for (size_t i = 0; i < preferred->len; i++)
        if (offers(plugin->authenticator, preferred->at[i]) && !list_has(&types, preferred->at[i]))
            list_add(&types, preferred->at[i]);
    for (size_t i = 0; preferred->len == 0 && plugin->authenticator->types[i] != NULL; i++)
        list_add(&types, plugin->authenticator->types[i]);
    if (types.len == 0) {
        (void)error_set(err, ERROR_CONFIG, "None of the preferred challenges are supported by the selected plugin");
        return error_next(err, "leave --preferred-challenges out, or name %s", plugin->authenticator->types[0]);
    }
    list_add_all(out, &types);
    return true;
}
