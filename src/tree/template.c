#include "tree/template.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct piece {
    char mark;            /* '#', '*', '?', '!' or '\0' */
    struct view variable; /* a path */
    struct view filters;  /* what stands behind the first bar; at is NULL when there is none */
};

/* Cuts text up to the next piece: what stands before it, and the piece. False at the end; *bad when a brace is not
 * closed. "{{" is a brace. */
static bool next_piece(struct view *text, struct buf *before, struct piece *piece, bool *bad)
{
    struct view inner = { 0 };

    while (text->len > 0) {
        char c = text->at[0];

        *text = (struct view){ text->at + 1, text->len - 1 };
        if (c == '{' && text->len > 0 && text->at[0] != '{')
            break;
        if (c == '{' && text->len > 0)
            *text = (struct view){ text->at + 1, text->len - 1 };
        buf_put_char(before, c);
        if (text->len == 0)
            return false;
    }
    if (text->len == 0)
        return false;
    if (!view_has(*text, '}') || !view_cut(text, '}', &inner)) {
        *bad = true;
        return false;
    }
    if (text->at == NULL)
        *text = (struct view){ "", 0 };
    *piece = (struct piece){ 0 };
    if (inner.len > 0 && strchr("#*?!", inner.at[0]) != NULL) {
        piece->mark = inner.at[0];
        inner = (struct view){ inner.at + 1, inner.len - 1 };
    }
    piece->filters = inner;
    if (!view_cut(&piece->filters, '|', &piece->variable))
        piece->variable = (struct view){ "", 0 };
    return true;
}

/* Cuts the next filter off. */
static bool next_filter(struct view *filters, struct view *name, struct view *arg)
{
    struct view filter = { 0 };

    if (filters->at == NULL || !view_cut(filters, '|', &filter))
        return false;
    *arg = filter;
    if (!view_cut(arg, ':', name))
        *name = (struct view){ "", 0 };
    if (arg->at == NULL)
        *arg = (struct view){ "", 0 };
    return true;
}

/* ---- checking ---- */

static bool is_variable(struct view path)
{
    if (path.len == 0)
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            strchr("_-.@*$", c) == NULL)
            return false;
    }
    return true;
}

static bool check_piece(
    const struct piece *piece, bool (*known)(void *arg, struct view name), void *arg, struct error *err)
{
    struct view filters = piece->filters, name = { 0 }, value = { 0 }, rest = piece->variable, first = { 0 };
    AUTO(free) char *variable = view_dup(piece->variable);

    if (!is_variable(piece->variable))
        return error_set(err, ERROR_CONFIG, "'{%s}' is no variable (a brace is written '{{')", variable);
    if (view_cut(&rest, '.', &first) && known != NULL && !known(arg, first))
        return error_set(err, ERROR_CONFIG, "there is no variable '%.*s'", (int)first.len, first.at);
    while (next_filter(&filters, &name, &value))
        TRY(filter_check(name, value, err));
    return true;
}

bool template_check(const char *text, bool (*known)(void *arg, struct view name), void *arg, struct error *err)
{
    AUTO(buf_clear) struct buf before = BUF(TEMPLATE_MAX);
    struct view rest = view_of(text);
    struct piece piece;
    bool bad = false;

    while (next_piece(&rest, &before, &piece, &bad))
        TRY(check_piece(&piece, known, arg, err));
    return !bad || error_set(err, ERROR_CONFIG, "a brace is not closed (a brace itself is written '{{')");
}

bool template_has(const char *text, const char *variable)
{
    AUTO(buf_clear) struct buf before = BUF(TEMPLATE_MAX);
    struct view rest = view_of(text), first = { 0 };
    struct piece piece;
    bool bad = false;

    while (next_piece(&rest, &before, &piece, &bad))
        if (view_cut(&piece.variable, '.', &first) && view_is(first, variable))
            return true;
    return false;
}

/* ---- expanding ---- */

static void put_value(const struct value *value, struct buf *out)
{
    const char *text = value_text(value);

    if (text != NULL)
        buf_put_text(out, text);
    else
        value_put_json(value, out);
}

/* The text to begin with; *set is false when there is none. Passes over filters up to an "or" that gave it. */
static bool piece_start(struct piece *piece, const struct vars *vars, struct buf *out, bool *set, struct error *err)
{
    const struct value *value = vars_get(vars, piece->variable);
    struct view filters = piece->filters, name = { 0 }, arg = { 0 };
    AUTO(free) char *variable = NULL;

    *set = value_is_set(value);
    if (*set) {
        put_value(value, out);
        return true;
    }
    while (next_filter(&filters, &name, &arg)) {
        if (!view_is(name, "or"))
            continue;
        buf_put(out, arg);
        piece->filters = filters;
        *set = true;
        return true;
    }
    if (piece->mark == '?' || piece->mark == '!' || (value != NULL && value->type == VALUE_TEXT))
        return true;
    variable = view_dup(piece->variable);
    (void)error_set(err, ERROR_CONFIG, "'%s' is not set", variable);
    return error_is_answer(err); /* a header field is left out then */
}

static bool piece_expand(
    struct piece piece, bool in_url, const struct vars *vars, struct buf *out, bool *set, struct error *err)
{
    AUTO(buf_clear) struct buf now = BUF_SECRET(TEMPLATE_MAX);
    struct view name = { 0 }, arg = { 0 };
    bool encoded = !in_url;

    TRY(piece_start(&piece, vars, &now, set, err));
    while (*set && next_filter(&piece.filters, &name, &arg)) {
        AUTO(buf_clear) struct buf next = BUF_SECRET(TEMPLATE_MAX);
        struct buf swap;

        if (view_is(name, "or"))
            continue;
        TRY(filter_apply(name, arg, vars, buf_view(&now), &next, err));
        encoded = encoded || view_is(name, "url") || view_is(name, "raw");
        swap = now;
        now = next;
        next = swap;
    }
    if (now.failed)
        out->failed = true;
    if (encoded)
        buf_put(out, buf_view(&now));
    else
        TRY(filter_apply(view_of("url"), view_of(""), vars, buf_view(&now), out, err));
    return true;
}

bool template_expand(const char *text, bool in_url, const struct vars *vars, struct buf *out, struct error *err)
{
    struct view rest = view_of(text);
    struct piece piece;
    bool bad = false, set;

    while (next_piece(&rest, out, &piece, &bad))
        TRY(piece_expand(piece, in_url, vars, out, &set, err));
    if (bad)
        return error_set(err, ERROR_CONFIG, "a brace is not closed");
    return !out->failed || error_set(err, ERROR_CONFIG, "a text would have more than %zu bytes", out->max);
}

bool template_text(const char *text, const struct vars *vars, char **out, struct error *err)
{
    AUTO(buf_clear) struct buf to = BUF_SECRET(TEMPLATE_MAX);

    TRY(template_expand(text, false, vars, &to, err));
    *out = buf_take(&to);
    return true;
}

/* ---- values ---- */

/* Whether the whole text is one piece. */
static bool is_piece(const char *text, struct piece *piece)
{
    AUTO(buf_clear) struct buf before = BUF(TEMPLATE_MAX);
    struct view rest = view_of(text);
    bool bad = false;

    return text[0] == '{' && next_piece(&rest, &before, piece, &bad) && before.len == 0 && rest.len == 0;
}

static bool text_value(const char *text, const struct vars *vars, struct value *out, bool *left_out, struct error *err)
{
    AUTO(buf_clear) struct buf to = BUF_SECRET(TEMPLATE_MAX);
    struct piece piece = { 0 };
    const struct value *value;
    bool set = true;

    if (is_piece(text, &piece) && piece.mark == '*' && piece.filters.at == NULL) {
        value = vars_get(vars, piece.variable);
        if (value == NULL)
            return error_set(err, ERROR_CONFIG, "'%.*s' is not set", (int)piece.variable.len, piece.variable.at);
        value_copy(out, value);
        return true;
    }
    if (piece.mark == '\0')
        TRY(template_expand(text, false, vars, &to, err));
    else
        TRY(piece_expand(piece, false, vars, &to, &set, err));
    value_set_text(out, buf_view(&to));
    *left_out = piece.mark == '?' && !value_is_set(out);
    if (piece.mark == '!')
        value_set_bool(out, value_truth(out));
    if (piece.mark == '#') {
        int64_t number;

        if (!value_number(out, &number))
            return error_set(
                err, ERROR_CONFIG, "'%.*s' should be a number and is none", (int)piece.variable.len, piece.variable.at);
        value_set_number(out, number);
    }
    return true;
}

/* The variables of one round over a list. */
static void set_entry(struct vars *scope, const struct value *element, size_t index)
{
    vars_set(scope, "entry", element, false);
    vars_set_number(scope, "n", (int64_t)index + 1);
}

static const struct value *the_list(const struct piece *piece, const struct vars *vars, struct error *err)
{
    const struct value *list = vars_get(vars, piece->variable);

    if (value_is_list(list))
        return list;
    (void)error_set(
        err, ERROR_CONFIG, "'%.*s' should be a list and is none", (int)piece->variable.len, piece->variable.at);
    return NULL;
}

static bool each_value(
    const struct value *form, const struct piece *piece, const struct vars *vars, struct value *out, struct error *err)
{
    const struct value *list = the_list(piece, vars, err);

    TRY(list != NULL);
    value_set_list(out);
    for (size_t i = 0; i < list->len; i++) {
        AUTO(vars_clear) struct vars scope = { .outer = vars };
        bool left_out = false;

        set_entry(&scope, &list->at[i], i);
        TRY(template_value(form, &scope, value_add(out), &left_out, err));
        if (left_out)
            value_remove(out, out->len - 1);
    }
    return true;
}

static bool all_values(const struct value *from, const struct vars *vars, struct value *out, struct error *err)
{
    for (size_t i = 0; i < from->len; i++) {
        struct value *to = from->type == VALUE_LIST ? value_add(out) : value_member_for(out, from->at[i].key);
        bool left_out = false;

        TRY(template_value(&from->at[i], vars, to, &left_out, err));
        if (left_out)
            value_remove(out, (size_t)(to - out->at));
    }
    return true;
}

bool template_value(
    const struct value *from, const struct vars *vars, struct value *out, bool *left_out, struct error *err)
{
    struct piece piece = { 0 };

    *left_out = false;
    if (from->type == VALUE_TEXT)
        return text_value(from->text, vars, out, left_out, err);
    if (from->type == VALUE_OBJECT && from->len == 1 && is_piece(from->at[0].key, &piece) && piece.mark == '*')
        return each_value(&from->at[0], &piece, vars, out, err);
    if (from->type != VALUE_LIST && from->type != VALUE_OBJECT) {
        value_copy(out, from);
        return true;
    }
    value_clear(out);
    out->type = from->type;
    return all_values(from, vars, out, err);
}

/* ---- fields ---- */

static bool one_field(const struct value *field, const struct vars *vars, struct list *out, struct error *err)
{
    AUTO(wipe_free) char *name = NULL, *value = NULL;
    struct piece piece = { 0 };
    bool optional;

    if (value_text(field) == NULL)
        return error_set(err, ERROR_CONFIG, "the field '%s' is no text", field->key);
    optional = is_piece(value_text(field), &piece) && piece.mark == '?';
    TRY(template_text(field->key, vars, &name, err));
    if (field->type == VALUE_TEXT)
        TRY(template_text(field->text, vars, &value, err));
    else
        value = xstrdup(value_text(field));
    if (optional && value[0] == '\0')
        return true;
    list_add(out, name);
    list_add(out, value);
    return true;
}

bool template_fields(const struct value *from, const struct vars *vars, struct list *out, struct error *err)
{
    for (size_t i = 0; from != NULL && i < from->len; i++) {
        const struct value *field = &from->at[i], *list;
        struct piece piece = { 0 };

        if (!is_piece(field->key, &piece) || piece.mark != '*') {
            TRY(one_field(field, vars, out, err));
            continue;
        }
        list = the_list(&piece, vars, err);
        TRY(list != NULL);
        for (size_t j = 0; j < list->len; j++) {
            AUTO(vars_clear) struct vars scope = { .outer = vars };

            set_entry(&scope, &list->at[j], j);
            TRY(template_fields(field, &scope, out, err));
        }
    }
    return true;
}
