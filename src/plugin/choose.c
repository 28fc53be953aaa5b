#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/plugin.h"

#define FAR 3 /* edits from which on a name is no misspelling */

static bool unknown(const char *name, struct error *err)
{
    const char *nearest = NULL;
    size_t least = FAR;

    for (size_t i = 0; plugins[i] != NULL; i++) {
        size_t distance = text_distance(name, plugins[i]->name);

        if (plugins[i]->authenticator == NULL || distance >= least)
            continue;
        least = distance;
        nearest = plugins[i]->name;
    }
    (void)error_set(err, ERROR_PLUGIN, "The requested %s plugin does not appear to be installed", name);
    if (nearest != NULL)
        return error_next(err, "did you mean %s? The command `plugins` lists what there is", nearest);
    return error_next(err, "the command `plugins` lists what there is");
}

static bool named(const struct settings *settings, const char **out, struct error *err)
{
    const char *one = settings->authenticator, *other = settings->configurator;

    if (one != NULL && other != NULL && strcmp(one, other) != 0)
        return error_set(err, ERROR_PLUGIN, "Too many flags setting authenticators: %s and %s", other, one);
    *out = one != NULL ? one : other;
    return true;
}

/* Menu entries and the plugins behind them, side by side; returns how many. */
static size_t candidates(const struct settings *settings, const struct plugin **found, struct list *entries)
{
    const struct plugin *all[PLUGINS_MAX];
    size_t count = plugin_list(settings, all);

    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *entry = NULL;

        if (all[i]->authenticator == NULL)
            continue;
        found[entries->len] = all[i];
        entry = xprintf("%s (%s)", all[i]->description, all[i]->name);
        list_add(entries, entry);
    }
    return entries->len;
}

static bool nothing_named(struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "Missing command line flags. For non-interactive execution, you will need to "
                                       "specify a plugin on the command line.");
    return error_next(err, "add --standalone, --webroot -w DIR or another; --help plugins explains them");
}

static bool ask(const struct settings *settings, struct ui *ui, const struct plugin **out, struct error *err)
{
    static const struct question question = { .text = "How would you like to authenticate with the ACME CA?",
                                              .flag = "--authenticator",
                                              .forced = true };
    AUTO(list_clear) struct list entries = { 0 };
    const struct plugin *found[PLUGINS_MAX];
    size_t count, chosen = 0;

    if (!ui_may_ask(ui))
        return nothing_named(err);
    count = candidates(settings, found, &entries);
    if (count > 1 && !ui_menu(ui, &question, &entries, 0, &chosen, err)) {
        if (err->kind == ERROR_CANCELED && !interrupt_pending())
            (void)snprintf(err->why, sizeof err->why, "authenticator could not be determined or is not installed");
        return false;
    }
    if (count == 0)
        return error_set(err, ERROR_PLUGIN, "authenticator could not be determined or is not installed");
    *out = found[chosen];
    return true;
}

bool plugin_choose_authenticator(struct settings *settings, struct ui *ui, const struct plugin **out, struct error *err)
{
    const struct plugin *plugin = NULL;
    const char *name = NULL;

    TRY(named(settings, &name, err));
    if (name == NULL) {
        TRY(ask(settings, ui, &plugin, err));
        name = plugin->name;
    }
    TRY(plugin_look_up(settings, name, &plugin, err));
    if (plugin == NULL || plugin->authenticator == NULL)
        return unknown(name, err);
    if (settings->authenticator == NULL) {
        xreplace(&settings->authenticator, name);
        SETTING_MARK(settings, authenticator, ORIGIN_RUNTIME);
    }
    log_info("Plugins selected: Authenticator %s, Installer %s", plugin->name,
             settings->installer != NULL ? settings->installer : "None");
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

bool plugin_challenge_types(const struct plugin *plugin, const struct settings *settings, struct list *out,
                            struct error *err)
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
