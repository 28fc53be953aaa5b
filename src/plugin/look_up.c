/*
 * Plugins by name: those that are built in come first, then those of the source, then programs.
 */
#include "base/mem.h"
#include "plugin/external.h"

bool plugin_look_up(const struct settings *settings, const char *name, const struct plugin **out, struct error *err)
{
    const struct plugin *plugin = plugin_find(name);

    if (plugin == NULL)
        TRY(plugin_source_find(settings, name, &plugin, err));
    if (plugin == NULL)
        TRY(external_find(settings, name, &plugin, err));
    if (plugin != NULL && plugin->path != NULL)
        TRY(external_check_options(external_of(plugin), settings, err));
    *out = plugin;
    return true;
}

size_t plugin_list(const struct settings *settings, const struct plugin *found[static PLUGINS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; plugins[i] != NULL && count < PLUGINS_MAX; i++)
        if (!plugins[i]->hidden)
            found[count++] = plugins[i];
    return settings == NULL ? count : count + external_list(settings, &found[count], PLUGINS_MAX - count);
}

char *plugin_server(const struct settings *settings)
{
    const char *name = settings->installer;
    const struct plugin *plugin = plugin_find(name);
    AUTO(free) char *key = NULL;

    if (plugin == NULL) /* a program, whether or not it is there */
        key = external_server(settings, name);
    else if (plugin->share != NULL)
        key = plugin->share->key(plugin, settings);
    return xprintf("%s\n%s", name, key != NULL ? key : "");
}
