/* certificates: what there is. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "typed/international.h"
#include "json/out.h"
#include "lifecycle/inventory.h"

static void put_entry(struct buf *text, const struct inventory_entry *entry, int64_t now, bool international)
{
    const struct summary *summary = entry->summary;
    AUTO(free) char *names = list_join(&summary->names, " ");
    AUTO(free) char *status = inventory_status(entry, now);
    AUTO(free) char *typed = international ? international_names(&summary->names) : NULL;

    buf_putf(text, "  Certificate Name: %s\n    Serial Number: %s\n    Key Type: %s\n    Identifiers: %s\n",
        entry->name, summary->serial, report_key_type(summary->key_type), names);
    if (typed != NULL)
        buf_putf(text, "    International Names: %s\n", typed);
    buf_put_text(text, "    Expiry Date: ");
    report_put_time(text, summary->not_after);
    buf_putf(text, " (%s)\n    Certificate Path: %s\n    Private Key Path: %s\n", status, summary->fullchain,
        summary->privkey);
}

struct listing { /* for people, as far as it has come */
    struct context *context;
    bool chosen, found, begun; /* only some are asked for; there was one; some of it is on the screen */
    struct buf text;           /* the next that goes there */
    struct list invalid;       /* renewal files */
};

/* Shows what there is so far: a window at a time, so that the memory does not grow with the store. */
static void show(struct listing *listing)
{
    struct ui *ui = listing->context->ui;

    if (listing->text.len == 0)
        return;
    if (!listing->begun)
        ui_frame_begin(ui);
    listing->begun = true;
    ui_frame_part(ui, buf_text(&listing->text));
    buf_cut(&listing->text, 0);
}

static void add_entry(struct listing *listing, const struct inventory_entry *entry, int64_t now)
{
    if (entry->summary == NULL) {
        log_warning(
            "Renewal configuration file %s produced an unexpected error: %s. Skipping.", entry->conf_path, entry->why);
        list_add(&listing->invalid, entry->conf_path);
        return;
    }
    if (!listing->found)
        buf_putf(&listing->text, "Found the following %scerts:\n", listing->chosen ? "matching " : "");
    listing->found = true;
    put_entry(&listing->text, entry, now, listing->context->voice->takes_international_names);
}

/* The end of the listing, which depends on all entries. */
static void add_end(struct listing *listing, size_t in_store)
{
    struct buf *text = &listing->text;

    if (!listing->found && listing->invalid.len == 0 && (!listing->chosen || in_store == 0))
        buf_put_text(text, "No certificates found.\n");
    else if (!listing->found && listing->chosen && in_store > listing->invalid.len) /* there are others, that load */
        buf_put_text(text, "Found the following matching certs:\n\n");
    if (listing->invalid.len > 0)
        buf_put_text(text, "\nThe following renewal configurations were invalid:\n");
    for (size_t i = 0; i < listing->invalid.len; i++)
        buf_putf(text, "  %s\n", listing->invalid.at[i]);
}

static bool put_windows(struct listing *listing, struct inventory *inventory, struct error *err)
{
    const struct inventory_window *window;

    do {
        TRY(inventory_next(inventory, &window, err));
        for (size_t i = 0; i < window->len; i++)
            add_entry(listing, &window->at[i], window->now);
        if (!window->is_last)
            show(listing);
    } while (!window->is_last);
    add_end(listing, window->in_store);
    show(listing);
    return true;
}

static bool say_listing(struct context *context, struct inventory *inventory, struct error *err)
{
    const struct settings *settings = context->settings;
    struct listing listing = {
        .context = context,
        .chosen = settings->cert_name != NULL || settings->domains.len > 0 || settings->ip_addresses.len > 0,
        .text = BUF(REPORT_MAX),
    };
    bool ok = put_windows(&listing, inventory, err);

    if (listing.begun)
        ui_frame_end(context->ui);
    buf_clear(&listing.text);
    list_clear(&listing.invalid);
    return ok;
}

static void out_entry(struct out *out, const struct inventory_entry *entry, int64_t now)
{
    const struct summary *summary = entry->summary;

    out_object(out, NULL);
    out_text(out, "name", entry->name);
    report_out_summary(out, summary);
    out_number(out, "seconds_left", summary->not_after - now);
    out_bool(out, "expired", entry->is_expired);
    out_bool(out, "revoked", entry->is_revoked);
    out_bool(out, "test_certificate", entry->is_test);
    out_text(out, "server", summary->server);
    out_text(out, "certificate_path", summary->fullchain);
    out_text(out, "private_key_path", summary->privkey);
    out_text(out, "renewal_file", entry->conf_path);
    out_end(out);
}

static void out_invalid(struct out *out, const struct list *paths, const struct list *errors)
{
    out_array(out, "invalid");
    for (size_t i = 0; i < paths->len; i++) {
        out_object(out, NULL);
        out_text(out, "renewal_file", paths->at[i]);
        out_text(out, "error", errors->at[i]);
        out_end(out);
    }
}

static bool say_json(struct context *context, struct inventory *inventory, struct error *err)
{
    AUTO(list_clear) struct list paths = { 0 }, errors = { 0 };
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    const struct inventory_window *window;
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_array(&out, "certificates");
    do {
        TRY(inventory_next(inventory, &window, err));
        for (size_t i = 0; i < window->len; i++)
            if (window->at[i].summary != NULL) {
                out_entry(&out, &window->at[i], window->now);
            } else {
                list_add(&paths, window->at[i].conf_path);
                list_add(&errors, window->at[i].why);
            }
        ui_write(context->ui, buf_view(&text));
        buf_cut(&text, 0);
    } while (!window->is_last);
    out_end(&out);
    out_invalid(&out, &paths, &errors);
    report_document(context, &out);
    return true;
}

static bool certificates_run(struct context *context, struct error *err)
{
    AUTO(inventory_end) struct inventory *inventory = NULL;

    TRY(inventory_begin(context, &inventory, err));
    return context->settings->json ? say_json(context, inventory, err) : say_listing(context, inventory, err);
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
