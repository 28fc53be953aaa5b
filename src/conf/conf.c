/*
 * Questions to a conf document, and changes. Reading is in conf_read.c, finding in conf_lines.c.
 */
#include "conf/conf.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf_lines.h"

/* Interpolation of one value. */
#define EXPANSION_DEPTH 10   /* as ConfigObj; also ends a value that names itself */
#define EXPANSION_MAX 65536  /* bytes */
#define EXPANSION_STEPS 1000 /* names replaced, whatever their length */

bool conf_has_section(const struct conf *conf, const char *section)
{
    return lines_find_section(conf, section) != NOWHERE;
}

/* The line of a key, NULL when absent. */
static struct line *find_line(const struct conf *conf, const char *section, const char *key)
{
    uint32_t number = lines_find_section(conf, section);
    uint32_t line = number == NOWHERE ? NOWHERE : lines_find(conf, number, LINE_PAIR, view_of(key));

    return line == NOWHERE ? NULL : &conf->lines[line];
}

/* ---- interpolation ---- */

/* The line of a name that a value in section mentions: there, in its DEFAULT, then outwards. */
static const struct line *find_mentioned(const struct conf *conf, uint32_t section, struct view name)
{
    for (;;) {
        uint32_t line = lines_find(conf, section, LINE_PAIR, name);
        uint32_t inner = lines_find(conf, section, LINE_SECTION, view_of("DEFAULT"));

        if (line == NOWHERE && inner != NOWHERE)
            line = lines_find(conf, conf->lines[inner].section, LINE_PAIR, name);
        if (line != NOWHERE)
            return &conf->lines[line];
        if (section == 0)
            return NULL;
        section = conf->sections[section].parent;
    }
}

struct expansion {
    const struct conf *conf;
    struct buf out;
    int steps; /* "%(" seen so far: values may mention each other in ways that never end */
};

static void expansion_clear_at(struct expansion *expansion)
{
    buf_clear(&expansion->out);
}

/* Appends text with every %(name)s replaced. False when a name is missing, mentions itself or it gets too much. */
static bool expand(struct expansion *expansion, uint32_t section, struct view text, int depth)
{
    const char *start, *close;

    while (text.len > 0 && (start = memmem(text.at, text.len, "%(", 2)) != NULL) {
        AUTO(wipe_free) char *value = NULL; /* may be a secret */
        size_t before = (size_t)(start - text.at);
        const struct line *line;

        if (++expansion->steps > EXPANSION_STEPS)
            return false;
        close = memchr(start, ')', text.len - before);
        if (close == NULL || close + 1 == text.at + text.len || close[1] != 's') { /* just text */
            buf_put(&expansion->out, (struct view){ text.at, before + 2 });
            text = (struct view){ start + 2, text.len - before - 2 };
            continue;
        }
        line = find_mentioned(expansion->conf, section, (struct view){ start + 2, (size_t)(close - start) - 2 });
        if (line == NULL || line->value_kind == CONF_LIST || depth == EXPANSION_DEPTH)
            return false;
        buf_put(&expansion->out, (struct view){ text.at, before });
        value = conf_value_text(line->value, line->value_kind);
        TRY(expand(expansion, line->section, view_of(value), depth + 1));
        text = (struct view){ close + 2, text.len - before - (size_t)(close + 2 - start) };
    }
    buf_put(&expansion->out, text);
    return !expansion->out.failed;
}

/* Replaces *text by its interpolated form; leaves it when that cannot be. */
static void interpolate(const struct conf *conf, uint32_t section, char **text)
{
    AUTO(expansion_clear) struct expansion expansion = { .conf = conf, .out = BUF_SECRET(EXPANSION_MAX) };

    if (strstr(*text, "%(") != NULL && expand(&expansion, section, view_of(*text), 0))
        xreplace(text, buf_text(&expansion.out));
}

/* ---- questions ---- */

/* The texts of a line, interpolated. */
static void line_list(const struct conf *conf, const struct line *line, struct list *out)
{
    size_t first = out->len;

    conf_value_decode(line->value, line->value_kind, out);
    for (size_t i = first; i < out->len; i++)
        interpolate(conf, line->section, &out->at[i]);
}

const char *conf_get(const struct conf *conf, const char *section, const char *key)
{
    struct line *line = find_line(conf, section, key);

    if (line == NULL)
        return NULL;
    if (line->text == NULL && line->value_kind == CONF_LIST) {
        AUTO(list_clear) struct list list = { 0 };

        line_list(conf, line, &list);
        line->text = list_join(&list, ", ");
    } else if (line->text == NULL) {
        line->text = conf_value_text(line->value, line->value_kind);
        interpolate(conf, line->section, &line->text);
    }
    return line->text;
}

bool conf_get_list(const struct conf *conf, const char *section, const char *key, struct list *out)
{
    const struct line *line = find_line(conf, section, key);

    if (line == NULL)
        return false;
    line_list(conf, line, out);
    return true;
}

void conf_keys(const struct conf *conf, const char *section, struct list *out)
{
    uint32_t number = lines_find_section(conf, section);

    for (size_t i = 0; number != NOWHERE && i < conf->count; i++) {
        if (conf->lines[i].line_kind == LINE_PAIR && conf->lines[i].section == number)
            list_add_view(out, conf->lines[i].key);
    }
}

void conf_write(const struct conf *conf, struct buf *out)
{
    buf_put(out, (struct view){ conf->text, conf->mark_len });
    for (size_t i = 0; i < conf->count; i++) {
        struct view raw = conf->lines[i].raw;

        buf_put(out, raw);
        if (i + 1 < conf->count && (raw.len == 0 || raw.at[raw.len - 1] != '\n'))
            buf_put_char(out, '\n'); /* the last line of the file had none, and others came behind it */
    }
}

/* ---- changes ---- */

/* The line feed of this file: what its first line ends in. */
static const char *line_feed(const struct conf *conf)
{
    struct view raw = conf->lines != NULL && conf->count > 0 ? conf->lines[0].raw : (struct view){ "", 0 };

    return raw.len >= 2 && raw.at[raw.len - 2] == '\r' && raw.at[raw.len - 1] == '\n' ? "\r\n" : "\n";
}

/* Gives a line new bytes (which become its own) and finds key and value in them. */
static void line_set(struct line *line, struct buf *bytes)
{
    size_t len = bytes->len;
    char *own = buf_take(bytes);

    wipe_free(line->own);
    line->own = own;
    line->raw = (struct view){ own, len };
    (void)line_scan_pair(line, own + len);
}

static void put_key(struct buf *out, const char *key)
{
    bool quoted = key[0] == '\0' || strpbrk(key, "=#") != NULL || strchr("[\"' \t", key[0]) != NULL;

    buf_putf(out, quoted && strchr(key, '"') != NULL ? "'%s'" : quoted ? "\"%s\"" : "%s", key);
}

/* The end of a section's own lines: behind its last pair, else behind its header. */
static size_t end_of_pairs(const struct conf *conf, uint32_t section)
{
    size_t end = 0;

    for (size_t i = 0; i < conf->count; i++) {
        const struct line *line = &conf->lines[i];

        if (line->line_kind != LINE_OTHER && line->section == section)
            end = i + 1;
        else if (section == 0 && end == 0 && line->line_kind == LINE_SECTION)
            return i; /* the top has no pair yet: in front of the first section */
    }
    return section == 0 && end == 0 ? conf->count : end;
}

static bool is_within(const struct conf *conf, uint32_t section, uint32_t outer)
{
    while (section != outer && section != 0)
        section = conf->sections[section].parent;
    return section == outer;
}

/* The number of a section by its path; what is missing is made behind everything that its parent holds. */
static uint32_t need_section(struct conf *conf, const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    const char *slash = strrchr(path, '/');
    AUTO(free) char *outer = slash == NULL ? xstrdup("") : xstrndup(path, (size_t)(slash - path));
    uint32_t section = lines_find_section(conf, path), parent;
    size_t at = 0;
    struct line *line;

    if (section != NOWHERE)
        return section;
    parent = need_section(conf, outer);
    section = lines_add_section(conf, view_of(slash == NULL ? path : slash + 1), parent);
    conf->sections[section].own = view_dup(conf->sections[section].name);
    conf->sections[section].name.at = conf->sections[section].own;
    for (size_t i = 0; i < conf->count; i++) {
        if (parent == 0 || (conf->lines[i].line_kind != LINE_OTHER && is_within(conf, conf->lines[i].section, parent)))
            at = i + 1;
    }
    for (unsigned i = 0; i < conf->sections[section].depth; i++)
        buf_put_char(&text, '[');
    buf_put(&text, conf->sections[section].name);
    for (unsigned i = 0; i < conf->sections[section].depth; i++)
        buf_put_char(&text, ']');
    buf_put_text(&text, line_feed(conf));
    lines_forget(conf);
    line = lines_insert(conf, at);
    line_set(line, &text);
    *line = (struct line){ .raw = line->raw,
        .own = line->own,
        .line_kind = LINE_SECTION,
        .section = section,
        .key = conf->sections[section].name };
    return section;
}

/* A comment behind the value, with the line feed: what a change of the value leaves alone. */
static struct view tail_of(const struct line *line)
{
    const char *end = line->value.at + line->value.len;

    return (struct view){ end, (size_t)(line->raw.at + line->raw.len - end) };
}

static void set(struct conf *conf, const char *section, const char *key, const char *text, const struct list *texts)
{
    AUTO(buf_clear) struct buf bytes = BUF_SECRET(2 * CONF_MAX);
    struct line *line = find_line(conf, section, key);
    uint32_t number;

    if (line != NULL) {
        AUTO(list_clear) struct list old = { 0 };

        conf_value_decode(line->value, line->value_kind, &old);
        if ((line->value_kind == CONF_LIST) == (texts != NULL) &&
            (texts != NULL ? list_equal(&old, texts) : text_equal(old.at[0], text)))
            return; /* keeps the quotes and blanks that the file has */
        buf_put(&bytes, (struct view){ line->raw.at, (size_t)(line->value.at - line->raw.at) });
        if (line->value.at[-1] == '=')
            buf_put_char(&bytes, ' ');
    } else {
        put_key(&bytes, key);
        buf_put_text(&bytes, " = ");
    }
    if (texts != NULL)
        conf_value_write_list(&bytes, texts);
    else
        conf_value_write(&bytes, text);

    if (line != NULL) {
        buf_put(&bytes, tail_of(line));
        lines_forget(conf);
    } else {
        buf_put_text(&bytes, line_feed(conf));
        number = need_section(conf, section);
        lines_forget(conf);
        line = lines_insert(conf, end_of_pairs(conf, number));
        line->section = number;
    }
    line_set(line, &bytes);
}

void conf_set(struct conf *conf, const char *section, const char *key, const char *value)
{
    set(conf, section, key, value, NULL);
}

void conf_set_list(struct conf *conf, const char *section, const char *key, const struct list *values)
{
    set(conf, section, key, NULL, values);
}

void conf_remove(struct conf *conf, const char *section, const char *key)
{
    struct line *line = find_line(conf, section, key);

    if (line == NULL)
        return;
    lines_forget(conf);
    lines_remove(conf, (size_t)(line - conf->lines));
}

void conf_remove_section(struct conf *conf, const char *section)
{
    uint32_t number = lines_find_section(conf, section);
    size_t first = conf->count, last = 0;

    if (number == NOWHERE || number == 0)
        return;
    for (size_t i = 0; i < conf->count; i++) {
        if (conf->lines[i].line_kind != LINE_OTHER && is_within(conf, conf->lines[i].section, number)) {
            first = first == conf->count ? i : first;
            last = i;
        }
    }
    lines_forget(conf);
    for (size_t count = last + 1 - first; count > 0; count--)
        lines_remove(conf, first);
}
