/* Settings restored from a renewal file can be saved, and are restored the same. */
#include <stdlib.h>

#include "config/renewal_params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(conf_free) struct conf *saved = conf_new();
    AUTO(settings_free) struct settings *settings = settings_new(&voice_certbot);
    AUTO(settings_free) struct settings *again = settings_new(&voice_certbot);
    struct error err = { 0 };

    if (!conf_read((struct view){ (const char *)data, size }, "fuzz", &conf, &err) ||
        !renewal_params_restore(conf, "fuzz", settings, &err))
        return 0;
    renewal_params_save(settings, saved);
    if (!renewal_params_restore(saved, "fuzz", again, &err))
        abort();
    return 0;
}
