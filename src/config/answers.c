#include "config/answers.h"

#include "base/mem.h"
#include "config/option_find.h"
#include "config/plugin_options.h"
#include "config/webroot_map.h"

void answers_forget_key(struct answers *answers)
{
    xreplace(&answers->key_type, NULL);
    xreplace(&answers->elliptic_curve, NULL);
    answers->rsa_key_size = 0;
    answers->key_is_kept = false;
}

void answers_clear(struct answers *answers)
{
    free(answers->account);
    free(answers->email);
    free(answers->authenticator);
    free(answers->installer);
    free(answers->key_type);
    free(answers->elliptic_curve);
    free(answers->profile);
    free(answers->plugin_option);
    free(answers->plugin_value);
    list_clear(&answers->roots.names);
    list_clear(&answers->roots.roots);
    *answers = (struct answers){ 0 };
}

const char *authenticator_in_use(const struct settings *settings, const struct answers *answers)
{
    return settings->authenticator != NULL ? settings->authenticator : answers->authenticator;
}

const char *installer_in_use(const struct settings *settings, const struct answers *answers)
{
    return settings->installer != NULL ? settings->installer : answers->installer;
}

static void put_key(struct settings *settings, const struct answers *answers)
{
    if (answers->key_type == NULL)
        return;
    xreplace(&settings->key_type, answers->key_type);
    if (!answers->key_is_kept) /* its kind was kept, as the user wanted no other; what is new is as settings say */
        return;
    SETTING_MARK(settings, key_type, ORIGIN_RUNTIME);
    if (answers->rsa_key_size > 0) {
        settings->rsa_key_size = answers->rsa_key_size;
        SETTING_MARK(settings, rsa_key_size, ORIGIN_RUNTIME);
        return;
    }
    if (answers->elliptic_curve != NULL)
        xreplace(&settings->elliptic_curve, answers->elliptic_curve);
    SETTING_MARK(settings, elliptic_curve, ORIGIN_RUNTIME);
}

/* A row of the table, or an option that only the plugin knows. */
static void put_plugin_option(struct settings *settings, const struct answers *answers)
{
    const struct option *row = answers->plugin_option == NULL ? NULL : option_find(answers->plugin_option);
    AUTO(free) char *key = xstrdup_or_null(answers->plugin_option);

    if (key == NULL)
        return;
    if (row != NULL) {
        xreplace((char **)(void *)((char *)settings + row->at), answers->plugin_value);
        settings_mark(settings, row->at, ORIGIN_RUNTIME);
        return;
    }
    for (char *c = key; *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    plugin_options_put(&settings->plugin_options, NULL, key, answers->plugin_value, ORIGIN_RUNTIME);
}

struct settings *settings_with(const struct settings *settings, const struct answers *answers)
{
    struct settings *all = settings_dup(settings);

    if (answers->account != NULL) {
        xreplace(&all->account, answers->account);
        SETTING_MARK(all, account, ORIGIN_RUNTIME);
    }
    if (answers->has_email) {
        xreplace(&all->email, answers->email);
        SETTING_MARK(all, email, ORIGIN_RUNTIME);
    }
    if (answers->authenticator != NULL) {
        xreplace(&all->authenticator, answers->authenticator);
        SETTING_MARK(all, authenticator, ORIGIN_RUNTIME);
    }
    if (answers->installer != NULL) {
        xreplace(&all->installer, answers->installer);
        SETTING_MARK(all, installer, ORIGIN_RUNTIME);
    }
    if (answers->profile != NULL) {
        xreplace(&all->preferred_profile, answers->profile);
        SETTING_MARK(all, preferred_profile, ORIGIN_RUNTIME);
    }
    put_key(all, answers);
    put_plugin_option(all, answers);
    for (size_t i = 0; i < answers->roots.names.len; i++)
        webroot_map_put(&all->webroot_map, answers->roots.names.at[i], answers->roots.roots.at[i]);
    if (answers->has_roots)
        SETTING_MARK(all, webroot_map, ORIGIN_RUNTIME);
    return all;
}
