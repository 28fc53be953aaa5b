#include <stdint.h>
#include <stdlib.h>

#include "acme/session.h"

#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t at = 0;

    if (!retry_after_parse((struct view){ (const char *)data, size }, NOW, &at)) {
        if (at != 0)
            abort();
        return 0;
    }
    if (at < NOW || at > NOW + 366LL * 86400)
        abort(); /* never a wait into the past or without end */
    return 0;
}
