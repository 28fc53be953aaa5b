#include "base/log.h"
#include "config/cli_ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_certbot);
    AUTO(settings_free) struct settings *copy = NULL;
    struct error err = { 0 };

    log_terminal_level(LOG_LEVEL_CRITICAL);
    if (cli_ini_read((struct view){ (const char *)data, size }, "fuzz", settings, &err))
        copy = settings_dup(settings);
    return 0;
}
