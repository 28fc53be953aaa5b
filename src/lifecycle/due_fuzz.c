/* Intervals of renewal files: whatever is taken is no longer than certificates can be dealt with. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lifecycle/due.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *text = xstrndup((const char *)data, size), *sum = NULL;
    struct error err = { 0 };
    int64_t seconds = -1, again = -1;

    if (!due_parse_interval(text, &seconds, &err)) {
        if (seconds != -1 || err.kind != ERROR_CONFIG || err.why[0] == '\0')
            abort();
        return 0;
    }
    if (seconds < 0)
        abort();
    sum = xprintf("%s, 0 seconds", text);
    if (strchr("0123456789 \t\r\n\v\f", text[strlen(text) - 1]) != NULL)
        return 0; /* a bare number means days only at the end */
    if (!due_parse_interval(sum, &again, &err) || again != seconds)
        abort();
    return 0;
}
