/* Whatever stands in the file: it is read, and what was read is written so that it is read alike. */
#include <stdlib.h>

#include "notify/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(memory_clear) struct memory memory = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(MEMORY_MAX), second = BUF(MEMORY_MAX);

    memory_parse((struct view){ (const char *)data, size }, &memory);
    memory_format(&memory, &text);
    memory_parse(buf_view(&text), &again);
    memory_format(&again, &second);
    if (!view_equal(buf_view(&text), buf_view(&second)))
        abort();
    return 0;
}
