/*
 * Certificates of keys that others know, which were to be revoked (`incident key-compromise`).
 */
#include "store/compromised.h"

#include "base/mem.h"
#include "health/private.h"

static const char why_known[] = "whoever has the key can pretend to be these sites";

static struct finding *report(
    struct health *health, const struct subject *subject, const char *name, const struct compromised *compromised)
{
    AUTO(free) char *dir = compromised_dir(health->store, name), *serials = list_join(&compromised->serials, ", ");

    return health_find(health, subject, "compromise-unfinished", HEALTH_ERROR, dir, why_known,
        "%zu certificate(s) of %s whose key others know are not revoked yet: serial number %.500s",
        compromised->serials.len, name, serials);
}

/* A record that is damaged is one of something unfinished all the same. */
static bool load(struct health *health, const struct subject *subject, const char *name, struct compromised *out)
{
    AUTO(free) char *dir = NULL;
    struct finding *finding;
    struct error err = { 0 };

    if (compromised_load(health->store, name, health->now, out, &err))
        return true;
    if (err.sys != 0) {
        health_note_trouble(&err);
        return false;
    }
    dir = compromised_dir(health->store, name);
    finding = health_find(health, subject, "compromise-unfinished", HEALTH_ERROR, dir, why_known, "%s", err.why);
    finding_answer(finding, "remove that file, once the certificate with that serial number is revoked");
    return false;
}

void check_compromised(struct subject *subject)
{
    AUTO(compromised_clear) struct compromised compromised = { 0 };
    struct finding *finding;

    if (!load(subject->health, subject, subject->name, &compromised) || compromised.serials.len == 0)
        return;
    finding = report(subject->health, subject, subject->name, &compromised);
    finding_answer(finding, "finish it: incident key-compromise --cert-name %s", subject->name);
}

/* Of certificates that were deleted before. */
void check_compromises(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!compromised_names(health->store, &names, &err))
        health_note_trouble(&err);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(compromised_clear) struct compromised compromised = { 0 };
        struct finding *finding;

        if (store_has_lineage(health->store, names.at[i]) || !load(health, NULL, names.at[i], &compromised) ||
            compromised.serials.len == 0)
            continue;
        finding = report(health, NULL, names.at[i], &compromised);
        finding_answer(finding,
            "revoke each file there (revoke --cert-path FILE --reason keycompromise), and remove the directory");
    }
}
