/* order.txt of a record: what is read can be written, and is the same when it is read again. */
#include <stdlib.h>
#include <string.h>

#include "store/pending.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(pending_clear) struct pending pending = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(8 << 20), second = BUF(8 << 20);
    struct error err = { 0 };

    if (!pending_parse((struct view){ (const char *)data, size }, &pending, &err)) {
        if (err.kind != ERROR_STORE || err.why[0] == '\0' || pending.order_url != NULL)
            abort();
        return 0;
    }
    if (pending.order_url == NULL || pending.csr_sha256 == NULL || pending.names.len == 0 || pending.requested.len == 0)
        abort();
    pending_format(&pending, &text);
    if (!pending_parse(buf_view(&text), &again, &err))
        abort();
    pending_format(&again, &second);
    if (!view_equal(buf_view(&text), buf_view(&second)) || !list_equal(&pending.names, &again.names))
        abort();
    return 0;
}
