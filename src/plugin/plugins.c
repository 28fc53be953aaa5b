#include "base/text.h"
#include "config/plugin_options.h"
#include "plugin/plugin.h"

static const struct plugin *const none[] = { NULL };
const struct plugin *const *plugins = none;

void plugins_use(const struct plugin *const *table)
{
    plugins = table;
}

static const struct plugin_source *source;

void plugins_from(const struct plugin_source *from)
{
    source = from;
    plugin_names_from(from->exists);
}

bool plugin_source_has(const struct settings *settings, const char *name)
{
    return source != NULL && source->exists(settings, name);
}

bool plugin_source_find(const struct settings *settings, const char *name, const struct plugin **out, struct error *err)
{
    *out = NULL;
    return source == NULL || source->find(settings, name, out, err);
}

const struct plugin *plugin_find(const char *name)
{
    for (size_t i = 0; plugins[i] != NULL; i++)
        if (text_equal(plugins[i]->name, name))
            return plugins[i];
    return NULL;
}

bool plugin_is_by_hand(const struct settings *settings)
{
    const struct plugin *plugin = plugin_find(settings->authenticator);

    return plugin != NULL && plugin->authenticator != NULL && plugin->authenticator->by_hand != NULL &&
           plugin->authenticator->by_hand(settings);
}
