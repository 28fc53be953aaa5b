/* The DER reader: all of its calls on any bytes, each taking at least two. */
#include "crypto/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view rest = { (const char *)data, size };
    char text[DER_OID_TEXT_SIZE];
    struct error err = { 0 };

    while (rest.len > 0) {
        struct view before = rest, copy = rest, content;
        unsigned tag;
        int64_t at;

        if (!der_any(&rest, &tag, &content, "element", &err))
            return 0;
        if (rest.len + 2 > before.len || content.at < before.at || content.at + content.len > before.at + before.len)
            abort();
        (void)!der_unsigned(&copy, &content, "number", &err);
        copy = before;
        (void)!der_bits(&copy, &content, "bits", &err);
        copy = before;
        (void)!der_time(&copy, &at, "time", &err);
        der_oid_text(before, text);
        if ((tag & 0x20) != 0 && content.at > before.at) /* step into what is constructed */
            rest = (struct view){ content.at, (size_t)(before.at + before.len - content.at) };
    }
    return 0;
}
