#include "outlook/logged.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/doc.h"

#define SERIAL_MAX 64 /* digits; CAs have 40 at most (RFC 5280 section 4.1.2.2) */

enum state { BEFORE, FIRST, NEXT, OBJECT, BEHIND, AFTER }; /* where in the array: what may come next */

void logged_clear(struct logged *logged)
{
    free(logged->serial);
    free(logged->issuer);
    free(logged->issuer_cn);
    list_clear(&logged->names);
    *logged = (struct logged){ 0 };
}

/* ---- names of issuers ---- */

/* One value, quoted or with backslashes; leaves *at behind it. */
static void take_value(const char **at, struct buf *out)
{
    bool quoted = **at == '"';

    *at += quoted;
    for (; **at != '\0' && (quoted ? **at != '"' : strchr(",+", **at) == NULL); (*at)++) {
        if (**at == '\\' && (*at)[1] != '\0')
            (*at)++;
        buf_put_char(out, **at);
    }
    *at += quoted && **at == '"';
}

char *logged_common_name(const char *name)
{
    AUTO(buf_clear) struct buf found = BUF(LOGGED_TEXT_MAX);

    for (const char *at = name; *at != '\0';) {
        AUTO(buf_clear) struct buf value = BUF(LOGGED_TEXT_MAX);
        struct view key;

        at += strspn(at, ", +");
        key = (struct view){ at, strcspn(at, "=,+") };
        at += key.len;
        if (*at != '=')
            continue;
        at++;
        at += strspn(at, " ");
        take_value(&at, &value);
        if (found.len == 0 && view_is(view_trim(key), "CN"))
            buf_put(&found, view_trim(buf_view(&value)));
    }
    return buf_take(&found);
}

/* ---- one certificate ---- */

/* "2026-11-07T16:46:43.456": in UTC, though it does not say so. */
static bool read_time(const struct node *node, int64_t *out)
{
    const char *text = node_text(node);
    AUTO(free) char *zoned = NULL;

    if (text == NULL || strlen(text) > 40)
        return false;
    if (clock_parse_rfc3339(view_of(text), out))
        return true;
    zoned = xprintf("%sZ", text);
    return clock_parse_rfc3339(view_of(zoned), out);
}

static bool read_serial(const struct node *node, char **out)
{
    const char *text = node_text(node);
    size_t len = text == NULL ? 0 : strlen(text);

    if (len == 0 || len > SERIAL_MAX || strspn(text, "0123456789abcdefABCDEF") != len)
        return false;
    *out = xstrdup(text + strspn(text, "0"));
    text_lower(*out);
    return true;
}

static void add_name(struct view name, struct list *out)
{
    AUTO(free) char *text = NULL;

    name = view_trim(name);
    if (name.len == 0 || name.len > LOGGED_TEXT_MAX || out->len == LOGGED_NAMES_MAX)
        return;
    text = text_printable_dup(name, LOGGED_TEXT_MAX, false);
    text_lower(text);
    if (!list_has(out, text))
        list_add(out, text);
}

/* One a line; the common name may be that of an organization. */
static void read_names(const struct node *node, struct list *out)
{
    struct view rest = view_of(node_text(node_member(node, "name_value"))), line;
    struct view common = view_of(node_text(node_member(node, "common_name")));

    while (view_cut(&rest, '\n', &line))
        add_name(line, out);
    if (view_has(common, '.') && !view_has(common, ' '))
        add_name(common, out);
}

static bool read_logged(const struct node *node, struct logged *out)
{
    const char *issuer = node_text(node_member(node, "issuer_name"));

    TRY(node_number(node_member(node, "id"), &out->id) && out->id > 0);
    TRY(read_serial(node_member(node, "serial_number"), &out->serial));
    TRY(read_time(node_member(node, "not_after"), &out->not_after));
    TRY(issuer != NULL);
    out->issuer = text_printable_dup(view_of(issuer), LOGGED_TEXT_MAX, false);
    out->issuer_cn = logged_common_name(out->issuer);
    if (!read_time(node_member(node, "not_before"), &out->not_before))
        out->not_before = 0;
    if (!node_number(node_member(node, "result_count"), &out->count) || out->count < 1)
        out->count = 1;
    read_names(node, &out->names);
    return out->names.len > 0;
}

static bool tell(struct logged_reader *reader, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(logged_clear) struct logged logged = { 0 };

    if (!doc_read(buf_view(&reader->object), "what the service tells of a certificate", &doc, err))
        return error_as(err, ERROR_NETWORK);
    buf_cut(&reader->object, 0);
    if (!read_logged(doc_root(doc), &logged)) {
        reader->unreadable++;
        return true;
    }
    if (reader->found < INT64_MAX - logged.count)
        reader->found += logged.count;
    reader->take(reader->ctx, &logged);
    return true;
}

/* ---- the array ---- */

void logged_begin(struct logged_reader *reader, void (*take)(void *ctx, const struct logged *logged), void *ctx)
{
    *reader = (struct logged_reader){ .take = take, .ctx = ctx, .object = BUF(LOGGED_OBJECT_MAX), .state = BEFORE };
}

void logged_reader_clear(struct logged_reader *reader)
{
    buf_clear(&reader->object);
}

/* Within an object: JSON's own reader takes it when it is complete. */
static bool take_inside(struct logged_reader *reader, char byte, struct error *err)
{
    buf_put_char(&reader->object, byte);
    if (reader->object.failed)
        return error_set(err, ERROR_NETWORK, "it tells more of one certificate than %d bytes", LOGGED_OBJECT_MAX);
    if (reader->escaped) {
        reader->escaped = false;
    } else if (reader->in_string) {
        reader->escaped = byte == '\\';
        reader->in_string = byte != '"';
    } else if (byte == '"') {
        reader->in_string = true;
    } else if (byte == '{' || byte == '[') {
        reader->depth++;
    } else if ((byte == '}' || byte == ']') && --reader->depth == 0) {
        reader->state = BEHIND;
        return tell(reader, err);
    }
    return true;
}

static bool take_between(struct logged_reader *reader, char byte, struct error *err)
{
    enum state state = (enum state)reader->state;

    if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
        return true;
    if (state == BEFORE && byte == '[') {
        reader->state = FIRST;
    } else if ((state == FIRST || state == NEXT) && byte == '{') {
        reader->state = OBJECT;
        return take_inside(reader, byte, err);
    } else if (state == BEHIND && byte == ',') {
        reader->state = NEXT;
    } else if ((state == BEHIND || state == FIRST) && byte == ']') {
        reader->state = AFTER;
    } else {
        return error_set(err, ERROR_NETWORK,
            state == BEFORE ? "it answers with something else than a list of certificates (%s)"
                            : "its list of certificates is broken off (%s)",
            byte == '<' ? "a page for people" : "no JSON array of objects");
    }
    return true;
}

bool logged_take(struct logged_reader *reader, struct view piece, struct error *err)
{
    reader->bytes += piece.len;
    if (reader->bytes > LOGGED_MAX)
        return error_set(err, ERROR_NETWORK, "it answers with more than %zu bytes", LOGGED_MAX);
    for (size_t i = 0; i < piece.len; i++)
        TRY(reader->state == OBJECT ? take_inside(reader, piece.at[i], err) : take_between(reader, piece.at[i], err));
    return true;
}

bool logged_end(struct logged_reader *reader, struct error *err)
{
    if (reader->state == AFTER)
        return true;
    return error_set(err, ERROR_NETWORK, reader->bytes == 0 ? "its answer is empty" : "its answer ends too early");
}
