#include "ops/unit_text.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define BESIDE "schedule" /* beside our executable, in a build tree */
#define MARK "Written by `evercert schedule install`, which keeps it up to date unless it is edited: "
#define DIGITS 16
#define NAME_MAX_LEN 32
#define SAFE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+:,@"

/* ---- quoting ---- */

/* Each of `twice` stands for itself where it stands twice. */
static void put_systemd(struct buf *out, const char *text, const char *twice, bool quoted)
{
    for (; *text != '\0'; text++) {
        if (strchr(twice, *text) != NULL)
            buf_put_char(out, *text);
        else if (quoted && (*text == '"' || *text == '\\'))
            buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

static bool is_safe(const char *word)
{
    return word[0] != '\0' && word[strspn(word, SAFE)] == '\0';
}

static void put_quoted(struct buf *out, const char *word, const char *twice)
{
    buf_put_char(out, '"');
    put_systemd(out, word, twice, true);
    buf_put_char(out, '"');
}

static void put_xml(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            buf_put_text(out, "&amp;");
        else if (*text == '<')
            buf_put_text(out, "&lt;");
        else if (*text == '>')
            buf_put_text(out, "&gt;");
        else
            buf_put_char(out, *text);
    }
}

static void put_shell(struct buf *out, const char *word, bool cron)
{
    buf_put_char(out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            buf_put_text(out, "'\\'");
        else if (*word == '%' && cron) /* cron would make a line feed of it, also within quotes */
            buf_put_text(out, "'\\%'");
        if (*word != '%' || !cron)
            buf_put_char(out, *word);
    }
    buf_put_char(out, '\'');
}

static void put_word(struct buf *out, const char *word, enum quoting quoting)
{
    if (quoting == QUOTING_PLIST) {
        buf_putf(out, "%s\t\t<string>", out->len > 0 ? "\n" : "");
        put_xml(out, word);
        buf_put_text(out, "</string>");
        return;
    }
    if (out->len > 0)
        buf_put_char(out, ' ');
    if (is_safe(word))
        buf_put_text(out, word);
    else if (quoting == QUOTING_SYSTEMD)
        put_quoted(out, word, "%$"); /* a command knows variables */
    else
        put_shell(out, word, quoting == QUOTING_CRON);
}

char *unit_command(const struct list *words, enum quoting quoting)
{
    AUTO(buf_clear) struct buf out = BUF(UNIT_TEXT_MAX);

    for (size_t i = 0; i < words->len; i++)
        put_word(&out, words->at[i], quoting);
    return buf_take(&out);
}

char *unit_plain(const char *text, enum quoting quoting)
{
    AUTO(buf_clear) struct buf out = BUF(UNIT_TEXT_MAX);

    if (quoting == QUOTING_SYSTEMD)
        put_systemd(&out, text, "%", false);
    else if (quoting == QUOTING_PLIST)
        put_xml(&out, text);
    else
        buf_put_text(&out, text);
    return buf_take(&out);
}

char *unit_paths(const struct list *paths)
{
    AUTO(buf_clear) struct buf out = BUF(UNIT_TEXT_MAX);

    for (size_t i = 0; i < paths->len; i++) {
        AUTO(free) char *word = xprintf("-%s", paths->at[i]);

        if (i > 0)
            buf_put_char(&out, ' ');
        if (is_safe(word))
            buf_put_text(&out, word);
        else
            put_quoted(&out, word, "%");
    }
    return buf_take(&out);
}

/* ---- filling ---- */

char *unit_templates(const char *self)
{
    AUTO(free) char *dir = file_dirname(self), *beside = file_join(dir, BESIDE);

    return file_is_dir(beside) ? TAKE(beside) : xstrdup(EVERCERT_DATADIR "/" BESIDE);
}

static const char *value_of(const struct unit_value *values, struct view name)
{
    for (; values->name != NULL; values++)
        if (view_is(name, values->name))
            return values->value;
    return NULL;
}

/* A name between two @; false: this @ stands for itself. */
static bool take_name(struct view *rest, struct view *name)
{
    size_t len = 1;

    while (len < rest->len && len < NAME_MAX_LEN && rest->at[len] >= 'A' && rest->at[len] <= 'Z')
        len++;
    if (len == 1 || len == rest->len || rest->at[len] != '@')
        return false;
    *name = (struct view){ rest->at + 1, len - 1 };
    *rest = (struct view){ rest->at + len + 1, rest->len - len - 1 };
    return true;
}

/* *mark_at: where the mark belongs. */
static bool fill(struct view text, const struct unit_value *values, struct buf *out, size_t *mark_at, struct error *err)
{
    while (text.len > 0) {
        struct view name;

        if (text.at[0] != '@' || !take_name(&text, &name)) {
            buf_put_char(out, text.at[0]);
            text = (struct view){ text.at + 1, text.len - 1 };
            continue;
        }
        if (view_is(name, "MARK"))
            *mark_at = out->len;
        else if (value_of(values, name) != NULL)
            buf_put_text(out, value_of(values, name));
        else
            return error_set(err, ERROR_INTERNAL, "a template asks for @%.*s@", (int)name.len, name.at);
    }
    return true;
}

bool unit_text_fill(
    const char *dir, const char *name, const struct unit_value *values, struct buf *out, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name);
    AUTO(buf_clear) struct buf template = BUF(UNIT_TEXT_MAX), text = BUF(UNIT_TEXT_MAX);
    size_t mark_at = SIZE_MAX;

    TRY(file_read(path, &template, err));
    if (!fill(buf_view(&template), values, &text, &mark_at, err))
        return error_in(err, "%s", path);
    if (mark_at == SIZE_MAX) {
        buf_put(out, buf_view(&text));
    } else {
        buf_put(out, (struct view){ text.at, mark_at });
        buf_putf(out, MARK "%0*llx", DIGITS, (unsigned long long)view_hash(buf_view(&text), HASH_START));
        buf_put(out, (struct view){ text.at + mark_at, text.len - mark_at });
    }
    return (!text.failed && !out->failed) || error_set(err, ERROR_CONFIG, "%s becomes too long", path);
}

enum unit_mark unit_text_mark(struct view text)
{
    const char *at = text.len == 0 ? NULL : memmem(text.at, text.len, MARK, strlen(MARK));
    char digits[DIGITS + 1];
    uint64_t hash = HASH_START;
    size_t before, after;

    if (at == NULL)
        return UNIT_FOREIGN;
    before = (size_t)(at - text.at);
    after = before + strlen(MARK) + DIGITS;
    if (after > text.len)
        return UNIT_EDITED;
    hash = view_hash((struct view){ text.at, before }, hash);
    hash = view_hash((struct view){ text.at + after, text.len - after }, hash);
    (void)snprintf(digits, sizeof digits, "%0*llx", DIGITS, (unsigned long long)hash);
    return memcmp(digits, at + strlen(MARK), DIGITS) == 0 ? UNIT_OURS : UNIT_EDITED;
}
