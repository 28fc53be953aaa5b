#include <stdint.h>
#include <stdlib.h>

#include "acme/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct error err = { 0 };

    if (!account_parse((struct view){ (const char *)data, size }, &info, &err)) {
        if (err.kind != ERROR_ACME || info.contacts.len != 0)
            abort();
        return 0;
    }
    if (info.url != NULL || info.status > ACCOUNT_REVOKED)
        abort(); /* the URL is in a header, never in the body */
    return 0;
}
