/* A description from anybody: it is refused, or it is one and all of its templates can be expanded without harm. */
#include "tree/reply.h"
#include "recipe/schema.h"
#include "tree/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(const struct value *value, const struct vars *vars)
{
    AUTO(value_clear) struct value out = { 0 };
    AUTO(buf_clear) struct buf text = BUF(65536);
    struct error err = { 0 };
    bool left_out;

    if (template_value(value, vars, &out, &left_out, &err))
        value_put_json(&out, &text);
    for (size_t i = 0; i < value->len && i < 20; i++)
        expand(&value->at[i], vars);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };
    AUTO(value_clear) struct value value = { 0 };
    AUTO(vars_clear) struct vars vars = { 0 };
    struct error err = { 0 };

    if (size > 4096 || !value_read_json(text, "fuzz", &value, &err))
        return 0;
    vars_set_text(&vars, "value", "abc");
    vars_set_text(&vars, "fqdn", "_acme-challenge.example.org");
    if (schema_check(DESCRIBES_DNS, &value, text, "fuzz", &err))
        expand(&value, &vars);
    return 0;
}
