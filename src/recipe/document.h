#pragma once
/* What people are told of providers: a list with what each needs, as text, JSON and as the page docs/dns-providers.md.
 */
#include "config/settings.h"
#include "json/out.h"
#include "recipe/description.h"

/* The names of its keys as a credentials file has them, "dns_x_token", optional ones in brackets; of the caller's. */
char *document_keys(const struct description *description) __attribute__((returns_nonnull));

/* A paragraph for each provider: name, title, keys with what they are. One that is wrong says why. */
MUST_USE bool document_list(const struct settings *settings, struct buf *out, struct error *err);
/* The same as an array "providers" of the object that is begun. */
MUST_USE bool document_json(const struct settings *settings, struct out *out, struct error *err);
/* The page of those that come with the program. */
MUST_USE bool document_page(struct buf *out, struct error *err);
/* The page of help for the plugin of that name ("dns-hetzner"): options and keys. *found is false when it is none. */
MUST_USE bool document_help_page(
    const struct settings *settings, const char *plugin, struct buf *out, bool *found, struct error *err);
