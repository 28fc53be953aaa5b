#pragma once
/*
 * nginx as authenticator and installer, for cmd/plugin_table.c.
 */
#include "plugin/plugin.h"

extern const struct plugin plugin_nginx;
extern const struct installer nginx_installer; /* for the plugin's row */
