#include "config/webroot_map.h"

#include <string.h>

#include "base/mem.h"

bool webroot_map_is_of(const char *authenticator)
{
    return authenticator == NULL || strcmp(authenticator, "webroot") == 0;
}

const char *webroot_map_find(const struct webroot_map *map, const char *name)
{
    for (size_t i = 0; i < map->names.len; i++) {
        if (strcmp(map->names.at[i], name) == 0)
            return map->roots.at[i];
    }
    return NULL;
}

void webroot_map_put(struct webroot_map *map, const char *name, const char *root)
{
    for (size_t i = 0; i < map->names.len; i++) {
        if (strcmp(map->names.at[i], name) == 0) {
            xreplace(&map->roots.at[i], root);
            return;
        }
    }
    list_add(&map->names, name);
    list_add(&map->roots, root);
}

void webroot_map_complete(struct settings *settings)
{
    const struct list *kinds[] = { &settings->domains, &settings->ip_addresses };

    for (size_t k = 0; settings->webroot_path.len > 0 && k < COUNT(kinds); k++) {
        for (size_t i = 0; i < kinds[k]->len; i++) {
            if (webroot_map_find(&settings->webroot_map, kinds[k]->at[i]) == NULL)
                webroot_map_put(
                    &settings->webroot_map, kinds[k]->at[i], settings->webroot_path.at[settings->webroot_path.len - 1]);
        }
    }
}
