#include "tree/reply.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/encode.h"
#include "tree/xml.h"
#include "tree/xmlrpc.h"

#define MESSAGE_MAX 600
#define LINES_MAX 100000
#define FIELDS_MAX 5000
#define FIELD_MAX (1024 * 1024)

void reply_clear(struct reply *reply)
{
    value_free_all(&reply->value);
    buf_clear(&reply->body);
    wipe_free(reply->url);
    free(reply->link);
    *reply = (struct reply){ 0 };
}

/* A name that is there several times is a list. */
static void add_field(struct value *to, const char *name, struct view text)
{
    struct value *there = value_member_for(to, name), first;

    if (there->type == VALUE_TEXT) {
        first = *there;
        *there = (struct value){ .type = VALUE_LIST, .key = first.key };
        first.key = NULL;
        *value_add(there) = first;
    }
    value_set_text(there->type == VALUE_LIST ? value_add(there) : there, text);
}

static void read_form(struct view body, struct value *out)
{
    struct view rest = view_trim(body), field = { 0 }, name = { 0 };
    size_t count = 0;

    value_set_object(out);
    while (count++ < FIELDS_MAX && view_cut(&rest, '&', &field)) {
        AUTO(buf_clear) struct buf key = BUF_SECRET(FIELD_MAX), value = BUF_SECRET(FIELD_MAX);

        if (!view_cut(&field, '=', &name) || name.len == 0)
            continue;
        decode_form(name, &key);
        if (field.at != NULL)
            decode_form(field, &value);
        add_field(out, buf_text(&key), buf_view(&value));
    }
}

/* Each line a list of its words; words in quotes keep their blanks, and the quotes. */
static void read_line(struct view line, struct value *out)
{
    size_t start = 0;
    bool quoted = false;

    value_set_list(out);
    for (size_t i = 0; i <= line.len; i++) {
        bool ends = i == line.len || (!quoted && (line.at[i] == ' ' || line.at[i] == '\t' || line.at[i] == '\r'));

        if (i < line.len && line.at[i] == '"')
            quoted = !quoted;
        if (!ends)
            continue;
        if (i > start)
            value_set_text(value_add(out), (struct view){ line.at + start, i - start });
        start = i + 1;
    }
}

static void read_lines(struct view body, struct value *out)
{
    struct view rest = view_trim(body), line = { 0 };
    size_t count = 0;

    value_set_list(out);
    while (count++ < LINES_MAX && view_cut(&rest, '\n', &line))
        if (view_trim(line).len > 0)
            read_line(line, value_add(out));
}

bool reply_read(struct reply *reply, const char *form, struct error *err)
{
    struct view body = buf_view(&reply->body);

    value_clear(&reply->value);
    if (view_trim(body).len == 0)
        return true;
    if (memchr(body.at, '\0', body.len) != NULL)
        return error_set(err, ERROR_NETWORK, "the reply has a zero byte in it");
    if (strcmp(form, "xml") == 0)
        return xml_read(body, &reply->value, err);
    if (strcmp(form, "xmlrpc") == 0)
        return xmlrpc_read(body, &reply->value, err);
    if (strcmp(form, "form") == 0)
        read_form(body, &reply->value);
    else if (strcmp(form, "lines") == 0)
        read_lines(body, &reply->value);
    else if (strcmp(form, "text") == 0)
        value_set_text(&reply->value, view_trim(body));
    else if (!value_read_json(body, "the reply", &reply->value, err))
        return error_as(err, ERROR_NETWORK);
    return true;
}

static void put_message(const struct value *value, struct buf *out)
{
    if (!value_is_set(value))
        return;
    if (value->type == VALUE_LIST && value->len == 0)
        return;
    if (out->len > 0)
        buf_put_text(out, ": ");
    if (value_text(value) != NULL)
        buf_put_text(out, value_text(value));
    else
        value_put_json(value, out);
}

char *reply_message(const struct reply *reply, const struct value *paths)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(DOC_MAX);
    struct view body = view_trim(buf_view(&reply->body));

    for (size_t i = 0; paths != NULL && i < paths->len; i++)
        put_message(value_walk(&reply->value, value_text(&paths->at[i])), &out);
    if (out.len == 0 && body.len > 0 && body.at[0] != '<' && body.len < MESSAGE_MAX)
        buf_put(&out, body);
    return text_printable_dup(buf_view(&out), MESSAGE_MAX, false);
}
