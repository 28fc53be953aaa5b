#include "plugin/builtin.h"

#include "base/text.h"

/* Sorted by name: menus and `plugins` show this order. */
static const struct plugin *const built_in[] = { &plugin_manual, &plugin_null, &plugin_standalone, &plugin_webroot,
    NULL };
const struct plugin *const *plugins = built_in;

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
