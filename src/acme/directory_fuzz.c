#include <stdint.h>
#include <stdlib.h>

#include "acme/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(directory_clear) struct directory directory = { 0 };
    struct error err = { 0 };

    if (!directory_parse((struct view){ (const char *)data, size }, &directory, &err)) {
        if (err.kind != ERROR_ACME || directory.new_nonce != NULL)
            abort();
        return 0;
    }
    if (directory.new_nonce == NULL || directory.new_account == NULL || directory.new_order == NULL)
        abort(); /* without these there is no CA */
    if (directory.profiles.len != directory.profile_texts.len)
        abort();
    return 0;
}
