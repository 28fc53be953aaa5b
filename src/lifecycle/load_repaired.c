#include "lifecycle/load_repaired.h"

#include "base/log.h"
#include "health/health.h"
#include "store/lineage_lock.h"

static size_t repair(struct context *context, const char *name)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(findings_clear) struct findings findings = { 0 };
    struct error err = { 0 };
    size_t repaired = 0;

    /* two repairs at once might both take the same directory for theirs */
    if (!store_lock_repair(context->store, &lock, &err) ||
        !health_examine(context->store, context->settings, name, HEALTH_REVIVE, &findings, &err)) {
        log_debug("%s: %s", name, err.why);
        return 0;
    }
    for (size_t i = 0; i < findings.len; i++) {
        if (!findings.at[i].repaired)
            continue;
        repaired++;
        log_warning("Repaired %s: %s (%s)", name, findings.at[i].what, findings.at[i].answers.at[0]);
    }
    return repaired;
}

bool lineage_load_repaired(struct context *context, const char *name, struct lineage **out, struct error *err)
{
    if (lineage_load(context->store, name, out, err))
        return true;
    if (!context->voice->repairs_on_renew || context->settings->dry_run || err->kind == ERROR_CANCELED ||
        repair(context, name) == 0) {
        if (context->voice->explains && err->sys == 0 && err->kind != ERROR_CANCELED)
            (void)error_next(err, "`doctor --cert-name %s` tells what is wrong and what can be done", name);
        return false;
    }
    error_clear(err);
    return lineage_load(context->store, name, out, err);
}
