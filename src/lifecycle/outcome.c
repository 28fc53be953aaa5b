#include "lifecycle/outcome.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/fields.h"

#define LIFE_PART 8 /* of what is left of a certificate's life a pause takes no larger part than this */
#define SHORTEST_S 60
#define EXPIRED_S (BACKOFF_MAX_S / 4) /* the longest one, when it has expired */

bool outcome_waits(struct context *context, const char *name, struct failures *failures)
{
    const struct settings *settings = context->settings;
    struct error err = { 0 };
    bool found;

    if (!context->voice->backs_off || settings->force_renewal || settings->dry_run || ui_is_interactive(context->ui) ||
        !failures_any(context->store))
        return false;
    if (!failures_load(context->store, name, failures, &found, &err)) {
        log_debug("%s", err.why); /* the next attempt writes it anew; doctor tells of it */
        return false;
    }
    return found && backoff_waits(&failures->backoff, context_now(context));
}

static int64_t longest_pause(const struct lineage *lineage, int64_t now)
{
    int64_t part = (lineage->cert->not_after - now) / LIFE_PART;

    if (now >= lineage->cert->not_after)
        return EXPIRED_S;
    return part > BACKOFF_MAX_S ? BACKOFF_MAX_S : part < SHORTEST_S ? SHORTEST_S : part;
}

static bool note_failure(struct context *context, const struct lineage *lineage, bool ordered,
    const struct error *failure, struct error *err)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    int64_t now = context_now(context);
    bool found;

    if (!failures_load(context->store, lineage->name, &failures, &found, err)) {
        log_debug("%s", err->why);
        error_clear(err);
    }
    failures.tried = now;
    failures.failures += failures.failures < FIELD_NUMBER_MAX;
    if (ordered)
        backoff_failed(&failures.backoff, failure->why, now, longest_pause(lineage, now));
    else
        xreplace(&failures.backoff.why, failure->why);
    return failures_save(context->store, lineage->name, &failures, err);
}

void outcome_note(struct context *context, const struct lineage *lineage, bool ordered, const struct error *failure)
{
    struct error err = { 0 };
    bool ok = true;

    if (context->settings->dry_run || (failure != NULL && failure->kind == ERROR_CANCELED))
        return;
    if (failure != NULL && context->voice->backs_off)
        ok = note_failure(context, lineage, ordered, failure, &err);
    else if (failure == NULL && failures_any(context->store))
        ok = failures_drop(context->store, lineage->name, &err);
    if (!ok)
        log_warning("What came of the renewal of %s could not be recorded: %s", lineage->name, err.why);
}
