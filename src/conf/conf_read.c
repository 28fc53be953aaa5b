/*
 * Reading of conf documents: one pass that splits the text into lines and enters their names.
 */
#include <string.h>

#include "base/mem.h"
#include "conf/conf_lines.h"

#define DEPTH_MAX 16 /* of sections */

struct reader {
    struct conf *conf;
    const char *name;
    struct view rest;
    unsigned number;  /* of the current line */
    uint32_t section; /* the section of the next pair */
    struct error *err;
};

static bool fail(const struct reader *reader, const char *why)
{
    return error_set(reader->err, ERROR_CONFIG, "error parsing %s, line %u: %s", reader->name, reader->number, why);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* The text of a line without the blanks in front. */
static struct view skip_blanks(struct view text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    return text;
}

/* Takes opening or closing brackets, with blanks between and behind them; returns how many. */
static unsigned take_brackets(struct view *text, char bracket)
{
    unsigned count = 0;

    while (text->len > 0 && text->at[0] == bracket) {
        count++;
        *text = skip_blanks((struct view){ text->at + 1, text->len - 1 });
    }
    return count;
}

/* "[[ name ]] # why": false when it is no section line (it may still be a pair). */
static bool scan_section(struct view line, struct view *name, unsigned *opened, unsigned *closed)
{
    *opened = take_brackets(&line, '[');
    if (line.len == 0 || line.at[0] == ']')
        return false;
    for (size_t i = 1; i < line.len; i++) {
        struct view rest = { line.at + i, line.len - i }, text;

        if (line.at[i] != ']')
            continue;
        text = view_trim((struct view){ line.at, i });
        if (is_quote(text.at[0]) && (text.len < 3 || text.at[text.len - 1] != text.at[0]))
            continue;
        *name = conf_unquote(text);
        *closed = take_brackets(&rest, ']');
        if (rest.len == 0 || rest.at[0] == '#')
            return true;
        i = (size_t)(rest.at - line.at) - 1; /* a later bracket of this row would end in the same place */
    }
    return false;
}

/* Enters a line's name, which must be new in its section. */
static bool enter(struct reader *reader, struct line *line, const char *twice)
{
    uint32_t *slot = lines_slot(reader->conf, lines_place(reader->conf, line), line->line_kind, line->key);

    if (*slot != NOWHERE)
        return fail(reader, twice);
    *slot = (uint32_t)(line - reader->conf->lines);
    return true;
}

static bool read_section(struct reader *reader, struct line *line, struct view name, unsigned depth)
{
    struct conf *conf = reader->conf;
    uint32_t parent = reader->section;

    if (depth > conf->sections[parent].depth + 1)
        return fail(reader, "section is nested more than one level deeper than the one before");
    if (depth > DEPTH_MAX)
        return fail(reader, "sections are nested too deep");
    while (conf->sections[parent].depth >= depth)
        parent = conf->sections[parent].parent;
    line->line_kind = LINE_SECTION;
    line->key = name;
    line->section = reader->section = lines_add_section(conf, name, parent);
    return enter(reader, line, "this section is there already");
}

/* Splits "key = value"; *value starts behind the equals sign and its blanks. */
static bool scan_key(struct view line, struct view *key, struct view *value)
{
    size_t i = 0;

    if (line.len > 0 && is_quote(line.at[0])) {
        struct view behind;

        do { /* the first closing quote that an equals sign follows */
            i++;
            while (i < line.len && line.at[i] != line.at[0])
                i++;
            if (i >= line.len)
                return false;
            behind = skip_blanks((struct view){ line.at + i + 1, line.len - i - 1 });
        } while (behind.len == 0 || behind.at[0] != '=');
        *key = (struct view){ line.at + 1, i - 1 };
        i = (size_t)(behind.at - line.at);
    } else {
        const char *equals = memchr(line.at, '=', line.len);

        if (equals == NULL || equals == line.at)
            return false;
        i = (size_t)(equals - line.at);
        *key = view_trim((struct view){ line.at, i });
    }
    *value = skip_blanks((struct view){ line.at + i + 1, line.len - i - 1 });
    return key->len > 0;
}

static bool starts_triple(struct view value)
{
    return value.len >= 3 && is_quote(value.at[0]) && value.at[1] == value.at[0] && value.at[2] == value.at[0];
}

const char *line_scan_pair(struct line *line, const char *end)
{
    struct view value;
    const char *line_end;
    size_t len;

    if (!scan_key(view_trim(line->raw), &line->key, &value))
        return "neither a section nor a key with a value";
    if (starts_triple(value))
        value.len = (size_t)(end - value.at);
    if (!conf_value_scan(value, &line->value_kind, &len))
        return starts_triple(value) ? "the value in triple quotes has no proper end"
                                    : "the value has quotes or commas out of place";
    line->line_kind = LINE_PAIR;
    line->value = (struct view){ value.at, len };
    if (line->value_kind == CONF_MULTILINE) {
        line_end = memchr(value.at + len, '\n', (size_t)(end - value.at) - len);
        line_end = line_end == NULL ? end : line_end + 1;
        line->raw.len = (size_t)(line_end - line->raw.at);
    }
    return NULL;
}

static bool read_pair(struct reader *reader, struct line *line)
{
    const char *wrong = line_scan_pair(line, reader->rest.at + reader->rest.len);

    if (wrong != NULL)
        return fail(reader, wrong);
    line->section = reader->section;
    TRY(enter(reader, line, "this key is there already"));
    for (size_t i = 0; line->value_kind == CONF_MULTILINE && i < line->value.len; i++)
        reader->number += line->value.at[i] == '\n';
    return true;
}

static bool read_line(struct reader *reader)
{
    const char *feed = memchr(reader->rest.at, '\n', reader->rest.len);
    struct line *line = lines_insert(reader->conf, reader->conf->count);
    struct view text, name;
    unsigned opened, closed;

    reader->number++;
    line->raw =
        (struct view){ reader->rest.at, feed == NULL ? reader->rest.len : (size_t)(feed + 1 - reader->rest.at) };
    text = view_trim(line->raw);
    if (text.len > 0 && text.at[0] == '[' && scan_section(text, &name, &opened, &closed)) {
        if (opened != closed)
            return fail(reader, "section does not close as often as it opens");
        TRY(read_section(reader, line, name, opened));
    } else if (text.len > 0 && text.at[0] != '#') {
        TRY(read_pair(reader, line));
    }
    reader->rest.at += line->raw.len;
    reader->rest.len -= line->raw.len;
    return true;
}

bool conf_read(struct view text, const char *name, struct conf **out, struct error *err)
{
    AUTO(conf_free) struct conf *conf = conf_new();
    struct reader reader = { .conf = conf, .name = name, .err = err };
    size_t lines = 1;

    if (text.len > CONF_MAX)
        return error_set(err, ERROR_CONFIG, "%s is larger than %d bytes", name, CONF_MAX);
    if (view_has(text, '\0'))
        return error_set(err, ERROR_CONFIG, "%s is not a text file: it holds a NUL byte", name);
    conf->text = xstrndup(text.len == 0 ? "" : text.at, text.len);
    conf->text_len = text.len;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    conf->size = lines + 8; /* room for what may be added */
    conf->lines = xrealloc(NULL, conf->size, sizeof *conf->lines);
    lines_make_slots(conf, lines);

    reader.rest = (struct view){ conf->text, text.len };
    if (view_starts(reader.rest, "\xef\xbb\xbf")) { /* a byte order mark stays where it is, unseen */
        conf->mark_len = 3;
        reader.rest = (struct view){ reader.rest.at + 3, reader.rest.len - 3 };
    }
    while (reader.rest.len > 0)
        TRY(read_line(&reader));
    *out = TAKE(conf);
    return true;
}
