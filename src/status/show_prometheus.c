#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "status/show.h"

#define LABEL_MAX 1024

/* ---- the format ---- */

static void put_head(struct buf *to, const char *metric, const char *help)
{
    buf_putf(to, "# HELP evercert_%s %s\n# TYPE evercert_%s gauge\n", metric, help, metric);
}

/* One label: foreign text made printable, then escaped as the format has it. */
static void put_label(struct buf *to, const char *before, const char *label, const char *value)
{
    AUTO(free) char *printable = text_printable_dup(view_of(value), LABEL_MAX, false);

    buf_putf(to, "%s%s=\"", before, label);
    for (const char *at = printable; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            buf_put_char(to, '\\');
        buf_put_char(to, *at);
    }
    buf_put_char(to, '"');
}

static void put_value(struct buf *to, const char *metric, int64_t value)
{
    buf_putf(to, "evercert_%s %lld\n", metric, (long long)value);
}

static void put_labelled(struct buf *to, const char *metric, const char *label, const char *text, int64_t value)
{
    buf_putf(to, "evercert_%s", metric);
    put_label(to, "{", label, text);
    buf_putf(to, "} %lld\n", (long long)value);
}

/* ---- of each certificate ---- */

static bool get_not_before(const struct cert_status *cert, int64_t *out)
{
    *out = cert->not_before;
    return cert->is_known;
}

static bool get_not_after(const struct cert_status *cert, int64_t *out)
{
    *out = cert->not_after;
    return cert->is_known;
}

static bool get_due(const struct cert_status *cert, int64_t *out)
{
    *out = cert->due;
    return cert->is_known && cert->due != UPCOMING_NEVER;
}

static bool get_failures(const struct cert_status *cert, int64_t *out)
{
    *out = cert->failures;
    return true;
}

static bool get_failed(const struct cert_status *cert, int64_t *out)
{
    *out = cert->tried;
    return cert->failures > 0;
}

static bool get_undelivered(const struct cert_status *cert, int64_t *out)
{
    *out = cert->is_undelivered;
    return true;
}

static bool get_level(const struct cert_status *cert, int64_t *out)
{
    *out = cert_state_level(cert->state);
    return true;
}

static const struct {
    const char *metric, *help;
    bool (*get)(const struct cert_status *cert, int64_t *out); /* false: there is no such value */
} metrics[] = {
    { "certificate_not_before_seconds", "Since when the certificate is valid, in seconds since 1970.", get_not_before },
    { "certificate_not_after_seconds", "Until when the certificate is valid, in seconds since 1970.", get_not_after },
    { "certificate_renewal_due_seconds",
        "When its renewal falls due, in seconds since 1970; missing where nothing renews it by itself.", get_due },
    { "certificate_renewal_failures", "Renewals that have failed in a row.", get_failures },
    { "certificate_renewal_failed_seconds", "When the last renewal failed, in seconds since 1970.", get_failed },
    { "certificate_delivery_outstanding", "1 while hooks or a reload are outstanding after a renewal.",
        get_undelivered },
    { "certificate_level", "0 well, 1 warning, 2 critical, 3 not readable.", get_level },
};

static void put_certificates(const struct status *status, struct buf *to)
{
    for (size_t i = 0; i < COUNT(metrics); i++) {
        put_head(to, metrics[i].metric, metrics[i].help);
        for (size_t k = 0; k < status->certs.len; k++) {
            int64_t value;

            if (metrics[i].get(&status->certs.at[k], &value))
                put_labelled(to, metrics[i].metric, "certificate", status->certs.at[k].name, value);
        }
    }
}

static void put_info(const struct status *status, struct buf *to)
{
    put_head(to, "certificate_info", "What else there is to know of the certificate.");
    for (size_t i = 0; i < status->certs.len; i++) {
        const struct cert_status *cert = &status->certs.at[i];

        buf_put_text(to, "evercert_certificate_info");
        put_label(to, "{", "certificate", cert->name);
        put_label(to, ",", "state", cert_state_name(cert->state));
        put_label(to, ",", "issuer", cert->issuer == NULL ? "" : cert->issuer);
        put_label(to, ",", "server", cert->server == NULL ? "" : cert->server);
        put_label(to, ",", "installer", cert->installer == NULL ? "" : cert->installer);
        buf_put_text(to, "} 1\n");
    }
}

/* ---- --online ---- */

static void put_server(const struct cert_status *cert, const struct served *served, struct buf *to)
{
    buf_put_text(to, "evercert_server_shows_certificate");
    put_label(to, "{", "certificate", cert->name);
    put_label(to, ",", "name", served->name);
    put_label(to, ",", "address", served->address == NULL ? "" : served->address);
    buf_putf(to, ",port=\"%d\"", served->port);
    put_label(to, ",", "shows", serving_name(served->how));
    buf_putf(to, "} %d\n", served->how == SERVING_RIGHT);
}

static void put_online(const struct status *status, struct buf *to)
{
    if (!status->is_online)
        return;
    put_head(to, "server_shows_certificate", "1 where a server shows the certificate that is in the store.");
    for (size_t i = 0; i < status->certs.len; i++)
        for (size_t k = 0; k < status->certs.at[i].served_len; k++)
            put_server(&status->certs.at[i], &status->certs.at[i].served[k], to);
    put_head(to, "ca_answers", "1 where the CA gives its directory.");
    for (size_t i = 0; i < status->authority_count; i++)
        put_labelled(to, "ca_answers", "server", status->authorities[i].url, status->authorities[i].answers);
    put_head(to, "ca_clock_ahead_seconds", "How far the CA's clock is ahead of this machine's.");
    for (size_t i = 0; i < status->authority_count; i++)
        if (status->authorities[i].has_clock)
            put_labelled(
                to, "ca_clock_ahead_seconds", "server", status->authorities[i].url, status->authorities[i].ahead_s);
}

/* ---- everything ---- */

static void put_sum(struct buf *to, const char *metric, const char *help, int64_t value)
{
    put_head(to, metric, help);
    put_value(to, metric, value);
}

void show_prometheus(const struct status *status, struct buf *to)
{
    int64_t open = 0;

    for (size_t i = 0; i < status->access.len; i++)
        open += status_counts(&status->access.at[i]);
    put_head(to, "build_info", "The version of this program.");
    put_labelled(to, "build_info", "version", EVERCERT_VERSION, 1);
    put_sum(to, "status_time_seconds", "When this was found, in seconds since 1970.", status->now);
    put_sum(to, "status_level", "0 well, 1 warning, 2 critical, 3 not readable: the worst of all.", status->level);
    put_head(to, "certificates", "Certificates, by their state.");
    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        put_labelled(to, "certificates", "state", cert_state_name(state), (int64_t)status->counts[state]);
    put_sum(to, "certificates_left_out",
        "Certificates that have no metrics of their own here, as there are too many: those that need attention least.",
        (int64_t)status->certs.left_out);
    put_sum(to, "renewals_failing", "Certificates whose last renewal failed.", (int64_t)status->failing);
    put_sum(to, "deliveries_outstanding", "Certificates for which hooks or a reload are outstanding.",
        (int64_t)status->undelivered);
    put_sum(
        to, "schedules", "Timers, lines of cron and daemons that were found to renew.", (int64_t)status->schedules.len);
    put_sum(to, "run_findings",
        "What is wrong with the runs of renew themselves: killed, without end, nothing left to renew.",
        (int64_t)status->runs.len);
    put_sum(to, "permission_findings", "Files that others may read or change, and should not.", open);
    if (status->backups.is_known)
        put_sum(to, "backups", "Backups of the whole store that somebody asked for.", (int64_t)status->backups.count);
    if (status->backups.count > 0)
        put_sum(to, "backup_newest_seconds", "When the newest of them was made, in seconds since 1970.",
            status->backups.newest);
    put_certificates(status, to);
    put_info(status, to);
    put_online(status, to);
}
