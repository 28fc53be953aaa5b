#pragma once
/* Providers by their descriptions, as the authenticator of all DNS plugins wants them (dns/provider.h). */
#include "dns/provider.h"
#include "recipe/service.h"

struct recipe_provider {
    struct provider provider; /* the first member */
    const struct description *description;
};

/* The functions of a provider, for a description; name: "dns-NAME", borrowed. */
struct recipe_provider recipe_provider_of(const struct description *description, const char *name);

/* Whether the provider is one of these. */
bool recipe_is_provider(const struct provider *provider);

/* Reads the keys of a description from where the user gives them. ERROR_PLUGIN as dns/credentials.h has it; *where is
 * their source, for messages, of the caller's. */
MUST_USE bool recipe_keys(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err);

/* The service that an opened provider's self is. */
struct service *recipe_service_of(void *self) __attribute__((returns_nonnull));
