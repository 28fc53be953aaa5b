/* Whatever stands in the file: it is read, and what was read is written so that it is read alike. */
#include <stdlib.h>

#include "outlook/ct_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(RECORD_MAX), second = BUF(RECORD_MAX);

    ct_record_parse((struct view){ (const char *)data, size }, &record);
    ct_record_format(&record, &text);
    ct_record_parse(buf_view(&text), &again);
    ct_record_format(&again, &second);
    if (!view_equal(buf_view(&text), buf_view(&second)))
        abort();
    return 0;
}
