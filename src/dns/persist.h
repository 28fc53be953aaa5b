#pragma once
/*
 * dns-persist-01: one record that stays proves control for all orders to come, so that nothing here holds credentials.
 */
#include "plugin/plugin.h"

extern const struct plugin plugin_dns_persist;
