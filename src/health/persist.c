/*
 * Standing records of dns-persist-01 that end (persistUntil), by what the last order has seen and kept with the
 * lineage.
 */
#include "base/clock.h"
#include "base/text.h"
#include "disk/renewal_file.h"
#include "health/private.h"

#define PARAMS "renewalparams"
#define WARN_S ((int64_t)30 * 24 * 60 * 60)

/* False: it has none, as far as is known. */
static bool read_end(const struct lineage *lineage, int64_t *until)
{
    const char *authenticator = conf_get(lineage->conf, PARAMS, "authenticator");
    const char *text = conf_get(lineage->conf, PARAMS, "dns_persist_until");

    return text_equal(authenticator, "dns-persist") && text != NULL && clock_parse_rfc3339(view_of(text), until);
}

/* A record that ends before the certificate does is gone when that is to be renewed, or soon after. */
void check_persist(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    const struct health *health = subject->health;
    struct finding *finding;
    char date[CLOCK_TEXT_SIZE];
    int64_t until;
    bool over;

    if (lineage == NULL || !read_end(lineage, &until) ||
        (until - health->now > WARN_S && (lineage->cert == NULL || until > lineage->cert->not_after)))
        return;
    over = until <= health->now;
    clock_format_date(until, date);
    finding = health_find(subject->health, subject, over ? "persist-record-over" : "persist-record-ends",
        over ? HEALTH_ERROR : HEALTH_WARNING, lineage->conf_path,
        "with it goes the only proof of control, and the certificate expires",
        over ? "the DNS record by which it is renewed was good until %s (persistUntil): renewals fail"
             : "the DNS record by which it is renewed is good until %s (persistUntil): renewals fail from then on",
        date);
    finding_answer(finding,
        "replace the record at _validation-persist.NAME by one with a later persistUntil, or without; if that is done, "
        "the "
        "next renewal takes note of it: `renew --cert-name %s --force-renewal`",
        subject->name);
}
