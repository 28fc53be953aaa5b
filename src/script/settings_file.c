#include "script/settings_file.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define SAVED "SAVED_"
#define BASE64_START "__ACME_BASE64__START_"
#define BASE64_END "__ACME_BASE64__END_"
#define VALUE_MAX 65536

static struct view skip(struct view view, size_t len)
{
    return (struct view){ view.at + len, view.len - len };
}

/* A shell's variable. */
static bool is_key(struct view key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.at[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return key.len > 0;
}

/* Takes quotes away that stand around all of it. */
static bool unquote(struct view *value)
{
    char quote = value->len > 0 ? value->at[0] : '\0';

    if (quote != '\'' && quote != '"')
        return true;
    if (value->len < 2 || value->at[value->len - 1] != quote)
        return false;
    *value = (struct view){ value->at + 1, value->len - 2 };
    return true;
}

/* The value in the clear; of the caller's, to be wiped. NULL: broken base64. */
static char *decode(struct view value)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(VALUE_MAX);
    size_t marks = strlen(BASE64_START) + strlen(BASE64_END);

    if (!view_starts(value, BASE64_START) || value.len < marks ||
        memcmp(value.at + value.len - strlen(BASE64_END), BASE64_END, strlen(BASE64_END)) != 0)
        return view_dup(value);
    value = (struct view){ value.at + strlen(BASE64_START), value.len - marks };
    if (!buf_put_unbase64(&out, value) || view_has(buf_view(&out), '\0'))
        return NULL;
    return view_dup(buf_view(&out));
}

/* ---- what is in the list ---- */

static void wipe_at(struct list *list, size_t index)
{
    wipe(list->at[index], strlen(list->at[index]));
    list_remove(list, index);
}

static size_t find(const struct list *env, struct view key)
{
    size_t i = 0;

    while (i < env->len &&
           !(strlen(env->at[i]) > key.len && memcmp(env->at[i], key.at, key.len) == 0 && env->at[i][key.len] == '='))
        i++;
    return i;
}

static void set(struct script_settings *settings, struct view key, const char *value, bool yields)
{
    size_t there = find(&settings->env, key);
    char *entry;

    secrets_add(&settings->secrets, value);
    if (there < settings->env.len) {
        if (yields)
            return;
        wipe_at(&settings->env, there);
    }
    entry = xprintf("%.*s=%s", (int)key.len, key.at, value);
    list_add(&settings->env, entry);
    wipe_free(entry);
}

/* ---- lines ---- */

enum line_kind { LINE_EMPTY, LINE_SETTING, LINE_BROKEN };

static enum line_kind cut_line(struct view line, struct view *key, struct view *value)
{
    line = view_trim(line);
    if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
        return LINE_EMPTY;
    if (view_starts(line, "export "))
        line = view_trim(skip(line, strlen("export ")));
    if (!view_has(line, '=') || !view_cut(&line, '=', key))
        return LINE_BROKEN;
    *key = view_trim(*key);
    *value = view_trim(line);
    return is_key(*key) && unquote(value) && !view_has(*value, '\0') && value->len < VALUE_MAX ? LINE_SETTING
                                                                                               : LINE_BROKEN;
}

/* Only keys without SAVED_ in the first turn: these count more. */
static bool read_line(struct script_settings *settings, struct view line, bool saved)
{
    AUTO(wipe_free) char *clear = NULL;
    struct view key, value;
    enum line_kind kind = cut_line(line, &key, &value);
    bool is_saved;

    if (kind != LINE_SETTING)
        return kind == LINE_EMPTY;
    is_saved = view_starts(key, SAVED) && is_key(skip(key, strlen(SAVED)));
    clear = decode(value);
    if (clear == NULL)
        return false;
    if (is_saved == saved)
        set(settings, saved ? skip(key, strlen(SAVED)) : key, clear, saved);
    return true;
}

static bool read_lines(struct script_settings *settings, struct view text, bool saved, size_t *number)
{
    struct view line;

    *number = 0;
    while (view_cut(&text, '\n', &line)) {
        ++*number;
        if (*number > SETTINGS_FILE_MAX_LINES || !read_line(settings, line, saved))
            return false;
    }
    return true;
}

bool script_settings_read(struct view text, const char *path, struct script_settings *out, struct error *err)
{
    AUTO(script_settings_clear) struct script_settings settings = { 0 };
    size_t number;

    if (!read_lines(&settings, text, false, &number) || !read_lines(&settings, text, true, &number)) {
        (void)error_set(err, ERROR_PLUGIN, "%s, line %zu: %s", path, number,
            number > SETTINGS_FILE_MAX_LINES ? "too many lines" : "not of the form KEY=VALUE");
        return error_next(err, "write each setting that the script needs in a line of its own: KEY=VALUE");
    }
    *out = settings;
    settings = (struct script_settings){ 0 };
    return true;
}

void script_settings_add_secrets(struct script_settings *settings, struct view text)
{
    struct view line, key, value;

    for (size_t n = 0; n < SETTINGS_FILE_MAX_LINES && view_cut(&text, '\n', &line); n++)
        if (cut_line(line, &key, &value) == LINE_SETTING) {
            char *clear = decode(value);

            if (clear != NULL)
                secrets_add(&settings->secrets, clear);
            wipe_free(clear);
        }
}

void script_settings_clear(struct script_settings *settings)
{
    while (settings->env.len > 0)
        wipe_at(&settings->env, settings->env.len - 1);
    list_clear(&settings->env);
    secrets_clear(&settings->secrets);
}
