/* Instants in the forms of RFC 3339 and HTTP, as servers send them. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A time that was read is written and read again as the same. */
static void check(int64_t at)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t again = 0;

    clock_format_rfc3339(at, text);
    if (at >= INT64_C(-62167219200) && at <= INT64_C(253402300799) &&
        (!clock_parse_rfc3339(view_of(text), &again) || again != at))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };
    int64_t at = 0;

    if (clock_parse_rfc3339(text, &at))
        check(at);
    if (clock_parse_http_date(text, &at))
        check(at);
    if (clock_parse_local(text, &at))
        check(at);
    return 0;
}
