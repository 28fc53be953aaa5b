#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acme/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(order_clear) struct order order = { 0 };
    struct error err = { 0 };

    if (!order_parse((struct view){ (const char *)data, size }, &order, &err)) {
        if (err.kind != ERROR_ACME || order.finalize_url != NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < order.identifiers.len; i++)
        if (strpbrk(order.identifiers.at[i].value, "/ \t\r\n;$`'\"\\") != NULL)
            abort(); /* names reach paths and commands' environments */
    (void)order_to_error(&order, &err);
    if (err.why[0] == '\0')
        abort();
    return 0;
}
