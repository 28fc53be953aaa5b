/*
 * Traces of proofs (trace.h) whose run is gone: what they name may still be in place.
 */
#include "base/mem.h"
#include "health/private.h"
#include "store/lineage_lock.h"
#include "store/trace.h"

static const char why_left[] = "files, DNS records or whatever else proved control may still be where they were put";

/* A lineage whose lock is free is not being worked on. Where locks cannot be taken at all, no process writes either. */
static bool is_abandoned(struct health *health, const char *name)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error ignored = { 0 };
    bool taken;

    return !lineage_lock_try(health->store, name, &lock, &taken, &ignored) || taken;
}

static bool repair_sweep(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;

    TRY(lineage_lock(health->store, finding->from, &lock, err));
    return health->rehearsal->sweep(health->rehearsal->ctx, finding->from, err);
}

static void report_unreadable(
    struct health *health, const struct subject *subject, const char *path, const struct error *err)
{
    struct finding *finding = health_find(
        health, subject, "proofs-unreadable", HEALTH_WARNING, path, why_left, "%s: %s", err->what, err->why);

    if (err->sys != 0)
        finding_answer(finding, "make it readable: the next run tries again");
    else
        finding_answer(finding, "look what may be left of it, and remove %s", path);
}

static void report_left(
    struct health *health, const struct subject *subject, const char *name, const char *path, const struct trace *trace)
{
    AUTO(free) char *names = list_join(&trace->identifiers, ", ");
    struct finding *finding = health_find(health, subject, "proofs-left", HEALTH_NOTE, path, why_left,
        "a run that proved control of %s by %s was interrupted", names, trace->authenticator);

    if (health->rehearsal != NULL && health->rehearsal->sweep != NULL) {
        finding_answer(finding, "clean up what it has left, as the next `renew` or `certonly` does");
        finding->from = xstrdup(name);
        finding->repair = repair_sweep;
    } else {
        finding_answer(finding, "leave it: the next `renew` or `certonly` cleans up");
    }
}

static void check_one(struct health *health, const struct subject *subject, const char *name)
{
    AUTO(trace_clear) struct trace trace = { 0 };
    AUTO(free) char *path = NULL;
    struct error err = { 0 };
    bool found;

    if (!trace_is_there(health->store, name) || !is_abandoned(health, name)) /* so for nearly every lineage */
        return;
    path = trace_path(health->store, name);
    if (!trace_load(health->store, name, &trace, &found, &err))
        report_unreadable(health, subject, path, &err);
    else if (found)
        report_left(health, subject, name, path, &trace);
}

void check_trace(struct subject *subject)
{
    check_one(subject->health, subject, subject->name);
}

/* Checks traces without a lineage: of first certificates that were never issued, of deleted certificates, and of users'
 * CSRs. */
void check_traces(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!trace_names(health->store, &names, &err)) {
        health_note_trouble(&err);
        return;
    }
    for (size_t i = 0; i < names.len; i++)
        if (!store_has_lineage(health->store, names.at[i]))
            check_one(health, NULL, names.at[i]);
}
