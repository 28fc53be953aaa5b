/* certificates: what there is. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "config/international.h"
#include "json/out.h"
#include "lifecycle/inventory.h"
#include "store/lineage_conf.h"

static void put_entry(struct buf *text, const struct inventory_entry *entry, int64_t now, bool as_certbot)
{
    const struct lineage *lineage = entry->lineage;
    AUTO(free) char *names = list_join(&lineage->cert->names, " ");
    AUTO(free) char *status = inventory_status(entry, now);
    AUTO(free) char *typed = as_certbot ? NULL : international_names(&lineage->cert->names);

    buf_putf(text, "  Certificate Name: %s\n    Serial Number: %s\n    Key Type: %s\n    Identifiers: %s\n",
        entry->name, lineage->cert->serial, report_key_type(lineage->cert), names);
    if (typed != NULL)
        buf_putf(text, "    International Names: %s\n", typed);
    buf_put_text(text, "    Expiry Date: ");
    report_put_time(text, lineage->cert->not_after);
    buf_putf(text, " (%s)\n    Certificate Path: %s\n    Private Key Path: %s\n", status, lineage->live[KIND_FULLCHAIN],
        lineage->live[KIND_PRIVKEY]);
}

static bool has_lineages(struct context *context)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    return store_lineage_names(context->store, &names, &ignored) && names.len > 0;
}

static void put_listing(struct context *context, const struct inventory *all, struct buf *text)
{
    const struct settings *settings = context->settings;
    bool chosen = settings->cert_name != NULL || settings->domains.len > 0 || settings->ip_addresses.len > 0;
    size_t good = 0, bad = 0;

    for (size_t i = 0; i < all->len; i++)
        *(all->at[i].lineage != NULL ? &good : &bad) += 1;
    if (good == 0 && bad == 0 && (!chosen || !has_lineages(context))) {
        buf_put_text(text, "No certificates found.\n");
        return;
    }
    if (good > 0 || chosen)
        buf_putf(text, "Found the following %scerts:\n%s", chosen ? "matching " : "", good == 0 ? "\n" : "");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].lineage != NULL)
            put_entry(text, &all->at[i], all->now, context->as_certbot);
    if (bad > 0)
        buf_put_text(text, "\nThe following renewal configurations were invalid:\n");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].lineage == NULL)
            buf_putf(text, "  %s\n", all->at[i].conf_path);
}

static void out_entry(struct out *out, const struct inventory_entry *entry, int64_t now)
{
    const struct cert *cert = entry->lineage->cert;

    out_object(out, NULL);
    out_text(out, "name", entry->name);
    report_out_cert(out, cert);
    out_number(out, "seconds_left", cert->not_after - now);
    out_bool(out, "expired", entry->is_expired);
    out_bool(out, "revoked", entry->is_revoked);
    out_bool(out, "test_certificate", entry->is_test);
    out_text(out, "server", lineage_server(entry->lineage));
    out_text(out, "certificate_path", entry->lineage->live[KIND_FULLCHAIN]);
    out_text(out, "private_key_path", entry->lineage->live[KIND_PRIVKEY]);
    out_text(out, "renewal_file", entry->conf_path);
    out_end(out);
}

static void say_json(struct context *context, const struct inventory *all, struct buf *text)
{
    struct out out = out_pretty_to(text);

    out_object(&out, NULL);
    out_array(&out, "certificates");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].lineage != NULL)
            out_entry(&out, &all->at[i], all->now);
    out_end(&out);
    out_array(&out, "invalid");
    for (size_t i = 0; i < all->len; i++)
        if (all->at[i].lineage == NULL) {
            out_object(&out, NULL);
            out_text(&out, "renewal_file", all->at[i].conf_path);
            out_text(&out, "error", all->at[i].why);
            out_end(&out);
        }
    report_document(context, &out);
}

static bool certificates_run(struct context *context, struct error *err)
{
    AUTO(inventory_clear) struct inventory all = { 0 };
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);

    TRY(inventory_take(context, &all, err));
    if (context->settings->json) {
        say_json(context, &all, &text);
        return true;
    }
    for (size_t i = 0; i < all.len; i++)
        if (all.at[i].lineage == NULL)
            log_warning("Renewal configuration file %s produced an unexpected error: %s. Skipping.",
                all.at[i].conf_path, all.at[i].why);
    put_listing(context, &all, &text);
    ui_frame(context->ui, false, buf_text(&text));
    return true;
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_HIDDEN };

const struct command cmd_certificates = {
    .verb = {
        .name = "certificates",
        .summary = "List certificates: names, expiry, files",
        .usage = "[--cert-name NAME] [-d DOMAIN] [--json]",
        .text = "Lists what is managed here, after checking that each key fits its certificate and each chain its leaf, and "
                "asking the CA whether it was revoked where the certificate names an OCSP responder or a revocation list. With "
                "--json for scripts.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .run = certificates_run,
};
