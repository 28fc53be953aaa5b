#include "ops/web_roots.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "config/renewal_params.h"
#include "store/lineage_conf.h"

static bool add_of(
    struct store *store, const char *name, struct settings *settings, struct list *out, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *path = store_conf_path(store, name);

    TRY(lineage_read_conf(store, name, &conf, err));
    TRY(renewal_params_restore(conf, path, settings, err));
    list_add_all(out, &settings->webroot_path);
    list_add_all(out, &settings->webroot_map.roots);
    return true;
}

/* Sorts, and keeps each once. */
static void settle(struct list *list)
{
    list_sort(list);
    for (size_t i = list->len; i > 1; i--)
        if (strcmp(list->at[i - 1], list->at[i - 2]) == 0)
            list_remove(list, i - 1);
}

static struct list first_parts(const struct list *paths)
{
    struct list parts = { 0 };

    for (size_t i = 0; i < paths->len; i++) {
        const char *path = paths->at[i];

        if (path[0] == '/')
            list_add_view(&parts, (struct view){ path, 1 + strcspn(path + 1, "/") });
    }
    settle(&parts);
    return parts;
}

bool web_roots(struct store *store, const struct voice *voice, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 }, found = { 0 };

    TRY(store_lineage_names(store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(settings_free) struct settings *settings = settings_new(voice);
        struct error failure = { 0 };

        TRY(interrupt_check(err));
        if (!add_of(store, names.at[i], settings, &found, &failure))
            log_debug("%s: %s", names.at[i], failure.why);
        if (found.len > 4 * WEB_ROOTS_MAX)
            settle(&found);
    }
    settle(&found);
    if (found.len > WEB_ROOTS_MAX) {
        struct list parts = first_parts(&found);

        list_clear(&found);
        found = parts;
    }
    list_clear(out);
    *out = found;
    found = (struct list){ 0 };
    return true;
}
