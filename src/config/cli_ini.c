#include "config/cli_ini.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/option_apply.h"
#include "config/option_find.h"
#include "config/option_read.h"
#include "config/plugin_options.h"

#define CLI_INI_MAX (1024 * 1024)

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* True when nothing follows but blanks, or a comment with a blank in front. */
static bool is_end(struct view text)
{
    struct view rest = view_trim(text);

    return rest.len == 0 || ((rest.at[0] == '#' || rest.at[0] == ';') && rest.at > text.at);
}

/* The value without comment and quotes. */
static struct view cut_value(struct view text)
{
    if (text.len > 0 && (text.at[0] == '"' || text.at[0] == '\'')) {
        for (size_t i = 1; i < text.len; i++) {
            if (text.at[i] == text.at[0] && is_end((struct view){ text.at + i + 1, text.len - i - 1 }))
                return (struct view){ text.at + 1, i - 1 };
        }
    }
    for (size_t i = 0; i < text.len; i++) {
        if (is_blank(text.at[i]) && is_end((struct view){ text.at + i, text.len - i }))
            return (struct view){ text.at, i };
    }
    return text;
}

bool cli_ini_is_pair(struct view line)
{
    struct view text = view_trim(line);

    return text.len > 0 && strchr("#;[", text.at[0]) == NULL && !view_starts(text, "---");
}

bool cli_ini_split(struct view line, struct view *key, struct view *value)
{
    size_t end = 0;
    bool has_sign;

    while (end < line.len && !is_blank(line.at[end]) && strchr(":=;#", line.at[end]) == NULL)
        end++;
    *key = (struct view){ line.at, end };
    *value = view_of("true");
    if (end == 0 || (end < line.len && (line.at[end] == ';' || line.at[end] == '#')))
        return false;
    if (is_end((struct view){ line.at + end, line.len - end }))
        return true;
    while (end < line.len && is_blank(line.at[end]))
        end++;
    has_sign = line.at[end] == '=' || line.at[end] == ':';
    end += has_sign;
    /* A comment needs a blank in front: the sign's own blanks count, too. */
    if (is_end((struct view){ line.at + end, line.len - end })) {
        *value = (struct view){ "", 0 };
        return true;
    }
    while (end < line.len && is_blank(line.at[end]))
        end++;
    *value = cut_value((struct view){ line.at + end, line.len - end });
    return true;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(text, *words) == 0)
            return true;
    }
    return false;
}

/* "false" for a flag: it gets its default, and counts as set. */
static void apply_false(struct settings *settings, const struct option *option)
{
    struct list *flags = &settings->plugin_flags;

    for (size_t i = 0; option->type == OPTION_PLUGIN && i < flags->len; i++) {
        if (strcmp(flags->at[i], option->names[0]) == 0 && SETTING_ORIGIN(settings, plugin_flags) <= ORIGIN_FILE)
            list_remove(flags, i--);
    }
    if (option->type != OPTION_PLUGIN)
        option_reset(settings, option);
    settings_mark(settings, option->at, ORIGIN_FILE);
}

static bool is_truth(const char *value)
{
    static const char *const truths[] = { "true", "yes", "on", "1", NULL };

    return is_one_of(value, truths);
}

static bool apply_flag(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    static const char *const untruths[] = { "false", "no", "off", "0", NULL };
    uint64_t count;

    if (option->type == OPTION_COUNTER)
        option_reset(settings, option);
    if (is_truth(value))
        return option_apply(settings, option, NULL, ORIGIN_FILE, err);
    if (is_one_of(value, untruths)) {
        if (option->at != OPTION_NO_MEMBER)
            apply_false(settings, option);
        return true;
    }
    if (option->type != OPTION_COUNTER || !view_to_number(view_of(value), 0, 100, &count))
        return error_set(err, ERROR_USAGE,
            "Unexpected value for %s: '%s'. Expecting 'true', 'false', 'yes', 'no', 'on', "
            "'off', '1' or '0'",
            option->names[0], value);
    while (count-- > 0)
        TRY(option_apply(settings, option, NULL, ORIGIN_FILE, err));
    return true;
}

const struct option *cli_ini_option(struct view *key, struct error *err)
{
    while (key->len > 0 && key->at[0] == '-') /* "-d" is no short option here, but a long name with dashes */
        *key = (struct view){ key->at + 1, key->len - 1 };
    return option_resolve(*key, err);
}

static bool apply_line(struct settings *settings, struct view key, const char *value, struct error *err)
{
    struct error ambiguous = { 0 };
    const struct option *option;
    const char *near;
    bool is_plugins = false;

    option = cli_ini_option(&key, &ambiguous);
    if (option == NULL && ambiguous.kind != ERROR_NONE) {
        *err = ambiguous;
        return false;
    }
    if (option == NULL && is_truth(value))
        plugin_flag_give(settings, key, ORIGIN_FILE, &is_plugins);
    if (option == NULL && !is_plugins)
        TRY(plugin_option_give(settings, key, value, ORIGIN_FILE, &is_plugins, err));
    if (is_plugins)
        return true;
    if (option != NULL && option->type == OPTION_SPECIAL && option->read == NULL) /* --help, --version */
        return option_fail(option, err, "ignored explicit argument '%s'", value);
    if (option == NULL) {
        (void)error_set(err, ERROR_USAGE, "unrecognized arguments: --%.*s=%s", (int)key.len, key.at, value);
        near = option_suggest(key);
        return near == NULL ? false : error_next(err, "did you mean %s?", near);
    }
    if (option->at == offsetof(struct settings, config_files) ||
        (option->type != OPTION_PLUGIN && settings_own_origin(settings, option->at) > ORIGIN_FILE))
        return true;
    if (!option_takes_value(option))
        return apply_flag(settings, option, value, err);
    if (value[0] == '[' && text_ends(value, "]"))
        return error_set(err, ERROR_USAGE, "%s can't be set to a list %s; write the values with commas between them",
            option->names[0], value);
    return option_apply(settings, option, value, ORIGIN_FILE, err);
}

static bool read_line(struct settings *settings, struct view line, const char *path, struct error *err)
{
    AUTO(free) char *value_text = NULL;
    struct view key, value;
    unsigned number = settings->reading;

    if (!cli_ini_split(line, &key, &value))
        return error_set(err, ERROR_USAGE, "Unexpected line %u in %s: %.*s", number, path, (int)line.len, line.at);
    value_text = view_dup(value);
    if (apply_line(settings, key, value_text, err))
        return true;
    (void)error_in(err, "%s, line %u", path, number);
    return error_next_default(err, "see line %u of %s", number, path);
}

bool cli_ini_read(struct view text, const char *path, struct settings *settings, struct error *err)
{
    struct view rest = text, line;
    unsigned number = 0;
    bool ok = true;

    if (text.len > CLI_INI_MAX || view_has(text, '\0'))
        return error_set(err, ERROR_USAGE, "Unable to open config file: %s. Error: not a text file", path);
    list_add(&settings->files, path);
    while (view_cut(&rest, '\n', &line)) {
        struct error later = { 0 }; /* the first one counts */

        number++;
        if (!cli_ini_is_pair(line))
            continue;
        settings->reading = number;
        ok = read_line(settings, view_trim(line), path, ok ? err : &later) && ok;
    }
    settings->reading = 0;
    return ok;
}

/* ---- where the files are ---- */

#define PASSWD_SIZE ((size_t)16 * 1024)

/* NULL when unknown: services often run without HOME. */
static char *home_dir(void)
{
    const char *home = getenv("HOME");
    struct passwd entry, *user = NULL;
    AUTO(free) char *memory = NULL;

    if (home == NULL) {
        memory = xcalloc(1, PASSWD_SIZE);
        if (getpwuid_r(getuid(), &entry, memory, PASSWD_SIZE, &user) == 0 && user != NULL)
            home = user->pw_dir;
    }
    return text_is_given(home) ? xstrdup(home) : NULL;
}

char *cli_ini_of_user(void)
{
    static const char below_home[] = "~/";
    const char *config = getenv("XDG_CONFIG_HOME");
    AUTO(free) char *home = NULL, *dir = NULL;

    if (!text_is_given(config))
        config = "~/.config";
    if (!text_starts(config, below_home)) /* which no shell has read: in a file of a service manager's, say */
        return file_join(config, "letsencrypt/cli.ini");
    home = home_dir();
    if (home == NULL)
        return NULL;
    dir = file_join(home, config + strlen(below_home));
    return file_join(dir, "letsencrypt/cli.ini");
}
