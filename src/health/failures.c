/*
 * Recorded failures (failures.h): certificates whose renewal keeps failing.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "store/failures.h"
#include "health/private.h"

static const char why_renew[] = "the certificate is not renewed, and will expire";
#define LATE_PART 3 /* with more than this part of its life left, the failure is no cause for alarm */

static bool is_late(const struct subject *subject)
{
    const struct cert *cert = subject->lineage == NULL ? NULL : subject->lineage->cert;

    return cert == NULL || subject->health->now > cert->not_after - (cert->not_after - cert->not_before) / LATE_PART;
}

static void report_failing(const struct subject *subject, const char *path, const struct failures *failures)
{
    struct finding *finding;
    char tried[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(failures->tried, tried);
    finding = health_find(subject->health, subject, "renewal-failing", is_late(subject) ? HEALTH_WARNING : HEALTH_NOTE,
        path, why_renew, "the last %u attempt(s) to renew it failed, the last at %s: %s", failures->failures, tried,
        failures->backoff.why != NULL ? failures->backoff.why : "unknown");
    finding_answer(finding, "mend the cause, then run `renew --force-renewal --cert-name %s`", subject->name);
}

void check_failures(struct subject *subject)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    AUTO(free) char *path = NULL;
    struct error err = { 0 };
    struct finding *finding;
    bool found;

    if (!failures_any(subject->health->store))
        return;
    path = failures_path(subject->health->store, subject->name);
    if (failures_load(subject->health->store, subject->name, &failures, &found, &err)) {
        if (found)
            report_failing(subject, path, &failures);
        return;
    }
    finding = health_find(subject->health, subject, "failures-unreadable", HEALTH_NOTE, path,
        "how often a renewal has failed is not known", "%s", err.why);
    finding_answer(finding, "nothing has to be done: the next renewal writes or removes it");
}

static bool repair_drop(struct health *health, const struct finding *finding, struct error *err)
{
    return failures_drop(health->store, finding->from, err);
}

void check_stray_failures(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!failures_names(health->store, &names, &err))
        health_note_trouble(&err);
    else
        health_tell_useless(health, &names, failures_path,
            &(struct useless_record){ "failures-stray", "the record of failed renewals", repair_drop });
}
