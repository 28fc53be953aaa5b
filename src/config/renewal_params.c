#include "config/renewal_params.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "config/option_apply.h"
#include "config/option_find.h"
#include "config/option_read.h"
#include "config/plugin_options.h"
#include "config/topic.h"
#include "config/webroot_map.h"

#define PARAMS "renewalparams"
#define MAP PARAMS "/webroot_map"
#define OURS RENEWAL_OURS
#define SERVER_V1 "https://acme-v01.api.letsencrypt.org/directory" /* gone since 2021; old files still name it */

static const void *member_of(const struct settings *settings, const struct option *option)
{
    return (const char *)settings + option->at;
}

/* ---- saving ---- */

static const char *section_of(const struct option *option)
{
    return option->ours ? OURS : PARAMS;
}

/* Writes one setting; false when there is nothing to write. */
static bool save_one(const struct settings *settings, const struct option *option, struct conf *conf)
{
    const void *member = member_of(settings, option);
    const char *section = section_of(option);
    char number[16];

    if (option_is_list(option)) {
        conf_set_list(conf, section, option->saved, member);
        return true;
    }
    if (option->type == OPTION_FLAG || option->type == OPTION_UNSET) {
        conf_set(conf, section, option->saved, *(const bool *)member ? "True" : "False");
        return true;
    }
    if (option->type == OPTION_NUMBER) {
        (void)snprintf(number, sizeof number, "%d", *(const int *)member);
        conf_set(conf, section, option->saved, number);
        return true;
    }
    if (*(char *const *)member == NULL)
        return false;
    conf_set(conf, section, option->saved, *(char *const *)member);
    return true;
}

/* Saves options of the plugins that the lineage uses: others would never be restored. */
static void save_plugin_options(const struct settings *settings, struct conf *conf, struct list *saved)
{
    for (size_t i = 0; i < settings->plugin_options.len; i++) {
        const struct plugin_option *option = &settings->plugin_options.at[i];

        if (!plugin_option_is_for(option->key, settings->authenticator) &&
            !plugin_option_is_for(option->key, settings->installer))
            continue;
        conf_set(conf, PARAMS, option->key, option->value);
        list_add(saved, option->key);
    }
}

/* Whether the option's value comes from cli.ini and applies to all lineages unless a lineage overrides it. It is not
 * copied into renewal files, so that a change of cli.ini takes effect. Values of a file given with --config are saved:
 * the next run may not be given that file. */
static bool is_of_all(const struct settings *settings, const struct option *option)
{
    return option->per_lineage && settings->config_files.len == 0 &&
           settings_origin(settings, option->at) == ORIGIN_FILE;
}

/* Whether some option is saved by this name. */
static bool is_in_table(const char *key)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (text_equal(option->saved, key))
            return true;
    }
    return strcmp(key, "deploy_hook") == 0; /* another name of renew_hook */
}

static bool is_ours(const char *key)
{
    for (const struct option *option = options; option->names[0] != NULL; option++)
        if (option->ours && text_equal(option->saved, key))
            return true;
    return false;
}

static bool is_to_save(const struct settings *settings, const struct option *option)
{
    return option->saved != NULL && !is_of_all(settings, option) &&
           (option->saved_always || settings_origin(settings, option->at) != ORIGIN_DEFAULT);
}

static void save_map(const struct settings *settings, struct conf *conf)
{
    AUTO(list_clear) struct list keys = { 0 };
    const struct webroot_map *map = &settings->webroot_map;

    if (map->names.len == 0 || SETTING_ORIGIN(settings, webroot_map) == ORIGIN_DEFAULT) {
        conf_remove_section(conf, MAP);
        return;
    }
    conf_keys(conf, MAP, &keys);
    for (size_t i = 0; i < keys.len; i++) {
        if (!list_has(&map->names, keys.at[i]) && !is_in_table(keys.at[i])) /* a misplaced line is the user's */
            conf_remove(conf, MAP, keys.at[i]);
    }
    for (size_t i = 0; i < map->names.len; i++)
        conf_set(conf, MAP, map->names.at[i], map->roots.at[i]);
}

static void remove_unsaved(struct conf *conf, const struct list *saved)
{
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, PARAMS, &keys);
    for (size_t i = 0; i < keys.len; i++)
        if (!list_has(saved, keys.at[i]))
            conf_remove(conf, PARAMS, keys.at[i]);
}

/* Other keys in our section are those of a later version, or misplaced lines of the user's. */
static void remove_unsaved_of_ours(struct conf *conf, const struct list *saved)
{
    AUTO(list_clear) struct list keys = { 0 };
    bool any = false;

    conf_keys(conf, OURS, &keys);
    for (size_t i = 0; i < keys.len; i++) {
        bool goes = !list_has(saved, keys.at[i]) && is_ours(keys.at[i]);

        if (goes)
            conf_remove(conf, OURS, keys.at[i]);
        any = any || !goes;
    }
    if (!any)
        conf_remove_section(conf, OURS);
}

void renewal_params_save(const struct settings *settings, struct conf *conf)
{
    AUTO(list_clear) struct list saved = { 0 }, ours = { 0 };

    for (const struct option *option = options; option->names[0] != NULL; option++)
        if (is_to_save(settings, option) && save_one(settings, option, conf))
            list_add(option->ours ? &ours : &saved, option->saved);
    save_plugin_options(settings, conf, &saved);
    remove_unsaved(conf, &saved);
    save_map(settings, conf);
    remove_unsaved_of_ours(conf, &ours);
}

/* ---- restoring ---- */

struct restore {
    const struct conf *conf;
    const char *name;
    struct settings *settings;
    struct error *err;
};

static bool fail(const struct restore *restore, const char *format, const char *key, const char *value)
{
    AUTO(free) char *reason = NULL;

    if (value == NULL)
        reason = xprintf("%s %s", format, key);
    else
        reason = xprintf("%s %s but found %s", format, key, value);
    return error_set(restore->err, ERROR_CONFIG,
        "An error occurred while parsing %s. The error was %s. Skipping the file.", restore->name, reason);
}

static bool restore_bool(const struct restore *restore, const struct option *option, const char *value)
{
    bool *member = (bool *)((char *)restore->settings + option->at);

    if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0)
        return fail(restore, "Expected True or False for", option->saved, value);
    *member = strcasecmp(value, "true") == 0;
    return true;
}

static bool restore_number(const struct restore *restore, const struct option *option, const char *value)
{
    struct error reason = { 0 };

    if (strcmp(value, "None") == 0) {
        option_reset(restore->settings, option);
        return true;
    }
    if (!option_apply(restore->settings, option, value, ORIGIN_RENEWAL, &reason))
        return fail(restore, "Expected a numeric value for", option->saved, NULL);
    return true;
}

/* Restores a list from [renewalparams]; no option of [evercert] is one. */
static bool restore_list(const struct restore *restore, const struct option *option)
{
    struct list *member = (struct list *)((char *)restore->settings + option->at);
    AUTO(list_clear) struct list read = { 0 };

    (void)conf_get_list(restore->conf, PARAMS, option->saved, &read);
    list_clear(member);
    for (size_t i = 0; i < read.len; i++) {
        const char *text = read.at[i];

        if (option->at == offsetof(struct settings, preferred_challenges)) {
            text = challenge_name(view_of(text));
            if (text == NULL)
                return fail(restore, "Unrecognized challenges:", read.at[i], NULL);
        } else if (strcmp(text, "None") == 0) {
            continue;
        }
        list_add(member, text);
    }
    return true;
}

static bool restore_text(const struct restore *restore, const struct option *option, const char *value)
{
    char **member = (char **)((char *)restore->settings + option->at);
    bool is_plugin =
        option->at == offsetof(struct settings, authenticator) || option->at == offsetof(struct settings, installer);
    AUTO(free) char *now = is_plugin ? plugin_name_now(value) : NULL;

    if (option->at == offsetof(struct settings, server) && strcmp(value, SERVER_V1) == 0)
        value = SERVER_PRODUCTION;
    if (strcmp(value, "None") == 0) {
        option_reset(restore->settings, option);
        return true;
    }
    for (size_t i = 0; option->choices != NULL && strcmp(option->choices[i], value) != 0; i++) {
        if (option->choices[i + 1] == NULL)
            return fail(restore, "Unknown value for", option->saved, value);
    }
    xreplace(member, now != NULL ? now : value);
    return true;
}

static bool restore_one(const struct restore *restore, const struct option *option, const char *value)
{
    if (option_is_list(option))
        TRY(restore_list(restore, option));
    else if (option->type == OPTION_FLAG || option->type == OPTION_UNSET)
        TRY(restore_bool(restore, option, value));
    else if (option->type == OPTION_NUMBER)
        TRY(restore_number(restore, option, value));
    else
        TRY(restore_text(restore, option, value));
    settings_mark(restore->settings, option->at, ORIGIN_RENEWAL);
    return true;
}

/* Restores options of a third-party plugin unchecked: the plugin checks them. */
static void restore_plugin_options(const struct restore *restore, const char *plugin)
{
    AUTO(list_clear) struct list keys = { 0 };

    if (plugin == NULL || plugin_name_is_ours(plugin))
        return;
    conf_keys(restore->conf, PARAMS, &keys);
    for (size_t i = 0; i < keys.len; i++) {
        AUTO(free) char *now = plugin_name_now(keys.at[i]);

        if (plugin_option_is_for(now, plugin) && !is_in_table(now))
            plugin_options_put(&restore->settings->plugin_options, NULL, now,
                conf_get(restore->conf, PARAMS, keys.at[i]), ORIGIN_RENEWAL);
    }
}

static void restore_map(const struct restore *restore)
{
    AUTO(list_clear) struct list names = { 0 };

    conf_keys(restore->conf, MAP, &names);
    for (size_t i = 0; i < names.len; i++)
        if (!is_in_table(names.at[i]))
            webroot_map_put(&restore->settings->webroot_map, names.at[i], conf_get(restore->conf, MAP, names.at[i]));
    if (names.len > 0)
        SETTING_MARK(restore->settings, webroot_map, ORIGIN_RENEWAL);
}

/* Warns of options in other sections, where they have no effect: a line appended to the file ends up in its last
 * section. */
static void tell_misplaced(const struct restore *restore)
{
    static const struct {
        const char *section, *shown;
    } others[] = { { MAP, "[[webroot_map]]" }, { "acme_renewal_info", "[acme_renewal_info]" }, { OURS, "[evercert]" } };

    for (size_t i = 0; i < COUNT(others); i++) {
        AUTO(list_clear) struct list keys = { 0 };

        conf_keys(restore->conf, others[i].section, &keys);
        for (size_t k = 0; k < keys.len; k++)
            if (is_in_table(keys.at[k]) && !(strcmp(others[i].section, OURS) == 0 && is_ours(keys.at[k])))
                log_warning("%s: %s has no effect, as it stands below %s. Move that line up, right below "
                            "[renewalparams].",
                    restore->name, keys.at[k], others[i].shown);
    }
}

/* The value of key. [renewalparams] comes before [evercert]: a value there was written by hand or by an older version
 * after we last wrote the file. */
const char *renewal_params_own(const struct conf *conf, const char *key)
{
    const char *value = conf_get(conf, PARAMS, key);

    return value != NULL ? value : conf_get(conf, OURS, key);
}

/* The file's value of an option, NULL when it has none. keys: all that the file has, as most options are in no file. */
static const char *saved_value(const struct conf *conf, const struct list *keys, const struct option *option)
{
    if (list_has(keys, option->saved))
        return conf_get(conf, PARAMS, option->saved);
    if (option->ours)
        return renewal_params_own(conf, option->saved);
    if (option->saved_before != NULL)
        return conf_get(conf, PARAMS, option->saved_before);
    return option->saved_by_none;
}

/* Whether the user set it for this run, other than in a file that holds for all lineages. */
static bool is_users(const struct settings *settings, const struct option *option)
{
    return settings_origin(settings, option->at) > ORIGIN_RENEWAL && !is_of_all(settings, option);
}

bool renewal_params_remember(const struct conf *conf, const char *name, struct settings *settings, struct error *err)
{
    struct restore restore = { conf, name, settings, err };
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, PARAMS, &keys);
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        const char *value = NULL;

        if (option->per_lineage && !is_users(settings, option))
            value = saved_value(conf, &keys, option);
        TRY(value == NULL || restore_one(&restore, option, value));
    }
    return true;
}

bool renewal_params_restore(const struct conf *conf, const char *name, struct settings *settings, struct error *err)
{
    struct restore restore = { conf, name, settings, err };
    const char *saved = conf_get(conf, PARAMS, "authenticator");
    AUTO(free) char *authenticator = saved == NULL ? NULL : plugin_name_now(saved);
    const char *installer = conf_get(conf, PARAMS, "installer");
    bool keeps[SETTINGS_MAX_OPTIONS] = { false }; /* also those that no file has */
    AUTO(list_clear) struct list keys = { 0 };
    bool keeps_map = SETTING_ORIGIN(settings, webroot_map) > ORIGIN_RENEWAL;

    TRY(code_path_check(name, settings->voice->refuses_shared_code, err)); /* it names hooks */
    if (!conf_has_section(conf, PARAMS))
        return error_set(err, ERROR_CONFIG, "Renewal configuration file %s lacks renewalparams. Skipping.", name);
    if (authenticator == NULL || authenticator[0] == '\0' || strcmp(authenticator, "None") == 0)
        return error_set(
            err, ERROR_CONFIG, "Renewal configuration file %s does not specify an authenticator. Skipping.", name);
    conf_keys(conf, PARAMS, &keys);
    tell_misplaced(&restore);
    /* Asked before anything is restored: a restored server must not count as the user's when it is the
     * account's turn. */
    for (size_t i = 0; options[i].names[0] != NULL; i++)
        keeps[i] = options[i].saved == NULL || is_users(settings, &options[i]);
    for (size_t i = 0; options[i].names[0] != NULL; i++) {
        const struct option *option = &options[i];
        const char *value = keeps[i] ? NULL : saved_value(conf, &keys, option);

        /* A key counts for the saved authenticator and installer only: nginx_ctl for nginx. */
        if (value == NULL ||
            (topic_find(option->topic)->of_plugin && !plugin_option_is_for(option->saved, authenticator) &&
                !plugin_option_is_for(option->saved, installer)))
            continue;
        TRY(restore_one(&restore, option, value));
    }
    restore_plugin_options(&restore, authenticator);
    restore_plugin_options(&restore, installer);
    if (!keeps_map && webroot_map_is_of(authenticator))
        restore_map(&restore);
    return true;
}
