#include "tree/predicate.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "tree/template.h"

/* Whether one of the choices (or the only one) is such. */
static bool any(const struct value *choices, const char *text, bool (*fits)(const char *text, const char *choice))
{
    if (choices->type != VALUE_LIST)
        return fits(text, value_text(choices));
    for (size_t i = 0; i < choices->len; i++)
        if (fits(text, value_text(&choices->at[i])))
            return true;
    return false;
}

static bool is_same(const char *text, const char *choice)
{
    return strcmp(text, choice) == 0;
}

static bool has_part(const char *text, const char *choice)
{
    return strcasestr(text, choice) != NULL;
}

static bool path_is(const struct value *predicate, const struct reply *reply)
{
    const struct value *value = value_walk(&reply->value, value_member_text(predicate, "path"));
    const struct value *is = value_member(predicate, "is"), *has = value_member(predicate, "has");
    const struct value *set = value_member(predicate, "set");
    AUTO(buf_clear) struct buf json = BUF_SECRET(DOC_MAX);
    const char *text = value_text(value);

    if (set != NULL && value_is_set(value) != (set->type == VALUE_TRUE))
        return false;
    if (text == NULL && value != NULL && has != NULL) { /* somewhere in it */
        value_put_json(value, &json);
        text = buf_text(&json);
    }
    if (is != NULL && (text == NULL || !any(is, text, is_same)))
        return false;
    return has == NULL || (text != NULL && any(has, text, has_part));
}

static bool status_is(const struct value *statuses, int status)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", status);
    return any(statuses, text, is_same);
}

bool predicate_is(const struct value *predicate, const struct reply *reply)
{
    const struct value *status, *not ;
    const char *text;

    if (predicate == NULL)
        return false;
    if (predicate->type == VALUE_LIST) {
        for (size_t i = 0; i < predicate->len; i++)
            if (predicate_is(&predicate->at[i], reply))
                return true;
        return false;
    }
    status = value_member(predicate, "status");
    not = value_member(predicate, "not");
    text = value_member_text(predicate, "text");
    if (status != NULL && !status_is(status, reply->status))
        return false;
    if (text != NULL && !view_starts(view_trim(buf_view(&reply->body)), text))
        return false;
    if (not != NULL && predicate_is(not, reply))
        return false;
    return value_member(predicate, "path") == NULL || path_is(predicate, reply);
}

/* ---- items ---- */

/* Names are compared without regard to case, values with it. */
static bool fits_text(
    const char *template, const struct value *have, const struct vars *vars, bool *fits, struct error *err)
{
    AUTO(wipe_free) char *want = NULL, *lower = NULL;
    const char *text = value_text(have);

    TRY(template_text(template, vars, &want, err));
    *fits = value_same_text(text != NULL ? text : "", want);
    if (*fits || text == NULL || template_has(template, "value"))
        return true;
    lower = xstrdup(text);
    text_lower(lower);
    text_lower(want);
    *fits = value_same_text(lower, want);
    return true;
}

static bool fits_one(
    const struct value *want, const struct value *have, const struct vars *vars, bool *fits, struct error *err)
{
    *fits = false;
    if (want->type != VALUE_LIST)
        return fits_text(value_text(want), have, vars, fits, err);
    for (size_t i = 0; i < want->len && !*fits; i++)
        TRY(fits_text(value_text(&want->at[i]), have, vars, fits, err));
    return true;
}

bool item_fits(
    const struct value *where, const struct value *item, const struct vars *vars, bool *fits, struct error *err)
{
    *fits = true;
    for (size_t i = 0; where != NULL && i < where->len && *fits; i++)
        TRY(fits_one(&where->at[i], value_walk(item, where->at[i].key), vars, fits, err));
    return true;
}
