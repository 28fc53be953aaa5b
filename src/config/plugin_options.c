#include "config/plugin_options.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "config/option_find.h"

#define NAME_MAX_LEN 64

bool plugin_name_is_good(struct view name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN || name.at[0] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

bool plugin_name_is_ours(const char *name)
{
    const struct option *option = option_find(name);

    return option != NULL && option->type == OPTION_PLUGIN;
}

char *plugin_option_key(const char *plugin, const char *option)
{
    char *key = xprintf("%s_%s", plugin, option);

    for (char *at = key; *at != '\0'; at++) {
        if (*at == '-')
            *at = '_';
    }
    return key;
}

bool plugin_option_is_for(const char *key, const char *plugin)
{
    size_t len = plugin == NULL ? 0 : strlen(plugin);

    for (size_t i = 0; i < len; i++) {
        if (key[i] != (plugin[i] == '-' ? '_' : plugin[i]))
            return false;
    }
    return len > 0 && key[len] == '_';
}

static bool (*name_exists)(const struct settings *settings, const char *name);

void plugin_names_from(bool (*exists)(const struct settings *settings, const char *name))
{
    name_exists = exists;
}

bool plugin_name_exists(const struct settings *settings, const char *name)
{
    return name != NULL && name_exists != NULL && !plugin_name_is_ours(name) && name_exists(settings, name);
}

char *plugin_name_now(const char *name)
{
    static const struct {
        const char *before, *now; /* a whole name, or the beginning of an option's */
        bool is_start;
    } others[] = {
        { "certbot-route53:auth", "dns-route53", false },
        { "certbot-plugin-gandi:dns", "dns-gandi", false },
        { "certbot-plugin-gandi:dns-", "dns-gandi-", true },
        { "certbot_plugin_gandi:dns_", "dns_gandi_", true },
    };
    const char *colon = strchr(name, ':');

    for (size_t i = 0; i < COUNT(others); i++) {
        if (others[i].is_start ? text_starts(name, others[i].before) : strcmp(name, others[i].before) == 0)
            return xprintf("%s%s", others[i].now, name + strlen(others[i].before));
    }
    return xstrdup(colon != NULL && colon[1] != '\0' && text_starts(name, "certbot") ? colon + 1 : name);
}

void plugin_flag_give(struct settings *settings, struct view name, enum origin from, bool *taken)
{
    AUTO(free) char *old = view_dup(name), *plugin = plugin_name_now(old);

    *taken = plugin_name_is_good(view_of(plugin)) && plugin_name_exists(settings, plugin);
    if (!*taken)
        return;
    if (!list_has(&settings->plugin_flags, plugin))
        list_add(&settings->plugin_flags, plugin);
    if (SETTING_ORIGIN(settings, plugin_flags) < from)
        SETTING_MARK(settings, plugin_flags, from);
}

/* The longest part in front of a dash that is a file in the directory of plugins; NULL when there is none. */
static char *find_plugin(const struct settings *settings, struct view name)
{
    for (size_t len = name.len; len-- > 1;) {
        AUTO(free) char *plugin = NULL, *path = NULL;

        if (name.at[len] != '-' || !plugin_name_is_good((struct view){ name.at, len }) ||
            !plugin_name_is_good((struct view){ name.at + len + 1, name.len - len - 1 }))
            continue;
        plugin = view_dup((struct view){ name.at, len });
        if (plugin_name_exists(settings, plugin))
            return TAKE(plugin);
        path = file_join(settings->plugin_dir, plugin);
        if (!plugin_name_is_ours(plugin) && file_exists(path) && !file_is_dir(path))
            return TAKE(plugin);
    }
    return NULL;
}

bool plugin_option_give(
    struct settings *settings, struct view name, const char *value, enum origin from, bool *taken, struct error *err)
{
    AUTO(free) char *old = view_dup(name), *now = plugin_name_now(old), *option = NULL, *key = NULL;
    AUTO(free) char *plugin = find_plugin(settings, view_of(now));

    name = view_of(now);
    *taken = plugin != NULL;
    if (plugin == NULL)
        return true;
    option = view_dup((struct view){ name.at + strlen(plugin) + 1, name.len - strlen(plugin) - 1 });
    key = plugin_option_key(plugin, option);
    if (value == NULL)
        return error_set(err, ERROR_USAGE, "argument --%s-%s: expected one argument", plugin, option);
    if (!conf_can_hold(value, false))
        return error_set(err, ERROR_USAGE,
            "argument --%s-%s: the value mixes quotes in a way that a renewal file cannot hold", plugin, option);
    plugin_options_put(&settings->plugin_options, plugin, key, value, from);
    return true;
}

static struct plugin_option *find_option(const struct plugin_options *all, const char *key)
{
    for (size_t i = 0; i < all->len; i++) {
        if (strcmp(all->at[i].key, key) == 0)
            return &all->at[i];
    }
    return NULL;
}

void plugin_options_put(
    struct plugin_options *all, const char *plugin, const char *key, const char *value, enum origin from)
{
    struct plugin_option *option = find_option(all, key);

    if (option != NULL && option->origin > from)
        return;
    if (option == NULL) {
        all->at = xrealloc(all->at, all->len + 1, sizeof *all->at);
        option = &all->at[all->len++];
        *option = (struct plugin_option){ .key = xstrdup(key) };
    }
    wipe_free(option->value);
    option->value = xstrdup(value);
    xreplace(&option->plugin, plugin);
    option->origin = from;
}

const char *plugin_options_get(const struct plugin_options *all, const char *key)
{
    const struct plugin_option *option = find_option(all, key);

    return option == NULL ? NULL : option->value;
}

struct plugin_options plugin_options_dup(const struct plugin_options *all)
{
    struct plugin_options copy = { 0 };

    for (size_t i = 0; i < all->len; i++)
        plugin_options_put(&copy, all->at[i].plugin, all->at[i].key, all->at[i].value, all->at[i].origin);
    return copy;
}

void plugin_options_clear(struct plugin_options *all)
{
    for (size_t i = 0; i < all->len; i++) {
        free(all->at[i].plugin);
        free(all->at[i].key);
        wipe_free(all->at[i].value);
    }
    free(all->at);
    *all = (struct plugin_options){ 0 };
}
