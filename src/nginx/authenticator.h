#pragma once
/*
 * nginx as authenticator, for the plugin's row.
 */
#include "plugin/plugin.h"

extern const struct authenticator nginx_authenticator;
