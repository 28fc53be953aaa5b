/* The trace of proofs: what is read can be written, and is the same when it is read again. */
#include <stdlib.h>

#include "store/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(trace_clear) struct trace trace = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(8 << 20), second = BUF(8 << 20);
    struct error err = { 0 };

    if (!trace_parse((struct view){ (const char *)data, size }, &trace, &err)) {
        if (err.kind != ERROR_STORE || err.why[0] == '\0' || trace.authenticator != NULL || trace.count != 0)
            abort();
        return 0;
    }
    for (size_t i = 0; i < trace.count; i++)
        if (trace.proofs[i].type == NULL || trace.proofs[i].kind == NULL || trace.proofs[i].identifier == NULL)
            abort();
    trace_format(&trace, &text);
    if (!trace_parse(buf_view(&text), &again, &err) || again.count != trace.count)
        abort();
    trace_format(&again, &second);
    if (!view_equal(buf_view(&text), buf_view(&second)))
        abort();
    return 0;
}
