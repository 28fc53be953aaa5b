#include "tree/xml.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/encode.h"

#define DEPTH_MAX 32
#define TEXT_MAX (4 * 1024 * 1024)
#define NAMES_MAX 2000 /* different children of one element */

struct reader {
    const char *at, *end;
    struct error *err;
};

static bool fail(const struct reader *reader, const char *why)
{
    return error_set(reader->err, ERROR_NETWORK, "the reply is not the XML that we know: %s", why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blank(struct reader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
}

static bool at_text(const struct reader *reader, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(reader->end - reader->at) >= len && memcmp(reader->at, text, len) == 0;
}

/* Goes behind the next `text`; *before is what stands before it. */
static bool pass(struct reader *reader, const char *text, struct view *before)
{
    const char *found = memmem(reader->at, (size_t)(reader->end - reader->at), text, strlen(text));

    if (found == NULL)
        return fail(reader, "something in it does not end");
    *before = (struct view){ reader->at, (size_t)(found - reader->at) };
    reader->at = found + strlen(text);
    return true;
}

/* A name without the prefix of its namespace; of the caller's. */
static bool read_name(struct reader *reader, char **out)
{
    const char *start = reader->at, *colon;

    while (reader->at < reader->end && !is_blank(*reader->at) && strchr("<>/=\"'&", *reader->at) == NULL)
        reader->at++;
    colon = memchr(start, ':', (size_t)(reader->at - start));
    if (colon != NULL)
        start = colon + 1;
    if (reader->at == start)
        return fail(reader, "a name is missing");
    *out = xstrndup(start, (size_t)(reader->at - start));
    return true;
}

static void put_character(struct buf *out, uint64_t code)
{
    if (code < 0x80) {
        buf_put_char(out, (char)code);
    } else if (code < 0x800) {
        buf_put_char(out, (char)(0xc0 | code >> 6));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_put_char(out, (char)(0xe0 | code >> 12));
        buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_put_char(out, (char)(0xf0 | code >> 18));
        buf_put_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* A number in an entity, decimal or hexadecimal ("x41"). */
static bool read_code(struct view digits, uint64_t *code)
{
    static const char hex[] = "0123456789abcdef";

    *code = 0;
    if (digits.len == 0 || digits.at[0] != 'x')
        return view_to_number(digits, 1, 0x10ffff, code);
    for (size_t i = 1; i < digits.len; i++) {
        const char *found = digits.at[i] != '\0' ? strchr(hex, digits.at[i] | 0x20) : NULL;

        if (found == NULL || *code > 0x10ffff)
            return false;
        *code = *code * 16 + (uint64_t)(found - hex);
    }
    return digits.len > 1 && *code > 0 && *code <= 0x10ffff;
}

/* Text with its entities resolved. */
static bool put_text(const struct reader *reader, struct view text, struct buf *out)
{
    static const struct {
        const char *name;
        char is;
    } entities[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' } };

    for (size_t i = 0; i < text.len; i++) {
        const char *end = text.at[i] == '&' ? memchr(text.at + i, ';', text.len - i) : NULL;
        struct view name = { text.at + i + 1, end != NULL ? (size_t)(end - text.at) - i - 1 : 0 };
        uint64_t code = 0;

        if (text.at[i] != '&') {
            buf_put_char(out, text.at[i]);
            continue;
        }
        for (size_t k = 0; k < COUNT(entities); k++)
            if (view_is(name, entities[k].name))
                code = (unsigned char)entities[k].is;
        if (code == 0 &&
            (name.len < 2 || name.at[0] != '#' || !read_code((struct view){ name.at + 1, name.len - 1 }, &code)))
            return fail(reader, "an entity that is not known");
        put_character(out, code);
        i += name.len + 1;
    }
    return true;
}

/* ---- elements ---- */

/* The place for one more child of that name. */
static struct value *child_for(struct value *element, const char *name)
{
    struct value *there = value_member_for(element, name), first;

    if (there->type == VALUE_NULL)
        return there;
    if (there->type != VALUE_LIST) {
        first = *there;
        *there = (struct value){ .type = VALUE_LIST, .key = first.key };
        first.key = NULL;
        *value_add(there) = first;
    }
    return value_add(there);
}

static bool read_attributes(struct reader *reader, struct value *element)
{
    for (skip_blank(reader); reader->at < reader->end && *reader->at != '>' && *reader->at != '/'; skip_blank(reader)) {
        AUTO(free) char *name = NULL, *member = NULL;
        AUTO(buf_clear) struct buf value = BUF_SECRET(TEXT_MAX);
        struct view raw;
        char quote[2] = { 0 };
        bool is_namespace = at_text(reader, "xmlns"); /* "xmlns" or "xmlns:x" */

        TRY(read_name(reader, &name));
        skip_blank(reader);
        if (reader->at < reader->end && *reader->at == '=')
            reader->at++;
        skip_blank(reader);
        if (reader->at == reader->end || (*reader->at != '"' && *reader->at != '\''))
            return fail(reader, "an attribute without a value");
        quote[0] = *reader->at++;
        TRY(pass(reader, quote, &raw));
        if (element->len > NAMES_MAX)
            return fail(reader, "too many attributes");
        TRY(put_text(reader, raw, &value));
        member = xprintf("@%s", name);
        if (!is_namespace)
            value_set_text(value_member_for(element, member), buf_view(&value));
    }
    return reader->at < reader->end || fail(reader, "it ends too early");
}

static bool skip_other(struct reader *reader, bool *skipped)
{
    struct view rest;

    *skipped = true;
    if (at_text(reader, "<!--"))
        return pass(reader, "-->", &rest);
    if (at_text(reader, "<?"))
        return pass(reader, "?>", &rest);
    *skipped = false;
    return true;
}

/* What a document declares is passed over: entities of its own are none that we know. */
static bool skip_doctype(struct reader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);
    const char *list = memchr(reader->at, '[', left), *end = memchr(reader->at, '>', left);
    struct view before;

    if (list != NULL && end != NULL && list < end)
        TRY(pass(reader, "]", &before));
    return pass(reader, ">", &before);
}

static bool read_element(struct reader *reader, int depth, char **name, struct value *out);

/* One piece of what stands in an element. */
static bool read_piece(struct reader *reader, int depth, struct value *out, struct buf *text)
{
    AUTO(free) char *name = NULL;
    AUTO(value_clear) struct value child = { 0 };
    struct view raw;
    struct value *place;
    bool skipped;

    TRY(skip_other(reader, &skipped));
    if (skipped)
        return true;
    if (at_text(reader, "<![CDATA[")) {
        reader->at += sizeof "<![CDATA[" - 1;
        TRY(pass(reader, "]]>", &raw));
        buf_put(text, raw);
        return true;
    }
    if (*reader->at != '<') {
        const char *end = memchr(reader->at, '<', (size_t)(reader->end - reader->at));

        raw =
            (struct view){ reader->at, end != NULL ? (size_t)(end - reader->at) : (size_t)(reader->end - reader->at) };
        reader->at += raw.len;
        return put_text(reader, raw, text);
    }
    TRY(read_element(reader, depth + 1, &name, &child));
    if (out->len > NAMES_MAX)
        return fail(reader, "too many different elements in one");
    place = child_for(out, name);
    child.key = place->key;
    *place = child;
    child = (struct value){ 0 };
    return true;
}

static bool read_end(struct reader *reader, const char *name)
{
    AUTO(free) char *end = NULL;

    reader->at += 2;
    TRY(read_name(reader, &end));
    skip_blank(reader);
    if (strcmp(end, name) != 0 || reader->at == reader->end || *reader->at++ != '>')
        return fail(reader, "an element ends that has not begun");
    return true;
}

static bool read_element(struct reader *reader, int depth, char **name, struct value *out)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(TEXT_MAX);
    struct view trimmed;

    if (depth > DEPTH_MAX)
        return fail(reader, "too deep");
    reader->at++;
    TRY(read_name(reader, name));
    value_set_object(out);
    TRY(read_attributes(reader, out));
    if (*reader->at == '/') {
        reader->at++;
        if (reader->at == reader->end || *reader->at++ != '>')
            return fail(reader, "an element without an end");
    } else {
        for (reader->at++; !at_text(reader, "</");) {
            if (reader->at == reader->end)
                return fail(reader, "it ends too early");
            TRY(read_piece(reader, depth, out, &text));
        }
        TRY(read_end(reader, *name));
    }
    trimmed = view_trim(buf_view(&text));
    if (out->len == 0)
        value_set_text(out, trimmed);
    else if (trimmed.len > 0)
        value_set_text(value_member_for(out, "$"), trimmed);
    return true;
}

bool xml_read(struct view text, struct value *out, struct error *err)
{
    struct reader reader = { .at = text.at, .end = text.at + text.len, .err = err };
    AUTO(free) char *name = NULL;
    bool skipped = true;

    if (memchr(text.at, '\0', text.len) != NULL)
        return fail(&reader, "a zero byte");
    if (view_starts(text, "\xef\xbb\xbf"))
        reader.at += 3;
    while (skipped) {
        skip_blank(&reader);
        TRY(skip_other(&reader, &skipped));
        if (!skipped && at_text(&reader, "<!DOCTYPE")) {
            TRY(skip_doctype(&reader));
            skipped = true;
        }
    }
    if (reader.at == reader.end || *reader.at != '<')
        return fail(&reader, "it does not begin with an element");
    value_clear(out);
    return read_element(&reader, 0, &name, out);
}

/* ---- writing ---- */

static void put_element(const char *name, const struct value *value, struct buf *to)
{
    if (value->type == VALUE_LIST) {
        for (size_t i = 0; i < value->len; i++)
            put_element(name, &value->at[i], to);
        return;
    }
    buf_putf(to, "<%s", name);
    for (size_t i = 0; i < value->len; i++) {
        if (value->at[i].key[0] != '@')
            continue;
        buf_putf(to, " %s=\"", value->at[i].key + 1);
        encode_xml(view_of(value_text(&value->at[i])), to);
        buf_put_char(to, '"');
    }
    buf_put_char(to, '>');
    encode_xml(view_of(value_text(value)), to);
    for (size_t i = 0; i < value->len; i++) {
        if (strcmp(value->at[i].key, "$") == 0)
            encode_xml(view_of(value_text(&value->at[i])), to);
        else if (value->at[i].key[0] != '@')
            put_element(value->at[i].key, &value->at[i], to);
    }
    buf_putf(to, "</%s>", name);
}

void xml_put(const struct value *root, struct buf *to)
{
    buf_put_text(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    for (size_t i = 0; i < root->len; i++)
        put_element(root->at[i].key, &root->at[i], to);
}
