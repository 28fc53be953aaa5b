/*
 * A self-signed certificate that stands in for one that was lost (`emergency`).
 */
#include "crypto/stop_gap.h"

#include "health/private.h"

void check_stop_gap(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(cert_free) struct cert *cert = NULL;
    struct finding *finding;

    if (lineage == NULL || lineage->live[KIND_CERT] == NULL)
        return;
    cert = health_read_cert(lineage->live[KIND_CERT]);
    if (cert == NULL || !cert_is_stop_gap(cert))
        return;
    finding = health_find(subject->health, subject, "stop-gap", HEALTH_ERROR, lineage->live[KIND_CERT],
        "browsers and other clients warn of it or refuse it",
        "a self-signed stop-gap stands in for a certificate that was lost");
    finding_answer(finding, "obtain a new one: renew --cert-name %s", subject->name);
}
