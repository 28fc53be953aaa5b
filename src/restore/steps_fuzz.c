/* The journal of a restore: no step leads out of its place, and what is read can be written and read again. */
#include <stdlib.h>

#include "restore/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct step *step)
{
    if ((step->path[0] == '/') != (step->kind == STEP_OUTSIDE) || strstr(step->path, "/../") != NULL ||
        strncmp(step->path, "../", 3) == 0 || step->path[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(steps_clear) struct steps steps = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(STEPS_MAX);
    struct error err = { 0 };

    if (!steps_read((struct view){ (const char *)data, size }, &steps, &err)) {
        if (err.kind != ERROR_STORE || steps.len != 0)
            abort();
        return 0;
    }
    for (size_t i = 0; i < steps.len; i++)
        check(&steps.at[i]);
    if (!steps_write(&steps, &text, &err) || !steps_read(buf_view(&text), &again, &err) || again.len != steps.len)
        abort();
    return 0;
}
