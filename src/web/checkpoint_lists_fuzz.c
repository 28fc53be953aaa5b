/*
 * Undo commands from a checkpoint: what is read is written and read again as the same words.
 */
#include <stdint.h>
#include <stdlib.h>

#include "web/checkpoint_lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };
    AUTO(commands_clear) struct commands first = { 0 }, second = { 0 };
    AUTO(list_clear) struct list paths = { 0 };
    AUTO(buf_clear) struct buf written = BUF(CHECKPOINT_LIST_MAX);

    paths_parse(text, &paths);
    if (!commands_parse(text, &first))
        return 0;
    for (size_t i = 0; i < first.len; i++)
        command_put(&first.at[i], &written);
    if (!commands_parse(buf_view(&written), &second) || first.len != second.len)
        abort();
    for (size_t i = 0; i < first.len; i++)
        if (!list_equal(&first.at[i], &second.at[i]))
            abort();
    return 0;
}
