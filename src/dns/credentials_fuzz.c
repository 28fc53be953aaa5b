/*
 * A credentials file of anybody's: each property reads as one text or is not there.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct credential keys[] = {
    { .key = "api_token", .hint = "a token", .old = "api_token other:name" },
    { .key = "email", .hint = "an address", .optional = true },
};
static const struct credentials_form form = { "dns-fuzz", "credentials", keys, COUNT(keys) };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(credentials_free) struct credentials *credentials = NULL;
    struct error err = { 0 };

    if (!credentials_read((struct view){ (const char *)data, size }, "fuzz", &form, &credentials, &err)) {
        if (err.kind != ERROR_PLUGIN || err.why[0] == '\0')
            abort();
        return 0;
    }
    for (size_t i = 0; i < COUNT(keys); i++) {
        const char *value = credentials_get(credentials, keys[i].key);

        if (value != NULL && strlen(value) == 0)
            abort();
    }
    return 0;
}
