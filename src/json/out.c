/*
 * JSON writing: puts commas, blanks and escapes where they belong while the text grows.
 *
 * Knows where in the document it stands; keeps nothing of what it wrote.
 */
#include "json/out.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"

struct out out_to(struct buf *to)
{
    return (struct out){ .to = to };
}

struct out out_pretty_to(struct buf *to)
{
    return (struct out){ .to = to, .pretty = true };
}

/* ---- strings ---- */

/* Length in bytes of the UTF-8 character at text (RFC 3629 section 4), 0 when it is malformed. */
static size_t character_len(const unsigned char *at, size_t left)
{
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t len;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f; /* no surrogates */
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (left < len || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return len;
}

static void put_escaped(struct buf *to, unsigned code)
{
    static const char letters[32] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

    if (code == '"' || code == '\\')
        buf_putf(to, "\\%c", (int)code);
    else if (code < 0x20 && letters[code] != '\0')
        buf_putf(to, "\\%c", letters[code]);
    else
        buf_putf(to, "\\u%04x", code);
}

/* Control characters above 0x7e are legal in JSON, but a terminal obeys them: escaped as well. */
static void put_string(struct buf *to, struct view text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t plain = 0; /* start of what is copied as it is */

    buf_put_char(to, '"');
    for (size_t i = 0; i < text.len;) {
        size_t len = character_len(at + i, text.len - i);
        bool is_c1 = len == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0;

        if (len > 0 && !is_c1 && at[i] >= 0x20 && at[i] != '"' && at[i] != '\\' && at[i] != 0x7f) {
            i += len;
            continue;
        }
        buf_put(to, (struct view){ text.at + plain, i - plain });
        if (len == 0)
            buf_put_text(to, "\xef\xbf\xbd"); /* U+FFFD */
        else
            put_escaped(to, is_c1 ? at[i + 1] : at[i]);
        i += len == 0 ? 1 : len;
        plain = i;
    }
    buf_put(to, (struct view){ text.at + plain, text.len - plain });
    buf_put_char(to, '"');
}

/* ---- places ---- */

static void new_line(struct out *out, int depth)
{
    if (!out->pretty)
        return;
    buf_put_char(out->to, '\n');
    for (int i = 0; i < depth; i++)
        buf_put_text(out->to, "  ");
}

/* Goes to the place of the next value: comma, line and name. */
static void place(struct out *out, const char *name)
{
    assert(out->depth > 0 || !out->filled[0]); /* one value at the top */
    assert((name != NULL) == (out->depth > 0 && !out->is_array[out->depth]));

    if (out->filled[out->depth])
        buf_put_char(out->to, ',');
    if (out->depth > 0)
        new_line(out, out->depth);
    out->filled[out->depth] = true;
    if (name != NULL) {
        put_string(out->to, view_of(name));
        buf_put_text(out->to, out->pretty ? ": " : ":");
    }
}

static void open_value(struct out *out, const char *name, bool is_array)
{
    place(out, name);
    assert(out->depth < OUT_DEPTH);
    out->depth++;
    out->filled[out->depth] = false;
    out->is_array[out->depth] = is_array;
    buf_put_char(out->to, is_array ? '[' : '{');
}

void out_object(struct out *out, const char *name)
{
    open_value(out, name, false);
}

void out_array(struct out *out, const char *name)
{
    open_value(out, name, true);
}

void out_end(struct out *out)
{
    assert(out->depth > 0);
    if (out->filled[out->depth])
        new_line(out, out->depth - 1);
    buf_put_char(out->to, out->is_array[out->depth] ? ']' : '}');
    out->depth--;
}

/* ---- values ---- */

void out_raw(struct out *out, const char *name, struct view json)
{
    place(out, name);
    buf_put(out->to, json);
}

void out_view(struct out *out, const char *name, struct view text)
{
    place(out, name);
    put_string(out->to, text);
}

void out_text(struct out *out, const char *name, const char *text)
{
    if (text == NULL)
        out_null(out, name);
    else
        out_view(out, name, view_of(text));
}

void out_base64url(struct out *out, const char *name, struct view bytes)
{
    place(out, name);
    buf_put_char(out->to, '"');
    buf_put_base64url(out->to, bytes);
    buf_put_char(out->to, '"');
}

void out_number(struct out *out, const char *name, int64_t number)
{
    place(out, name);
    buf_putf(out->to, "%" PRId64, number);
}

void out_bool(struct out *out, const char *name, bool value)
{
    out_raw(out, name, view_of(value ? "true" : "false"));
}

void out_null(struct out *out, const char *name)
{
    out_raw(out, name, view_of("null"));
}

void out_time(struct out *out, const char *name, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    if (at == 0) {
        out_null(out, name);
        return;
    }
    clock_format_rfc3339(at, text);
    out_text(out, name, text);
}

void out_texts(struct out *out, const char *name, const struct list *texts)
{
    out_array(out, name);
    for (size_t i = 0; i < texts->len; i++)
        out_text(out, NULL, texts->at[i]);
    out_end(out);
}
