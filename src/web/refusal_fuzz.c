/* Whatever a configuration test says, the line it names is one line of printable length, made of what was said. */
#include <stdlib.h>

#include "base/bytes.h"
#include "web/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(free) char *said = view_dup((struct view){ (const char *)data, size });
    AUTO(free) char *line = web_refused_line(said);

    if (line != NULL && (view_has(view_of(line), '\n') || strlen(line) > strlen(said) + 3))
        abort();
    return 0;
}
