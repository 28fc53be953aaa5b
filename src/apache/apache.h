#pragma once
/*
 * The Apache web server as a plugin: installs certificates, and proves control by http-01.
 */
#include "plugin/plugin.h"

extern const struct plugin plugin_apache;
