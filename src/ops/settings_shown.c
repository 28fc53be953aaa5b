#include "ops/settings_shown.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"

#define SECRET "(secret)"
#define COLUMN 44 /* where the origin of a value begins */

/* ---- one value ---- */

/* A member that is true or false, in the terms of this row: --no-reuse-key is true where reuse-key is off. */
static bool flag_of(const struct option *option, bool member)
{
    return member == (option->type == OPTION_FLAG);
}

char *option_text(const struct settings *settings, const struct option *option)
{
    const void *member = (const char *)settings + option->at;
    enum tristate state;

    if (option->at == OPTION_NO_MEMBER)
        return NULL;
    switch (option->type) {
    case OPTION_FLAG:
    case OPTION_UNSET:
        return xstrdup(flag_of(option, *(const bool *)member) ? "true" : "false");
    case OPTION_YES:
    case OPTION_NO:
        state = *(const enum tristate *)member;
        return state == UNDECIDED ? NULL : xstrdup((state == YES) == (option->type == OPTION_YES) ? "true" : "false");
    case OPTION_COUNTER:
    case OPTION_NUMBER:
        return xprintf("%d", *(const int *)member);
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_COMMAND:
    case OPTION_CHOICE:
        return xstrdup_or_null(*(char *const *)member);
    case OPTION_LIST:
    case OPTION_REPEAT:
    case OPTION_PLUGIN:
    case OPTION_SPECIAL:
        break;
    }
    return option_is_list(option) ? list_join(member, ",") : NULL;
}

/* ---- all ---- */

struct shown { /* one setting, about to be shown */
    const char *name;
    char *value; /* owned; NULL: none */
    enum origin origin;
    const char *file; /* NULL: not known */
    unsigned line;
};

static void shown_clear_at(struct shown *shown)
{
    wipe_free(shown->value);
}

/* False for rows that have nothing to show: a second name of a member, what is only for a moment, what is hidden. */
static bool shown_of(const struct settings *settings, const struct option *option, struct shown *out)
{
    *out = (struct shown){ .name = option->names[0], .origin = settings_own_origin(settings, option->at) };
    if (option->at == OPTION_NO_MEMBER || option_owner(option) != option ||
        (option->topic == TOPIC_HIDDEN && out->origin == ORIGIN_DEFAULT))
        return false;
    out->value = option_text(settings, option);
    if (out->value == NULL && option->type == OPTION_SPECIAL)
        return false;
    if (option->secret && text_is_given(out->value)) {
        wipe_free(out->value);
        out->value = xstrdup(SECRET);
    }
    out->file = settings_place(settings, option->at, &out->line);
    return true;
}

static char *origin_text(const struct shown *shown)
{
    switch (shown->origin) {
    case ORIGIN_DEFAULT:
        return xstrdup("default");
    case ORIGIN_FILE:
        return shown->file == NULL ? xstrdup("a file") : xprintf("%s, line %u", shown->file, shown->line);
    case ORIGIN_COMMAND_LINE:
        return xstrdup("command line");
    case ORIGIN_RENEWAL:
    case ORIGIN_RUNTIME:
        break;
    }
    return xstrdup("follows from others");
}

static void put(const struct shown *shown, struct buf *text)
{
    AUTO(free) char *origin = origin_text(shown);
    AUTO(free) char *line = xprintf("%s = %s", shown->name, shown->value == NULL ? "" : shown->value);

    buf_putf(text, "  %-*s  # %s\n", COLUMN, line, origin);
}

/* Those that are set, or those that are not. */
static void put_some(const struct settings *settings, bool set, struct buf *text)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        AUTO(shown_clear) struct shown shown;

        if (shown_of(settings, option, &shown) && (shown.origin != ORIGIN_DEFAULT) == set)
            put(&shown, text);
    }
}

/* Options of plugins that the table does not know may be secret: their values are not shown. */
static void put_plugin_options(const struct settings *settings, struct buf *text)
{
    for (size_t i = 0; i < settings->plugin_options.len; i++) {
        const struct plugin_option *option = &settings->plugin_options.at[i];
        AUTO(free) char *name = xstrdup(option->key);

        for (char *c = name; *c != '\0'; c++)
            *c = *c == '_' ? '-' : *c;
        put(&(struct shown){ .name = name, .value = (char[]){ SECRET }, .origin = option->origin }, text);
    }
}

void settings_show(const struct settings *settings, struct buf *text)
{
    buf_put_text(text, "Set:\n");
    put_some(settings, true, text);
    put_plugin_options(settings, text);
    buf_put_text(text, "Not set:\n");
    put_some(settings, false, text);
}

static const char *origin_name(enum origin origin)
{
    static const char *const names[] = {
        [ORIGIN_DEFAULT] = "default",
        [ORIGIN_RENEWAL] = "renewal-file",
        [ORIGIN_FILE] = "file",
        [ORIGIN_COMMAND_LINE] = "command-line",
        [ORIGIN_RUNTIME] = "derived",
    };

    return names[origin];
}

void settings_out(const struct settings *settings, struct out *out)
{
    out_array(out, "settings");
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        AUTO(shown_clear) struct shown shown;

        if (!shown_of(settings, option, &shown))
            continue;
        out_object(out, NULL);
        out_text(out, "name", shown.name);
        out_text(out, "value", shown.value);
        out_text(out, "origin", origin_name(shown.origin));
        out_text(out, "file", shown.file);
        if (shown.file != NULL)
            out_number(out, "line", shown.line);
        else
            out_null(out, "line");
        out_end(out);
    }
    out_end(out);
}
