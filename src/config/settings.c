/*
 * Making, copying and freeing settings, all by the table; origins.
 */
#include "config/settings.h"

#include <pthread.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"
#include "config/plugin_options.h"

/* ---- what kind of member a row has ---- */

enum member_kind { MEMBER_NONE, MEMBER_STRING, MEMBER_LIST, MEMBER_VALUE };

static enum member_kind member_kind(const struct option *option)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_COMMAND:
    case OPTION_CHOICE:
        return MEMBER_STRING;
    case OPTION_LIST:
    case OPTION_REPEAT:
    case OPTION_PLUGIN:
        return MEMBER_LIST;
    case OPTION_SPECIAL:
        return option_is_list(option) ? MEMBER_LIST : MEMBER_NONE;
    case OPTION_FLAG:
    case OPTION_UNSET:
    case OPTION_YES:
    case OPTION_NO:
    case OPTION_COUNTER:
    case OPTION_NUMBER:
        return MEMBER_VALUE;
    }
    return MEMBER_NONE;
}

/* The kind of memory that the row's member owns: none where it is a second option for the same member. */
static enum member_kind owned_kind(const struct option *option)
{
    enum member_kind kind = member_kind(option);

    return kind == MEMBER_VALUE || option_owner(option) != option ? MEMBER_NONE : kind;
}

/* ---- defaults ---- */

static void *member_of(const struct settings *settings, const struct option *option)
{
    return (char *)settings + option->at;
}

void option_reset(struct settings *settings, const struct option *option)
{
    const struct option *row = option_owner(option);
    void *member = row->at == OPTION_NO_MEMBER ? NULL : member_of(settings, row);
    const char *fallback =
        settings->voice->has_certbot_defaults && row->certbot_fallback != NULL ? row->certbot_fallback : row->fallback;

    if (member == NULL)
        return;
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)member = false;
        break;
    case OPTION_UNSET:
        *(bool *)member = true;
        break;
    case OPTION_YES:
    case OPTION_NO:
        *(enum tristate *)member = UNDECIDED;
        break;
    case OPTION_COUNTER:
        *(int *)member = 0;
        break;
    case OPTION_NUMBER:
        *(int *)member = fallback == NULL ? 0 : (int)strtol(fallback, NULL, 10);
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_COMMAND:
    case OPTION_CHOICE:
        xreplace(member, fallback);
        break;
    case OPTION_LIST:
    case OPTION_REPEAT:
    case OPTION_PLUGIN:
        list_clear(member);
        break;
    case OPTION_SPECIAL:
        break;
    }
}

/* ---- life ---- */

struct settings *settings_new(const struct voice *voice)
{
    struct settings *settings = xcalloc(1, sizeof *settings);

    settings->voice = voice != NULL ? voice : &voice_own;
    settings->verbose_level = -1;
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option_owner(option) == option)
            option_reset(settings, option);
    }
    return settings;
}

struct settings *settings_dup(const struct settings *settings)
{
    struct settings *copy = xcalloc(1, sizeof *copy);

    *copy = *settings;
    for (size_t i = 0; options[i].names[0] != NULL; i++) {
        enum member_kind kind = owned_kind(&options[i]);

        if (kind == MEMBER_STRING) {
            char **text = member_of(copy, &options[i]);

            *text = xstrdup_or_null(*text);
        } else if (kind == MEMBER_LIST) {
            struct list *list = member_of(copy, &options[i]);

            *list = list_dup(list);
        }
    }
    copy->webroot_map.names = list_dup(&settings->webroot_map.names);
    copy->webroot_map.roots = list_dup(&settings->webroot_map.roots);
    copy->plugin_options = plugin_options_dup(&settings->plugin_options);
    copy->operands = list_dup(&settings->operands);
    copy->cert_names = list_dup(&settings->cert_names);
    copy->files = list_dup(&settings->files);
    return copy;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; options[i].names[0] != NULL; i++) {
        enum member_kind kind = owned_kind(&options[i]);

        if (kind == MEMBER_STRING)
            wipe_free(*(char **)member_of(settings, &options[i])); /* --eab-hmac-key is among them */
        else if (kind == MEMBER_LIST)
            list_clear(member_of(settings, &options[i]));
    }
    list_clear(&settings->webroot_map.names);
    list_clear(&settings->webroot_map.roots);
    plugin_options_clear(&settings->plugin_options);
    list_clear(&settings->operands);
    list_clear(&settings->cert_names);
    list_clear(&settings->files);
    free(settings);
}

/* ---- origins ---- */

/* Number of the first row for each member, plus one; filled once. */
static unsigned char first_rows[sizeof(struct settings)];

static void fill_first_rows(void)
{
    for (size_t i = 0; options[i].names[0] != NULL; i++) {
        if (options[i].at < sizeof first_rows && first_rows[options[i].at] == 0)
            first_rows[options[i].at] = (unsigned char)(i + 1);
    }
}

static size_t first_row(size_t offset)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, fill_first_rows);
    return offset < sizeof first_rows ? first_rows[offset] : 0; /* 0: no option has this member */
}

const struct option *option_owner(const struct option *option)
{
    size_t row = first_row(option->at);

    return row == 0 ? option : &options[row - 1];
}

enum origin settings_own_origin(const struct settings *settings, size_t offset)
{
    return (enum origin)settings->origin[first_row(offset)];
}

static enum origin later(enum origin a, enum origin b)
{
    return a > b ? a : b;
}

enum origin settings_origin(const struct settings *settings, size_t offset)
{
    enum origin own = settings_own_origin(settings, offset);

    if (offset == offsetof(struct settings, account))
        return later(own, SETTING_ORIGIN(settings, server));
    if (offset == offsetof(struct settings, server))
        return later(own, later(settings_own_origin(settings, offsetof(struct settings, dry_run)),
                              settings_own_origin(settings, offsetof(struct settings, staging))));
    if (offset == offsetof(struct settings, webroot_map))
        return later(own, settings_own_origin(settings, offsetof(struct settings, webroot_path)));
    return own;
}

void settings_mark(struct settings *settings, size_t offset, enum origin origin)
{
    size_t row = first_row(offset);

    if (row == 0)
        return;
    settings->origin[row] = (unsigned char)origin;
    settings->line[row] = origin == ORIGIN_FILE ? settings->reading : 0;
    settings->file[row] = (unsigned char)settings->files.len;
}

const char *settings_place(const struct settings *settings, size_t offset, unsigned *line)
{
    size_t row = first_row(offset);

    if (settings->origin[row] != ORIGIN_FILE || settings->line[row] == 0)
        return NULL;
    *line = settings->line[row];
    return settings->files.at[settings->file[row] - 1];
}

int settings_terminal_level(const struct settings *settings)
{
    if (settings->quiet)
        return 40;
    if (settings->verbose_level >= 0)
        return 30 - 10 * settings->verbose_level;
    return settings->verbose >= 2 ? 10 : settings->verbose == 1 ? 20 : 30;
}
