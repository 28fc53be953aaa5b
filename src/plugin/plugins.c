#include "base/text.h"
#include "plugin/plugin.h"

static const struct plugin *const none[] = { NULL };
const struct plugin *const *plugins = none;

void plugins_use(const struct plugin *const *table)
{
    plugins = table;
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
