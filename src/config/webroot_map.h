#pragma once
/*
 * The map of names to web roots (--webroot-map, and -w in front of -d).
 */
#include "config/settings.h"

/* Whether that authenticator uses the map; NULL (still to be chosen): it may. */
bool webroot_map_is_of(const char *authenticator);
/* The root for a name, NULL when the map has none. */
const char *webroot_map_find(const struct webroot_map *map, const char *name);
void webroot_map_put(struct webroot_map *map, const char *name, const char *root);
/* Gives names of settings that have no root yet the last --webroot-path; nothing when there is none. */
void webroot_map_complete(struct settings *settings);
