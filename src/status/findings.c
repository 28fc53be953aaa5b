#include "status/findings.h"

/* What is told of a name that nobody is known to serve from here may be meant so. */
static enum health_severity severity_of(const struct cert_status *cert, enum serving how)
{
    if (how == SERVING_EXPIRED)
        return HEALTH_ERROR;
    return cert->installer == NULL && (how == SERVING_NONE || how == SERVING_OTHER) ? HEALTH_NOTE : HEALTH_WARNING;
}

static void find_served(const struct cert_status *cert, const struct served *served, struct findings *findings)
{
    const char *address = served->address != NULL ? served->address : "no address";
    enum health_severity severity = severity_of(cert, served->how);
    struct finding *finding;

    if (served->how == SERVING_RIGHT)
        return;
    if (served->how == SERVING_NONE) {
        finding = findings_add(findings, "not-served", severity, cert->name, "nobody gets the certificate there",
            "for %s, %s port %d shows no certificate: %s", served->name, address, served->port, served->what);
        finding_answer(finding, "start the server, if one is to serve it there");
        return;
    }
    finding = findings_add(findings, served->how == SERVING_EXPIRED ? "served-expired" : "served-otherwise", severity,
        cert->name, "visitors get another certificate than the one that is kept renewed here",
        "for %s, %s port %d shows %s", served->name, address, served->port, served->what);
    finding_answer(
        finding, "have the server read its files again, or name those of live/%s in its configuration", cert->name);
}

static void find_authority(const struct authority *authority, struct findings *findings)
{
    struct finding *finding;

    if (!authority->is_asked || authority->answers)
        return;
    finding = findings_add(findings, "ca-silent", HEALTH_ERROR, NULL, "nothing can be renewed there meanwhile",
        "%s does not answer as a CA: %s", authority->url, authority->why);
    finding_answer(finding, "look whether this machine reaches it, by way of its proxy if there is one; and at the "
                            "CA's own page of its state");
}

void status_find(const struct status *status, struct findings *findings)
{
    for (size_t i = 0; i < status->authority_count; i++)
        find_authority(&status->authorities[i], findings);
    for (size_t i = 0; i < status->certs.len; i++)
        for (size_t n = 0; n < status->certs.at[i].served_len; n++)
            find_served(&status->certs.at[i], &status->certs.at[i].served[n], findings);
}
