#include "dns/options.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"
#include "config/plugin_options.h"

#define WAIT_MAX_S (24 * 60 * 60)

static const struct option *row_of(const char *name, const char *option)
{
    AUTO(free) char *full = xprintf("%s-%s", name, option);

    return option_find(full);
}

const char *dns_option(const struct settings *settings, const char *name, const char *option, bool *is_set)
{
    const struct option *row = row_of(name, option);
    AUTO(free) char *key = plugin_option_key(name, option);
    const char *value;

    if (row != NULL) {
        *is_set = settings_origin(settings, row->at) != ORIGIN_DEFAULT;
        return *(char *const *)((const char *)settings + row->at);
    }
    value = plugin_options_get(&settings->plugin_options, key);
    *is_set = value != NULL;
    return value;
}

static bool get_wait(const struct settings *settings, const char *name, struct dns_options *out, struct error *err)
{
    const struct option *row = row_of(name, "propagation-seconds");
    uint64_t seconds;
    const char *text;

    if (row != NULL) {
        out->wait_s = *(const int *)((const char *)settings + row->at);
        out->wait_is_set = settings_origin(settings, row->at) != ORIGIN_DEFAULT;
        return true;
    }
    text = dns_option(settings, name, "propagation-seconds", &out->wait_is_set);
    if (text == NULL)
        return true;
    if (!view_to_number(view_of(text), 0, WAIT_MAX_S, &seconds))
        return error_set(err, ERROR_CONFIG, "--%s-propagation-seconds: not a number of seconds: %s", name, text);
    out->wait_s = (int)seconds;
    return true;
}

bool dns_options_get(
    const struct settings *settings, const char *name, int otherwise, struct dns_options *out, struct error *err)
{
    struct dns_options found = { .wait_s = otherwise };
    bool is_set;

    found.credentials = dns_option(settings, name, "credentials", &is_set);
    TRY(get_wait(settings, name, &found, err));
    if (found.wait_s < 0)
        found.wait_s = 0;
    *out = found;
    return true;
}

char *dns_options_key(const struct settings *settings, const char *name)
{
    AUTO(buf_clear) struct buf key = BUF(1024 * 1024);

    for (const struct option *option = options; option->names[0] != NULL; option++)
        if ((option->type == OPTION_TEXT || option->type == OPTION_PATH || option->type == OPTION_CHOICE) &&
            option->saved != NULL && plugin_option_is_for(option->saved, name)) {
            const char *value = *(char *const *)((const char *)settings + option->at);

            buf_putf(&key, "%s=%s\n", option->saved, value != NULL ? value : "");
        }
    for (size_t i = 0; i < settings->plugin_options.len; i++)
        if (plugin_option_is_for(settings->plugin_options.at[i].key, name))
            buf_putf(&key, "%s=%s\n", settings->plugin_options.at[i].key, settings->plugin_options.at[i].value);
    return buf_take(&key);
}
