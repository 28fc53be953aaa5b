#include "config/option_apply.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "config/option_find.h"
#include "config/option_read.h"
#include "config/webroot_map.h"

static void *member_of(struct settings *settings, const struct option *option)
{
    return (char *)settings + option->at;
}

static bool parse_number(const struct option *option, const char *value, int *out, struct error *err)
{
    const char *text = value;
    long long number;
    char *end;

    errno = 0;
    number = strtoll(text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    if (end == text || *end != '\0')
        return option->min == 0 ? option_fail(option, err, "value must be an integer")
                                : option_fail(option, err, "invalid int value: '%s'", value);
    if (option->min == 0 && number < 0)
        return option_fail(option, err, "value must be non-negative");
    if (errno != 0 || number < option->min || number > option->max)
        return option_fail(option, err, "value must be between %d and %d", option->min, option->max);
    *out = (int)number;
    return true;
}

static bool parse_choice(const struct option *option, const char *value, const char **out, struct error *err)
{
    AUTO(buf_clear) struct buf all = BUF(512);
    AUTO(free) char *text = xstrdup(value);

    if (option->any_case)
        text_lower(text);
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *out = option->choices[i];
            return true;
        }
        buf_putf(&all, "%s'%s'", i > 0 ? ", " : "", option->choices[i]);
    }
    return option_fail(option, err, "invalid choice: '%s' (choose from %s)", value, buf_text(&all));
}

/* Refuses a value that is to be saved and does not fit into the syntax of renewal files. */
static bool check_saved(const struct option *option, const char *value, struct error *err)
{
    if (option->saved == NULL || conf_can_hold(value, option_is_list(option)))
        return true;
    return option_fail(
        option, err, "the value mixes quotes in a way that a renewal file cannot hold; put it in a script");
}

static bool apply_text(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    char **text = member_of(settings, option);

    TRY(check_saved(option, value, err));
    if (option->read != NULL)
        TRY(option->read(settings, option, value, err));
    if (option->type == OPTION_PATH) {
        AUTO(free) char *path = file_absolute(value);

        xreplace(text, path);
        return true;
    }
    if (option->type == OPTION_CHOICE)
        TRY(parse_choice(option, value, &value, err));
    xreplace(text, value);
    return true;
}

/* Collects names that came from a map of web roots: they are kept when -d or cli.ini sets the names, as Certbot does.
 */
static void mapped_names(const struct settings *settings, const struct option *option, struct list *out)
{
    const struct list *list = (const struct list *)((const char *)settings + option->at);

    if (list != &settings->domains && list != &settings->ip_addresses)
        return;
    for (size_t i = 0; i < list->len; i++)
        if (webroot_map_find(&settings->webroot_map, list->at[i]) != NULL)
            list_add(out, list->at[i]);
}

static void add_missing(struct list *list, const struct list *names)
{
    for (size_t i = 0; i < names->len; i++)
        if (!list_has(list, names->at[i]))
            list_add(list, names->at[i]);
}

static bool apply_list(
    struct settings *settings, const struct option *option, const char *value, enum origin from, struct error *err)
{
    struct list *list = member_of(settings, option);
    enum origin now = settings_own_origin(settings, option->at);
    AUTO(list_clear) struct list mapped = { 0 };
    struct view rest, part;

    if (option->type == OPTION_PLUGIN) {
        if (!list_has(list, option->names[0]))
            list_add(list, option->names[0]);
        return true;
    }
    if ((from == ORIGIN_FILE && !option->adds) || now < from) {
        mapped_names(settings, option, &mapped);
        list_clear(list);
    }
    if (settings_own_origin(settings, offsetof(struct settings, webroot_map)) <= from)
        add_missing(list, &mapped); /* the command line's map comes behind the file's names, all else in its order */
    TRY(check_saved(option, value, err));
    if (option->read != NULL) {
        TRY(option->read(settings, option, value, err));
        add_missing(list, &mapped);
        return true;
    }
    if (option->type == OPTION_REPEAT) {
        list_add(list, value);
        return true;
    }
    rest = view_of(value);
    while (view_cut(&rest, ',', &part))
        list_add_view(list, view_trim(part));
    return true;
}

static bool apply_value(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    void *member = member_of(settings, option);

    if (option->read != NULL)
        TRY(option->read(settings, option, value, err));
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)member = true;
        break;
    case OPTION_UNSET:
        *(bool *)member = false;
        break;
    case OPTION_YES:
        *(enum tristate *)member = YES;
        break;
    case OPTION_NO:
        *(enum tristate *)member = NO;
        break;
    case OPTION_COUNTER:
        *(int *)member += *(int *)member < 100;
        break;
    case OPTION_NUMBER:
        return parse_number(option, value, member, err);
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_COMMAND:
    case OPTION_CHOICE:
    case OPTION_LIST:
    case OPTION_REPEAT:
    case OPTION_PLUGIN:
    case OPTION_SPECIAL:
        break;
    }
    return true;
}

/* The names in a --webroot-map are asked for, besides those of cli.ini. */
static void mark_map_names(struct settings *settings, enum origin from)
{
    if (from > ORIGIN_FILE)
        from = ORIGIN_FILE;
    if (settings->domains.len > 0 && SETTING_ORIGIN(settings, domains) < from)
        SETTING_MARK(settings, domains, from);
    if (settings->ip_addresses.len > 0 && SETTING_ORIGIN(settings, ip_addresses) < from)
        SETTING_MARK(settings, ip_addresses, from);
}

static void swap(struct list *a, struct list *b)
{
    struct list c = *a;

    *a = *b;
    *b = c;
}

/* cli.ini is read after the command line, and its names come first all the same: the first names the certificate. */
static bool apply_map(
    struct settings *settings, const struct option *option, const char *value, enum origin from, struct error *err)
{
    AUTO(list_clear) struct list domains = { 0 }, addresses = { 0 };

    if (from == ORIGIN_FILE && settings_own_origin(settings, offsetof(struct settings, domains)) > from)
        swap(&settings->domains, &domains);
    if (from == ORIGIN_FILE && settings_own_origin(settings, offsetof(struct settings, ip_addresses)) > from)
        swap(&settings->ip_addresses, &addresses);
    TRY(option->read(settings, option, value, err));
    add_missing(&settings->domains, &domains);
    add_missing(&settings->ip_addresses, &addresses);
    mark_map_names(settings, from);
    return true;
}

bool option_apply(
    struct settings *settings, const struct option *option, const char *value, enum origin from, struct error *err)
{
    if (option->type == OPTION_TEXT || option->type == OPTION_PATH || option->type == OPTION_COMMAND ||
        option->type == OPTION_CHOICE)
        TRY(apply_text(settings, option, value, err));
    else if (option_is_list(option))
        TRY(apply_list(settings, option, value, from, err));
    else if (option->at == offsetof(struct settings, webroot_map))
        TRY(apply_map(settings, option, value, from, err));
    else if (option->type == OPTION_SPECIAL)
        TRY(option->read == NULL || option->read(settings, option, value, err));
    else
        TRY(apply_value(settings, option, value, err));
    settings_mark(settings, option->at, from);
    return true;
}
