/* Settings files. What is read is an environment; no secret of at least four bytes is left in what is shown. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "script/settings_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(script_settings_clear) struct script_settings settings = { 0 };
    struct view text = { size == 0 ? "" : (const char *)data, size };
    AUTO(free) char *hidden = NULL;
    struct error err = { 0 };

    if (!script_settings_read(text, "/f", &settings, &err))
        return 0;
    for (size_t i = 0; i < settings.env.len; i++) {
        const char *sign = strchr(settings.env.at[i], '=');

        if (sign == NULL || sign == settings.env.at[i])
            abort();
        if (strlen(sign + 1) < 4)
            continue;
        hidden = secrets_hide(&settings.secrets, (struct view){ sign + 1, strlen(sign + 1) });
        if (strcmp(hidden, "[hidden]") != 0)
            abort();
        free(TAKE(hidden));
    }
    script_settings_add_secrets(&settings, text);
    return 0;
}
