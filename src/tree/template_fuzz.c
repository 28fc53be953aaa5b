/* Templates: whatever passes the check expands, or says why not. */
#include "base/mem.h"
#include "tree/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *text = view_dup((struct view){ (const char *)data, size });
    AUTO(buf_clear) struct buf plain = BUF(65536), url = BUF(65536);
    AUTO(vars_clear) struct vars vars = { 0 };
    struct error err = { 0 };

    if (size > 2048)
        return 0;
    vars_set_text(&vars, "value", "a b/\"c\"");
    vars_set_text(&vars, "fqdn", "_acme-challenge.example.org.");
    vars_set_number(&vars, "now", 1792000000);
    if (!template_check(text, NULL, NULL, &err))
        return 0;
    if (template_expand(text, false, &vars, &plain, &err))
        (void)!template_expand(text, true, &vars, &url, &err);
    return 0;
}
