/* plugins: the ways to prove control and to install. */
#include "base/interrupt.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "lifecycle/install.h"

#define LISTING_MAX (256 * 1024)

static bool is_listed(const struct settings *settings, const struct plugin *plugin)
{
    if (settings->plugins_prepare && plugin->is_here != NULL && !plugin->is_here(settings))
        return false;
    return (!settings->plugins_authenticators || plugin->authenticator != NULL) &&
           (!settings->plugins_installers || plugin->installer != NULL);
}

/* Whether it works here: installers that are built in depend on the server that there is. No program is tried that the
 * user has not chosen. */
static void put_trial(struct context *context, const struct plugin *plugin, struct buf *text)
{
    struct error err = { 0 };

    if (plugin->installer == NULL || plugin->path != NULL || installer_check(context, plugin, &err))
        buf_put_text(text, "\nPrep: True");
    else
        buf_putf(text, "\nPrep: %s", err.why);
}

static void put_plugin(struct context *context, const struct plugin *plugin, struct buf *text)
{
    const struct settings *settings = context->settings;

    buf_putf(text, "%s* %s\nDescription: %s\nInterfaces: %s%sPlugin\nEntry point: %s", text->len > 0 ? "\n\n" : "",
        plugin->name, plugin->description, plugin->authenticator != NULL ? "Authenticator, " : "",
        plugin->installer != NULL ? "Installer, " : "", plugin->path != NULL ? plugin->path : "built in");
    plugin_put_options(plugin, text);
    if (settings->plugins_init || settings->plugins_prepare)
        buf_putf(text, "\nInitialized: %s", plugin->name);
    if (settings->plugins_prepare)
        put_trial(context, plugin, text);
}

static bool plugins_run(struct context *context, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(LISTING_MAX);

    const struct plugin *all[PLUGINS_MAX];
    size_t count = plugin_list(context->settings, all);

    for (size_t i = 0; i < count; i++)
        if (is_listed(context->settings, all[i]))
            put_plugin(context, all[i], &text);
    TRY(interrupt_check(err));
    ui_frame(context->ui, true, text.len > 0 ? buf_text(&text) : "No plugins");
    return true;
}

static const enum option_topic topics[] = { TOPIC_PLUGINS, TOPIC_HIDDEN };

const struct command cmd_plugins = {
    .verb = {
        .name = "plugins",
        .summary = "List the plugins: ways to prove control of a name, and to install",
        .usage = "[--authenticators] [--installers]",
        .text = "Lists what -a and -i can name.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .without_store = true, /* an ordinary user may look, too */
    .run = plugins_run,
};
