#include <stdint.h>
#include <stdlib.h>

#include "acme/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(account_info_clear) struct account_info info = { 0 };

    account_read((struct view){ (const char *)data, size }, &info);
    if (info.url != NULL || info.created || info.status > ACCOUNT_REVOKED)
        abort(); /* the URL is in a header, never in the body */
    return 0;
}
