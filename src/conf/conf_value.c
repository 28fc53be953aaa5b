#include "conf/conf_value.h"

#include <string.h>

#include "base/mem.h"
#include "conf/conf.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static size_t skip_blanks(struct view text, size_t i)
{
    while (i < text.len && is_blank(text.at[i]))
        i++;
    return i;
}

/* The end of text[start..end) without the blanks there. */
static size_t trim_end(struct view text, size_t start, size_t end)
{
    while (end > start && is_blank(text.at[end - 1]))
        end--;
    return end;
}

struct view conf_unquote(struct view text)
{
    if (text.len >= 2 && is_quote(text.at[0]) && text.at[text.len - 1] == text.at[0])
        return (struct view){ text.at + 1, text.len - 2 };
    return text;
}

/*
 * Scans one element at i: *end is behind it (and its quotes). A closing quote is the first one followed by a comma, a
 * comment or the end: ConfigObj accepts `"sh -c "x""`.
 */
static bool scan_element(struct view text, size_t i, size_t *end)
{
    size_t start = i;

    if (i == text.len || text.at[i] == ',' || text.at[i] == '#')
        return false;
    if (!is_quote(text.at[i])) {
        while (i < text.len && text.at[i] != ',' && text.at[i] != '#')
            i++;
        *end = trim_end(text, start, i);
        return true;
    }
    for (i++; i < text.len; i++) {
        if (text.at[i] == text.at[start]) {
            size_t next = skip_blanks(text, i + 1);

            if (next == text.len || text.at[next] == ',' || text.at[next] == '#') {
                *end = i + 1;
                return true;
            }
        }
    }
    return false;
}

/* Triple quotes: on the first line that has such again, those count that nothing but a comment follows. */
static bool scan_multiline(struct view text, size_t *len)
{
    const char *close = memmem(text.at + 3, text.len - 3, text.at, 3);
    size_t i = close == NULL ? text.len : (size_t)(close - text.at);

    for (; i + 3 <= text.len && text.at[i] != '\n'; i++) {
        size_t next = i + 3;

        if (memcmp(text.at + i, text.at, 3) != 0)
            continue;
        while (next < text.len && is_blank(text.at[next]) && text.at[next] != '\n')
            next++;
        if (next == text.len || text.at[next] == '#' || text.at[next] == '\n') {
            *len = i + 3;
            return true;
        }
    }
    return false;
}

bool conf_value_scan(struct view text, enum conf_kind *kind, size_t *len)
{
    bool is_list = false;
    size_t i = 0, end = 0;

    if (text.len >= 3 && is_quote(text.at[0]) && text.at[1] == text.at[0] && text.at[2] == text.at[0]) {
        *kind = CONF_MULTILINE;
        return scan_multiline(text, len);
    }
    if (text.len > 0 && text.at[0] == ',') { /* the empty list, alone */
        *kind = CONF_LIST;
        *len = 1;
        i = skip_blanks(text, 1);
        return i == text.len || text.at[i] == '#';
    }
    while (i < text.len && text.at[i] != '#') {
        if (!scan_element(text, i, &end))
            return false;
        i = skip_blanks(text, end);
        if (i == text.len || text.at[i] == '#')
            break;
        is_list = true; /* only a comma is left */
        end = i + 1;
        i = skip_blanks(text, end);
    }
    *kind = is_list ? CONF_LIST : CONF_SCALAR;
    *len = end;
    return true;
}

char *conf_value_text(struct view value, enum conf_kind kind)
{
    char *text;
    size_t len = 0;

    if (kind != CONF_MULTILINE)
        return view_dup(conf_unquote(value));
    text = xstrndup(value.at + 3, value.len - 6);
    for (size_t i = 0; i < value.len - 6; i++) { /* line ends are line feeds, whatever the file has */
        if (text[i] != '\r' || text[i + 1] != '\n')
            text[len++] = text[i];
    }
    text[len] = '\0';
    return text;
}

void conf_value_decode(struct view value, enum conf_kind kind, struct list *out)
{
    size_t i = 0, end;

    if (kind != CONF_LIST) {
        AUTO(free) char *text = conf_value_text(value, kind);

        list_add(out, text);
        return;
    }
    while (i < value.len && scan_element(value, i, &end)) {
        list_add_view(out, conf_unquote((struct view){ value.at + i, end - i }));
        i = skip_blanks(value, end);
        i = skip_blanks(value, i < value.len ? i + 1 : i); /* the comma */
    }
}

/* ---- writing ---- */

/* True when text at the ends needs no quotes. */
static bool ends_are_plain(const char *text)
{
    char first = text[0], last = text[strlen(text) - 1];

    return !is_blank(first) && !is_quote(first) && !is_blank(last) && !is_quote(last);
}

static void put_in(struct buf *out, const char *quotes, const char *text)
{
    buf_put_text(out, quotes);
    buf_put_text(out, text);
    buf_put_text(out, quotes);
}

static void write_text(struct buf *out, const char *text, bool in_list)
{
    bool has_single = strchr(text, '\'') != NULL, has_double = strchr(text, '"') != NULL;
    bool has_line = strchr(text, '\n') != NULL;
    size_t len = strlen(text);

    if (len == 0)
        buf_put_text(out, "\"\"");
    else if (!in_list && (has_line || (has_single && has_double)))
        put_in(out, strstr(text, "'''") == NULL && text[len - 1] != '\'' ? "'''" : "\"\"\"", text);
    else if (ends_are_plain(text) && strpbrk(text, ",#") == NULL)
        buf_put_text(out, text);
    else
        put_in(out, has_double ? "'" : "\"", text);
}

void conf_value_write(struct buf *out, const char *text)
{
    write_text(out, text, false);
}

void conf_value_write_list(struct buf *out, const struct list *texts)
{
    if (texts->len == 0)
        buf_put_char(out, ',');
    for (size_t i = 0; i < texts->len; i++) {
        write_text(out, texts->at[i], true);
        if (i + 1 < texts->len)
            buf_put_text(out, ", ");
        else if (i == 0)
            buf_put_char(out, ',');
    }
}

bool conf_can_hold(const char *text, bool in_list)
{
    AUTO(buf_clear) struct buf written = BUF(strlen(text) + 8);
    AUTO(list_clear) struct list read = { 0 };
    enum conf_kind kind;
    size_t len;

    if (strstr(text, "'''") != NULL && strstr(text, "\"\"\"") != NULL)
        return false; /* could be read, but Certbot refuses to write it again */
    write_text(&written, text, in_list);
    if (in_list)
        buf_put_char(&written, ',');
    if (written.failed || (in_list && strpbrk(text, "\n") != NULL) ||
        !conf_value_scan(buf_view(&written), &kind, &len) || len != written.len || (kind == CONF_LIST) != in_list)
        return false;
    conf_value_decode(buf_view(&written), kind, &read);
    return read.len == 1 && strcmp(read.at[0], text) == 0;
}
