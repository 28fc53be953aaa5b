/*
 * Recorded deliveries (delivery.h): certificates that are live while hooks or reloads are outstanding.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "store/delivery.h"
#include "health/private.h"

static const char why_not_told[] = "servers may go on with the certificate before it until that one has expired";

static void report_unreadable(const struct subject *subject, const char *path, const struct error *err)
{
    struct finding *finding = health_find(
        subject->health, subject, "delivery-unreadable", HEALTH_WARNING, path, why_not_told, "%s", err->why);

    finding_answer(finding, "make it readable, or run `renew`: it does again all that follows this certificate");
}

static void report_left(const struct subject *subject, const char *path, const struct delivery *delivery)
{
    struct finding *finding;

    if (delivery->backoff.failures == 0)
        finding = health_find(subject->health, subject, "not-delivered", HEALTH_WARNING, path, why_not_told,
            "it is live, but not all that follows that (deploy hooks, the reload of its server) is done: a run was cut "
            "short, or is still at it");
    else
        finding = health_find(subject->health, subject, "not-delivered", HEALTH_WARNING, path, why_not_told,
            "what follows this certificate's going live has failed %u time(s), last: %s", delivery->backoff.failures,
            delivery->backoff.why != NULL ? delivery->backoff.why : "unknown");
    finding_answer(finding, "run `renew --cert-name %s`: it does what is left", subject->name);
}

void check_delivery(struct subject *subject)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    AUTO(free) char *path = delivery_path(subject->health->store, subject->name);
    struct error err = { 0 };
    bool found;

    if (!delivery_load(subject->health->store, subject->name, &delivery, &found, &err))
        report_unreadable(subject, path, &err);
    else if (found && subject->lineage != NULL && subject->lineage->cert != NULL &&
             delivery_settle(&delivery, subject->lineage->cert))
        report_left(subject, path, &delivery);
}

static bool repair_drop(struct health *health, const struct finding *finding, struct error *err)
{
    return delivery_drop(health->store, finding->from, err);
}

void check_deliveries(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!delivery_names(health->store, &names, &err))
        health_note_trouble(&err);
    else
        health_tell_useless(health, &names, delivery_path,
            &(struct useless_record){ "delivery-stray", "the record of a delivery", repair_drop });
}
