#pragma once
/* Plugins by descriptions: dns-NAME for each of them. */
#include "plugin/plugin.h"

/* The plugin of that name ("dns-hetzner"); *out is NULL when there is no such description. Lives until the end of the
 * program. ERROR_CONFIG when its description is wrong or not to be trusted. */
MUST_USE bool recipe_plugin_find(
    const struct settings *settings, const char *name, const struct plugin **out, struct error *err);

/* Whether the provider, which that context has opened, lists the value at that name; *can is false where there is no
 * way to ask it. */
MUST_USE bool recipe_plugin_look(const struct plugin_context *context, const struct plugin *plugin, const char *name,
    const char *value, bool *there, bool *can, struct error *err);

/* Whether there is a description for that plugin; none is read. */
bool recipe_plugin_exists(const struct settings *settings, const char *name);
