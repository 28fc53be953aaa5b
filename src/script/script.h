#pragma once
/*
 * The plugin dns-script: other clients' DNS scripts, unmodified, by their own protocols.
 */
#include "dns/provider.h"

extern const struct dns_plugin plugin_dns_script;
