/* Commands: whatever stands there, reading ends, and words that are certain are the same once they were written. */
#include <stdlib.h>
#include <string.h>

#include "ops/command_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inverse(const struct command_words *command, enum quoting quoting)
{
    AUTO(free) char *text = unit_command(&command->words, quoting);
    AUTO(command_words_clear) struct command_words again = { 0 };
    struct view rest = view_of(text);

    if (strlen(text) > UNIT_TEXT_MAX / 2)
        return;
    if (!command_words_next(&rest, quoting, &again) || again.words.len != command->words.len)
        abort();
    for (size_t i = 0; i < again.words.len; i++)
        if (strcmp(again.words.at[i], command->words.at[i]) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum quoting quotings[] = { QUOTING_SYSTEMD, QUOTING_CRON, QUOTING_SHELL, QUOTING_PLIST };

    for (size_t i = 0; size > 0 && i < COUNT(quotings); i++) {
        struct view rest = { (const char *)data, size };
        AUTO(command_words_clear) struct command_words command = { 0 };

        while (command_words_next(&rest, quotings[i], &command))
            if (command.is_certain)
                check_inverse(&command, quotings[i]);
    }
    return 0;
}
