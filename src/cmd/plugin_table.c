/*
 * The plugins that are built in.
 */
#include "apache/apache.h"
#include "cmd/command.h"
#include "dns/persist.h"
#include "dns/rfc2136.h"
#include "nginx/plugin.h"
#include "plugin/builtin.h"
#include "recipe/plugins.h"
#include "script/script.h"

const struct plugin_source command_plugin_source = { .exists = recipe_plugin_exists, .find = recipe_plugin_find };

const struct plugin *const command_plugins[] = { &plugin_apache, &plugin_dns_persist, &plugin_dns_rfc2136.plugin,
    &plugin_dns_script.plugin, &plugin_manual, &plugin_nginx, &plugin_null, &plugin_standalone, &plugin_webroot, NULL };
