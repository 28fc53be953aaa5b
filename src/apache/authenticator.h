#pragma once
/*
 * Apache as authenticator, for the plugin's row.
 */
#include "plugin/plugin.h"

extern const struct authenticator apache_authenticator;
