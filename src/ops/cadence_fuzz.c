/* Lines of cron and calendars: whatever stands there, it is no time at all, or one that a clock can have. */
#include <stdlib.h>

#include "ops/cadence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int64_t seconds)
{
    if (seconds < 0 || seconds > 366 * (int64_t)CADENCE_DAY_S || seconds % 60 != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };

    if (size == 0)
        text = view_of("");
    check(cadence_of_cron(text));
    check(cadence_of_calendar(text));
    return 0;
}
