#include <stdint.h>
#include <stdlib.h>

#include "acme/renewal_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t randoms[] = { 0, 1, UINT64_MAX / 2, UINT64_MAX };
    AUTO(renewal_info_clear) struct renewal_info info = { 0 };
    struct error err = { 0 };

    if (!renewal_info_parse((struct view){ (const char *)data, size }, false, &info, &err)) {
        if (err.kind != ERROR_ACME)
            abort();
        return 0;
    }
    for (size_t i = 0; i < COUNT(randoms); i++) {
        int64_t at = renewal_info_instant(&info, info.end, 0, randoms[i]);

        if (at < info.start || at >= info.end || renewal_info_instant(&info, info.end, at, 0) != at)
            abort();
    }
    return 0;
}
