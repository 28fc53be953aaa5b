#pragma once
/*
 * What the files of this room make the plugin of.
 */
#include "plugin/plugin.h"

extern const struct installer apache_installer;
