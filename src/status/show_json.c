#include "json/out.h"
#include "lifecycle/upcoming.h"
#include "status/show.h"

#define SCHEMA 1 /* a key that goes or changes its meaning makes it 2; new keys do not */

static void out_moment(struct out *out, const char *name, const struct moment *moment)
{
    if (moment->name == NULL) {
        out_null(out, name);
        return;
    }
    out_object(out, name);
    out_text(out, "certificate", moment->name);
    out_time(out, "at", moment->at);
    out_end(out);
}

static void out_served(struct out *out, const struct cert_status *cert)
{
    out_array(out, "servers");
    for (size_t i = 0; i < cert->served_len; i++) {
        const struct served *served = &cert->served[i];

        out_object(out, NULL);
        out_text(out, "name", served->name);
        out_text(out, "address", served->address);
        out_number(out, "port", served->port);
        out_text(out, "shows", serving_name(served->how));
        out_text(out, "what", served->what);
        out_time(out, "not_after", served->not_after);
        out_end(out);
    }
    out_end(out);
}

static void out_renewal(struct out *out, const struct cert_status *cert)
{
    if (cert->is_known && cert->due != UPCOMING_NEVER)
        out_time(out, "renewal_due", cert->due);
    else
        out_null(out, "renewal_due");
    out_number(out, "renewal_failures", cert->failures);
    out_time(out, "renewal_failed_at", cert->tried);
    out_text(out, "renewal_failure", cert->failure);
    out_time(out, "renewal_not_before", cert->retry);
    out_bool(out, "delivery_outstanding", cert->is_undelivered);
    out_text(out, "delivery_failure", cert->delivery_failure);
}

static void out_cert(struct out *out, const struct status *status, const struct cert_status *cert)
{
    out_object(out, NULL);
    out_text(out, "name", cert->name);
    out_text(out, "state", cert_state_name(cert->state));
    out_text(out, "level", level_name(cert_state_level(cert->state)));
    out_texts(out, "identifiers", &cert->names);
    out_number(out, "identifier_count", (int64_t)cert->name_count);
    out_text(out, "server", cert->server);
    out_text(out, "issuer", cert->issuer);
    out_text(out, "installer", cert->installer);
    out_bool(out, "test_certificate", cert->is_test);
    out_time(out, "not_before", cert->not_before);
    out_time(out, "not_after", cert->not_after);
    if (cert->is_known)
        out_number(out, "seconds_left", cert->not_after - status->now);
    else
        out_null(out, "seconds_left");
    out_text(out, "error", cert->why);
    out_renewal(out, cert);
    if (status->is_online)
        out_served(out, cert);
    out_end(out);
}

static void out_findings(struct out *out, const char *name, const struct findings *findings)
{
    out_array(out, name);
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];

        out_object(out, NULL);
        out_text(out, "code", finding->code);
        out_text(out, "severity", health_severity_name(finding->severity));
        out_text(out, "certificate", finding->lineage);
        out_text(out, "path", finding->path);
        out_text(out, "what", finding->what);
        out_end(out);
    }
    out_end(out);
}

static void out_permissions(struct out *out, const struct status *status)
{
    out_object(out, "permissions");
    out_number(out, "examined", (int64_t)status->access.examined);
    out_findings(out, "findings", &status->access);
    out_end(out);
}

static void out_authorities(struct out *out, const struct status *status)
{
    out_array(out, "cas");
    for (size_t i = 0; i < status->authority_count; i++) {
        const struct authority *authority = &status->authorities[i];

        out_object(out, NULL);
        out_text(out, "server", authority->url);
        out_number(out, "certificates", (int64_t)authority->count);
        if (authority->is_asked) {
            out_bool(out, "answers", authority->answers);
            out_text(out, "error", authority->why);
            if (authority->has_clock)
                out_number(out, "clock_ahead_seconds", authority->ahead_s);
            else
                out_null(out, "clock_ahead_seconds");
        }
        out_end(out);
    }
    out_end(out);
}

static void out_sums(struct out *out, const struct status *status)
{
    out_object(out, "counts");
    out_number(out, "certificates", (int64_t)status->in_store);
    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        out_number(out, cert_state_name(state), (int64_t)status->counts[state]);
    out_number(out, "test_certificates", (int64_t)status->tests);
    out_number(out, "not_renewed_by_themselves", (int64_t)status->unattended);
    out_number(out, "renewals_failing", (int64_t)status->failing);
    out_number(out, "deliveries_outstanding", (int64_t)status->undelivered);
    out_end(out);
}

static void out_schedules(struct out *out, const struct status *status)
{
    out_array(out, "schedules");
    for (size_t i = 0; i < status->schedules.len; i++) {
        const struct scheduled_entry *entry = &status->schedules.at[i];

        out_object(out, NULL);
        out_text(out, "where", entry->where);
        out_text(out, "runs", entry->who == SCHEDULED_CERTBOT ? "certbot" : "evercert");
        out_bool(out, "daemon", entry->is_daemon);
        if (entry->interval_s > 0)
            out_number(out, "interval_seconds", entry->interval_s);
        else
            out_null(out, "interval_seconds");
        out_end(out);
    }
    out_end(out);
}

static void out_backups(struct out *out, const struct status *status)
{
    if (!status->backups.is_known) {
        out_null(out, "backups");
        return;
    }
    out_object(out, "backups");
    out_number(out, "count", (int64_t)status->backups.count);
    if (status->backups.count > 0)
        out_time(out, "newest", status->backups.newest);
    else
        out_null(out, "newest");
    out_end(out);
}

static void out_asked(struct out *out, const struct status *status)
{
    if (!status->is_online) {
        out_null(out, "servers");
        return;
    }
    out_object(out, "servers");
    for (enum serving how = 0; how < SERVING_COUNT; how++)
        out_number(out, serving_name(how), (int64_t)status->served[how]);
    out_number(out, "certificates_not_asked_about", (int64_t)status->unasked);
    out_end(out);
}

void show_json(const struct status *status, struct buf *to)
{
    struct out out = out_pretty_to(to);

    out_object(&out, NULL);
    out_number(&out, "schema", SCHEMA);
    out_text(&out, "version", EVERCERT_VERSION);
    out_time(&out, "time", status->now);
    out_text(&out, "config_dir", status->config_dir);
    out_text(&out, "level", level_name(status->level));
    out_number(&out, "warn_below_percent", status->thresholds.warn);
    out_number(&out, "critical_below_percent", status->thresholds.critical);
    out_sums(&out, status);
    out_moment(&out, "next_expiry", &status->ends);
    out_moment(&out, "next_renewal", &status->due);
    out_moment(&out, "last_renewal", &status->issued);
    out_moment(&out, "last_failure", &status->failed);
    out_schedules(&out, status);
    out_findings(&out, "runs", &status->runs);
    out_permissions(&out, status);
    out_backups(&out, status);
    out_authorities(&out, status);
    out_asked(&out, status);
    out_array(&out, "certificates");
    for (size_t i = 0; i < status->certs.len; i++)
        out_cert(&out, status, &status->certs.at[i]);
    out_end(&out);
    out_number(&out, "certificates_left_out", (int64_t)status->certs.left_out);
    out_end(&out);
    buf_put_char(to, '\n');
}
