#include "recipe/plugins.h"

#include "base/mem.h"
#include "base/named.h"
#include "base/text.h"
#include "recipe/provider.h"
#include "recipe/records.h"

#define PREFIX "dns-"

struct entry {
    struct named named;
    struct dns_plugin plugin;
    struct recipe_provider provider;
    char *name, *about;
};

static struct named_table table = { .lock = MUTEX_INIT };

static bool make(void *item, void *arg, struct error *err)
{
    struct entry *entry = item;
    const struct description *description = arg;

    (void)err;
    entry->name = xprintf(PREFIX "%s", description->name);
    entry->about =
        xprintf("Obtain certificates using a DNS TXT record (if you are using %s for DNS).", description->title);
    entry->provider = recipe_provider_of(description, entry->name);
    entry->plugin = (struct dns_plugin){ .plugin = { .name = entry->name,
                                             .description = entry->about,
                                             .authenticator = &dns_authenticator,
                                             .share = &dns_share },
        .provider = &entry->provider.provider };
    return true;
}

bool recipe_plugin_find(const struct settings *settings, const char *name, const struct plugin **out, struct error *err)
{
    const struct description *description = NULL;
    struct entry *entry;

    *out = NULL;
    if (name == NULL || !text_starts(name, PREFIX))
        return true;
    TRY(description_find(
        DESCRIBES_DNS, settings != NULL ? settings->config_dir : NULL, name + sizeof PREFIX - 1, &description, err));
    if (description == NULL)
        return true;
    entry = named_get(&table, description->path, sizeof *entry);
    MUTEX_HOLD(&entry->named.lock);
    TRY(named_make(&entry->named, make, (void *)description, err));
    *out = &entry->plugin.plugin;
    return true;
}

bool recipe_plugin_look(const struct plugin_context *context, const struct plugin *plugin, const char *name,
    const char *value, bool *there, bool *can, struct error *err)
{
    const struct provider *provider = ((const struct dns_plugin *)plugin)->provider;
    void *self = dns_provider_opened(context);

    *there = *can = false;
    return self == NULL || !recipe_is_provider(provider) ||
           records_look(recipe_service_of(self), name, value, there, can, err);
}

bool recipe_plugin_exists(const struct settings *settings, const char *name)
{
    return name != NULL && text_starts(name, PREFIX) &&
           description_exists(DESCRIBES_DNS, settings != NULL ? settings->config_dir : NULL, name + sizeof PREFIX - 1);
}
