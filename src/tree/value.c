#include "tree/value.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"

#define NUMBER_MAX 64

void value_clear(struct value *value)
{
    for (size_t i = 0; i < value->len; i++)
        value_free_all(&value->at[i]);
    free(value->at);
    wipe_free(value->text);
    *value = (struct value){ .key = value->key };
}

void value_free_all(struct value *value)
{
    value_clear(value);
    free(value->key);
    value->key = NULL;
}

void value_set_text(struct value *to, struct view text)
{
    char *copy = view_dup(text);

    value_clear(to);
    to->type = VALUE_TEXT;
    to->text = copy;
}

void value_set_number(struct value *to, int64_t number)
{
    value_clear(to);
    to->type = VALUE_NUMBER;
    to->text = xprintf("%" PRId64, number);
}

void value_set_bool(struct value *to, bool is)
{
    value_clear(to);
    to->type = is ? VALUE_TRUE : VALUE_FALSE;
}

void value_set_list(struct value *to)
{
    value_clear(to);
    to->type = VALUE_LIST;
}

void value_set_object(struct value *to)
{
    value_clear(to);
    to->type = VALUE_OBJECT;
}

static struct value value_dup(const struct value *from)
{
    struct value copy = {
        .type = from->type, .text = xstrdup_or_null(from->text), .len = from->len, .size = from->len
    };

    if (from->len > 0)
        copy.at = xcalloc(from->len, sizeof *copy.at);
    for (size_t i = 0; i < from->len; i++) {
        copy.at[i] = value_dup(&from->at[i]);
        copy.at[i].key = xstrdup_or_null(from->at[i].key);
    }
    return copy;
}

void value_copy(struct value *to, const struct value *from)
{
    struct value copy = value_dup(from);

    value_clear(to);
    copy.key = to->key;
    *to = copy;
}

struct value *value_add(struct value *list)
{
    if (list->len == list->size) {
        list->size = list->size == 0 ? 4 : 2 * list->size;
        list->at = xrealloc(list->at, list->size, sizeof *list->at);
    }
    list->at[list->len] = (struct value){ 0 };
    return &list->at[list->len++];
}

static struct value *find_member(const struct value *object, const char *key)
{
    if (object == NULL || object->type != VALUE_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->len; i++)
        if (strcmp(object->at[i].key, key) == 0)
            return &object->at[i];
    return NULL;
}

struct value *value_member_for(struct value *object, const char *key)
{
    struct value *member = find_member(object, key);

    if (member == NULL) {
        member = value_add(object);
        member->key = xstrdup(key);
    }
    return member;
}

void value_remove(struct value *from, size_t index)
{
    value_free_all(&from->at[index]);
    from->len--;
    memmove(&from->at[index], &from->at[index + 1], (from->len - index) * sizeof *from->at);
}

const struct value *value_member(const struct value *object, const char *key)
{
    const struct value *member = find_member(object, key);

    return member == NULL || member->type == VALUE_NULL ? NULL : member;
}

const char *value_text(const struct value *value)
{
    if (value == NULL)
        return NULL;
    switch (value->type) {
    case VALUE_TEXT:
    case VALUE_NUMBER:
        return value->text;
    case VALUE_TRUE:
        return "true";
    case VALUE_FALSE:
        return "false";
    default:
        return NULL;
    }
}

const char *value_member_text(const struct value *object, const char *key)
{
    return value_text(value_member(object, key));
}

bool value_is_list(const struct value *value)
{
    return value != NULL && value->type == VALUE_LIST;
}

bool value_is_object(const struct value *value)
{
    return value != NULL && value->type == VALUE_OBJECT;
}

bool value_is_set(const struct value *value)
{
    return value != NULL && value->type != VALUE_NULL && !(value->type == VALUE_TEXT && value->text[0] == '\0');
}

bool value_truth(const struct value *value)
{
    const char *text = value_text(value);

    if (!value_is_set(value))
        return false;
    return text == NULL || (strcmp(text, "0") != 0 && strcasecmp(text, "no") != 0 && strcasecmp(text, "false") != 0);
}

bool value_number(const struct value *value, int64_t *out)
{
    const char *text = value_text(value);
    bool minus = text != NULL && text[0] == '-';
    uint64_t number;

    if (text == NULL || !view_to_number(view_of(text + minus), 0, INT64_MAX, &number))
        return false;
    *out = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type || a->len != b->len || !text_equal(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const struct value *other = a->type == VALUE_OBJECT ? find_member(b, a->at[i].key) : &b->at[i];

        if (other == NULL || !value_equal(&a->at[i], other))
            return false;
    }
    return true;
}

/* ---- paths ---- */

static const struct value *walk(const struct value *from, struct view path);

/* The first element in which the rest of the path is found; of those that have `having`, unless it is empty. */
static const struct value *walk_any(const struct value *from, struct view having, struct view rest)
{
    const struct value *found = NULL;

    if (from->type != VALUE_LIST && from->type != VALUE_OBJECT)
        return NULL;
    for (size_t i = 0; i < from->len && found == NULL; i++)
        if (having.len == 0 || walk(&from->at[i], having) != NULL)
            found = walk(&from->at[i], rest);
    return found;
}

static const struct value *element(const struct value *from, struct view step)
{
    uint64_t index = 0;

    if (view_is(step, "-1"))
        index = from->type == VALUE_LIST && from->len > 0 ? from->len - 1 : 0;
    else if (!view_to_number(step, 0, UINT32_MAX, &index))
        return NULL;
    if (from->type != VALUE_LIST)
        return index == 0 ? from : NULL; /* XML: an element that stands once is no list */
    return index < from->len ? &from->at[index] : NULL;
}

static const struct value *walk(const struct value *from, struct view path)
{
    struct view step = { 0 }, rest = path;
    AUTO(free) char *name = NULL;
    const struct value *next;

    if (path.len == 0 || view_is(path, "."))
        return from->type == VALUE_NULL ? NULL : from;
    if (!view_cut(&rest, '.', &step))
        return NULL;
    if (rest.at == NULL)
        rest = (struct view){ "", 0 };
    if (step.len > 0 && step.at[0] == '*')
        return walk_any(from, (struct view){ step.at + 1, step.len - 1 }, rest);
    name = view_dup(step);
    next = from->type == VALUE_OBJECT ? find_member(from, name) : NULL;
    if (next == NULL)
        next = element(from, step);
    return next == NULL ? NULL : walk(next, rest);
}

const struct value *value_walk(const struct value *from, const char *path)
{
    return from == NULL ? NULL : walk(from, view_of(path));
}

struct value *value_walk_to(struct value *from, const char *path)
{
    return (struct value *)(uintptr_t)value_walk(from, path);
}

/* ---- comparison ---- */

/* The next character of a text without the quotes around its parts; at the end of it '\0'. */
static char next_char(const char **at, bool *quoted)
{
    while (**at == '"' || (**at == ' ' && !*quoted && (*at)[1] == '"')) {
        if (**at == '"')
            *quoted = !*quoted;
        (*at)++;
    }
    if (**at == '\\' && *quoted && (*at)[1] != '\0')
        (*at)++;
    return **at == '\0' ? '\0' : *(*at)++;
}

bool value_same_text(const char *a, const char *b)
{
    bool a_quoted = false, b_quoted = false;
    char one, other;

    if (a == NULL || b == NULL)
        return false;
    do {
        one = next_char(&a, &a_quoted);
        other = next_char(&b, &b_quoted);
        if (one == '.' && other == '\0') {
            one = next_char(&a, &a_quoted);
        } else if (other == '.' && one == '\0') {
            other = next_char(&b, &b_quoted);
        }
    } while (one == other && one != '\0');
    return one == other;
}

/* ---- JSON ---- */

static void from_node(const struct node *node, struct value *out)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(DOC_MAX);
    const struct node *child = NULL;
    const char *key = NULL;

    if (node_is_object(node)) {
        out->type = VALUE_OBJECT;
        for (size_t i = 0; node_each(node, i, &key, &child); i++) {
            struct value *member = value_add(out);

            member->key = xstrdup(key);
            from_node(child, member);
        }
    } else if (node_is_array(node)) {
        out->type = VALUE_LIST;
        for (size_t i = 0; i < node_count(node); i++)
            from_node(node_at(node, i), value_add(out));
    } else if (node_is_string(node)) {
        value_set_text(out, view_of(node_text(node)));
    } else {
        node_put(node, &text);
        if (strcmp(buf_text(&text), "null") == 0)
            return;
        if (strcmp(buf_text(&text), "true") == 0 || strcmp(buf_text(&text), "false") == 0) {
            value_set_bool(out, buf_text(&text)[0] == 't');
            return;
        }
        value_set_text(out, buf_view(&text));
        out->type = VALUE_NUMBER;
    }
}

bool value_read_json(struct view text, const char *name, struct value *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;

    TRY(doc_read(text, name, &doc, err));
    value_clear(out);
    from_node(doc_root(doc), out);
    return true;
}

static void put_text(const char *text, struct buf *to)
{
    struct out out = out_to(to);

    out_text(&out, NULL, text);
}

static void put_all(const struct value *value, struct buf *to)
{
    buf_put_char(to, value->type == VALUE_LIST ? '[' : '{');
    for (size_t i = 0; i < value->len; i++) {
        if (i > 0)
            buf_put_char(to, ',');
        if (value->type == VALUE_OBJECT) {
            put_text(value->at[i].key, to);
            buf_put_char(to, ':');
        }
        value_put_json(&value->at[i], to);
    }
    buf_put_char(to, value->type == VALUE_LIST ? ']' : '}');
}

void value_put_json(const struct value *value, struct buf *to)
{
    if (value->type == VALUE_LIST || value->type == VALUE_OBJECT)
        put_all(value, to);
    else if (value->type == VALUE_TEXT)
        put_text(value->text, to);
    else
        buf_put_text(to, value->type == VALUE_NULL ? "null" : value_text(value));
}
