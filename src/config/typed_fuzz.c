/* A name that was taken is taken again and stays as it is, and can be the name of a lineage unless it is a
 * wildcard's. */
#include <stdlib.h>
#include <string.h>

#include "typed/names.h"
#include "config/option_apply.h"
#include "config/option_find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_domain(const char *text)
{
    AUTO(free) char *once = NULL;
    AUTO(free) char *twice = NULL;
    AUTO(free) char *lineage = NULL;
    struct error err = { 0 };

    if (!domain_normalize(text, &once, &err))
        return;
    if (!domain_normalize(once, &twice, &err) || strcmp(once, twice) != 0)
        abort();
    lineage = lineage_name_of(once);
    if (strlen(lineage) <= 200 && !lineage_name_check(lineage, &err))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_certbot);
    AUTO(free) char *text = view_dup((struct view){ (const char *)data, size });
    AUTO(free) char *once = NULL;
    AUTO(free) char *twice = NULL;
    struct error err = { 0 };

    check_domain(text);
    if (ip_address_normalize(text, &once, &err) &&
        (!ip_address_normalize(once, &twice, &err) || strcmp(once, twice) != 0))
        abort();
    (void)!email_check(text, false, &err);
    if (email_check(text, true, &err) && !email_check(text, false, &err))
        abort();
    (void)!lineage_name_check(text, &err);
    (void)!option_apply(settings, option_find("webroot-map"), text, ORIGIN_COMMAND_LINE, &err);
    (void)!option_apply(settings, option_find("domains"), text, ORIGIN_COMMAND_LINE, &err);
    return 0;
}
