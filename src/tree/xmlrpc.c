#include "tree/xmlrpc.h"

#include <string.h>

#include "base/mem.h"
#include "tree/xml.h"

#define DEPTH_MAX 32

static bool convert(const struct value *from, int depth, struct value *out);

/* Elements that stand once are no list in what xml_read makes. */
static size_t count_of(const struct value *elements)
{
    return elements == NULL ? 0 : value_is_list(elements) ? elements->len : 1;
}

static const struct value *nth(const struct value *elements, size_t n)
{
    return value_is_list(elements) ? &elements->at[n] : elements;
}

static bool convert_struct(const struct value *from, int depth, struct value *out)
{
    const struct value *members = value_member(from, "member");

    value_set_object(out);
    for (size_t i = 0; i < count_of(members); i++) {
        const char *name = value_member_text(nth(members, i), "name");
        const struct value *value = value_member(nth(members, i), "value");

        if (name == NULL || value == NULL || !convert(value, depth, value_member_for(out, name)))
            return false;
    }
    return true;
}

static bool convert_array(const struct value *from, int depth, struct value *out)
{
    const struct value *values = value_member(value_member(from, "data"), "value");

    value_set_list(out);
    for (size_t i = 0; i < count_of(values); i++)
        if (!convert(nth(values, i), depth, value_add(out)))
            return false;
    return true;
}

/* What stands in <value>. */
static bool convert(const struct value *from, int depth, struct value *out)
{
    const struct value *typed = from;

    if (depth > DEPTH_MAX)
        return false;
    if (value_is_object(from)) {
        if (from->len != 1)
            return false;
        typed = &from->at[0];
        if (strcmp(typed->key, "struct") == 0)
            return convert_struct(typed, depth + 1, out);
        if (strcmp(typed->key, "array") == 0)
            return convert_array(typed, depth + 1, out);
    }
    if (value_text(typed) == NULL)
        return false;
    value_set_text(out, view_of(value_text(typed)));
    return true;
}

bool xmlrpc_read(struct view text, struct value *out, struct error *err)
{
    AUTO(value_clear) struct value tree = { 0 };
    const struct value *value;

    TRY(xml_read(text, &tree, err));
    value = value_walk(&tree, "fault.value");
    if (value == NULL)
        value = value_walk(&tree, "params.param.value");
    value_clear(out);
    return (value != NULL && convert(value, 0, out)) ||
           error_set(err, ERROR_NETWORK, "the reply is not the XML-RPC that we know");
}
