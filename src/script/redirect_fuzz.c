/* Where redirects lead. What is taken is a web address that can be asked, and itself a base for the next one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "script/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *text = view_dup((struct view){ (const char *)data, size });
    AUTO(free) char *target = redirect_target("https://a.example/b/c?d", text), *again = NULL;

    if (target == NULL)
        return 0;
    if ((!text_starts(target, "http://") && !text_starts(target, "https://")) || strpbrk(target, " \r\n\t#") != NULL)
        abort();
    again = redirect_target(target, "");
    if (again == NULL || !redirect_same_origin(target, again))
        abort();
    return 0;
}
