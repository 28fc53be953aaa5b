#include "tree/vars.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/encode.h"

#define SECRET_MIN 5
#define REDACTED_MAX (64 * 1024)

void vars_clear(struct vars *vars)
{
    for (size_t i = 0; i < vars->len; i++) {
        free(vars->at[i].name);
        value_free_all(&vars->at[i].value);
    }
    free(vars->at);
    *vars = (struct vars){ .outer = vars->outer };
}

static struct var *find(const struct vars *vars, struct view name)
{
    for (size_t i = 0; i < vars->len; i++)
        if (view_is(name, vars->at[i].name))
            return &vars->at[i];
    return NULL;
}

static struct var *place(struct vars *vars, const char *name)
{
    struct var *var = find(vars, view_of(name));

    if (var == NULL) {
        vars->at = xrealloc(vars->at, vars->len + 1, sizeof *vars->at);
        var = &vars->at[vars->len++];
        *var = (struct var){ .name = xstrdup(name) };
    }
    var->secret = false;
    return var;
}

struct value *vars_place(struct vars *vars, const char *name)
{
    return &place(vars, name)->value;
}

void vars_set(struct vars *vars, const char *name, const struct value *value, bool secret)
{
    struct var *var = place(vars, name);

    value_copy(&var->value, value);
    var->secret = secret;
}

void vars_set_text(struct vars *vars, const char *name, const char *text)
{
    value_set_text(vars_place(vars, name), view_of(text));
}

void vars_set_number(struct vars *vars, const char *name, int64_t number)
{
    value_set_number(vars_place(vars, name), number);
}

void vars_set_all(struct vars *vars, const struct vars *from)
{
    for (size_t i = 0; i < from->len; i++)
        vars_set(vars, from->at[i].name, &from->at[i].value, from->at[i].secret);
}

void vars_unset(struct vars *vars, const char *name)
{
    struct var *var = find(vars, view_of(name));

    if (var == NULL)
        return;
    free(var->name);
    value_free_all(&var->value);
    *var = vars->at[--vars->len];
}

const struct value *vars_get(const struct vars *vars, struct view path)
{
    struct view name = { 0 }, rest = path;
    AUTO(free) char *way = NULL;

    if (!view_cut(&rest, '.', &name))
        return NULL;
    way = rest.at == NULL ? xstrdup("") : view_dup(rest);
    for (; vars != NULL; vars = vars->outer) {
        struct var *var = find(vars, name);

        if (var != NULL)
            return value_walk(&var->value, way);
    }
    return NULL;
}

bool vars_is_set(const struct vars *vars, const char *path)
{
    return value_is_set(vars_get(vars, view_of(path)));
}

/* ---- what nobody shall read ---- */

static void replace_all(char **text, const char *secret)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(REDACTED_MAX);
    const char *at = *text, *next;

    if (strlen(secret) < SECRET_MIN || strstr(at, secret) == NULL)
        return;
    while ((next = strstr(at, secret)) != NULL) {
        buf_put(&out, (struct view){ at, (size_t)(next - at) });
        buf_put_text(&out, "***");
        at = next + strlen(secret);
    }
    buf_put_text(&out, at);
    wipe_free(*text);
    *text = buf_take(&out);
}

static void hide(const struct value *value, char **text)
{
    AUTO(buf_clear) struct buf encoded = BUF_SECRET(REDACTED_MAX);

    for (size_t i = 0; i < value->len; i++)
        hide(&value->at[i], text);
    if (value->type != VALUE_TEXT && value->type != VALUE_NUMBER)
        return;
    replace_all(text, value->text);
    encode_url(view_of(value->text), &encoded);
    replace_all(text, buf_text(&encoded));
}

char *vars_redact(const struct vars *vars, const char *text)
{
    char *out = xstrdup(text);

    for (; vars != NULL; vars = vars->outer)
        for (size_t i = 0; i < vars->len; i++)
            if (vars->at[i].secret)
                hide(&vars->at[i].value, &out);
    return out;
}

static void redact_in(const struct vars *vars, char *field, size_t size)
{
    AUTO(wipe_free) char *text = vars_redact(vars, field);

    (void)snprintf(field, size, "%.*s", (int)(size - 1), text);
}

void vars_redact_error(const struct vars *vars, struct error *err)
{
    redact_in(vars, err->what, sizeof err->what);
    redact_in(vars, err->why, sizeof err->why);
    redact_in(vars, err->next, sizeof err->next);
}
