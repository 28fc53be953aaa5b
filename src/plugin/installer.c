#include "plugin/installer.h"

#include "base/mem.h"

const char *enhancement_name(enum enhancement enhancement)
{
    static const char *const names[ENHANCE_COUNT] = { "hsts", "redirect", "staple-ocsp", "uir", "security-headers",
        "auto-hsts" };

    return names[enhancement];
}

struct deployment *deployment_dup(const struct deployment *deployment)
{
    struct deployment *copy = xcalloc(1, sizeof *copy);
    struct pair *pairs = xcalloc(deployment->pair_count + 1, sizeof *pairs);
    struct identifiers *names = xcalloc(1, sizeof *names);

    for (size_t i = 0; i < deployment->pair_count; i++) {
        const struct pair *from = &deployment->pairs[i];

        pairs[i] = (struct pair){
            .cert = xstrdup_or_null(from->cert),
            .key = xstrdup_or_null(from->key),
            .chain = xstrdup_or_null(from->chain),
            .fullchain = xstrdup_or_null(from->fullchain),
        };
    }
    *names = identifiers_dup(deployment->names);
    *copy = *deployment;
    copy->lineage = xstrdup_or_null(deployment->lineage);
    copy->names = names;
    copy->pairs = pairs;
    return copy;
}

void deployment_free(struct deployment *copy)
{
    if (copy == NULL)
        return;
    for (size_t i = 0; i < copy->pair_count; i++) {
        free((char *)copy->pairs[i].cert);
        free((char *)copy->pairs[i].key);
        free((char *)copy->pairs[i].chain);
        free((char *)copy->pairs[i].fullchain);
    }
    free((struct pair *)copy->pairs);
    identifiers_clear((struct identifiers *)copy->names);
    free((struct identifiers *)copy->names);
    free((char *)copy->lineage);
    free(copy);
}
