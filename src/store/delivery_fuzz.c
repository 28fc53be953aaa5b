/* The record of a delivery: what is read can be written, and is the same when it is read again. */
#include <stdlib.h>

#include "store/delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(8 << 20), second = BUF(8 << 20);
    struct error err = { 0 };

    if (!delivery_parse((struct view){ (const char *)data, size }, &delivery, &err)) {
        if (err.kind != ERROR_STORE || err.why[0] == '\0' || delivery.version != NULL)
            abort();
        return 0;
    }
    delivery_format(&delivery, &text);
    if (!delivery_parse(buf_view(&text), &again, &err))
        abort();
    delivery_format(&again, &second);
    if (!view_equal(buf_view(&text), buf_view(&second)) || delivery.backoff.failures != again.backoff.failures)
        abort();
    return 0;
}
