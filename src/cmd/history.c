/* history: the versions of certificates; make an old one live again; remove those of no use. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "json/out.h"
#include "lifecycle/versions.h"
#include "store/history.h"

struct listing { /* text or JSON, whichever is wanted */
    struct context *context;
    struct buf text;
    struct out out;
    int64_t now;
};

static const char *state_of(const struct version *version)
{
    return version->live ? "live" : version->pending ? "pending" : "superseded";
}

/* ---- for people ---- */

static void put_version(struct buf *text, const struct version *version, int64_t now)
{
    const struct cert *cert = version->cert;

    buf_putf(text, "    Version %s: %s", version->id, state_of(version));
    if (cert == NULL) {
        buf_putf(text, ", damaged\n      Certificate Path: %s\n", version->path[KIND_CERT]);
        return;
    }
    buf_putf(text, "%s\n      Serial Number: %s\n      Key Type: %s %u\n      Validity: ",
        cert->not_after <= now ? ", expired" : "", cert->serial, report_key_type(cert->key_type), cert->key_bits);
    report_put_time(text, cert->not_before);
    buf_put_text(text, " - ");
    report_put_time(text, cert->not_after);
    buf_put_char(text, '\n');
}

/* ---- for programs ---- */

static void out_version(struct out *out, const struct version *version, int64_t now)
{
    const struct cert *cert = version->cert;

    out_object(out, NULL);
    out_text(out, "id", version->id);
    out_text(out, "state", state_of(version));
    out_bool(out, "damaged", cert == NULL);
    if (cert != NULL) {
        AUTO(summary_free) struct summary *summary = summary_of_cert(cert);

        report_out_summary(out, summary);
        out_bool(out, "expired", cert->not_after <= now);
    }
    out_text(out, "certificate_path", version->path[KIND_FULLCHAIN]);
    out_text(out, "private_key_path", version->path[KIND_PRIVKEY]);
    out_end(out);
}

/* ---- listing ---- */

static bool list_one(struct listing *listing, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(history_clear) struct history history = { 0 };
    bool json = listing->context->settings->json;

    TRY(lineage_load(listing->context->store, name, &lineage, err));
    TRY(lineage_history(lineage, &history, err));
    if (!json) {
        buf_putf(&listing->text, "  Certificate Name: %s\n", name);
        for (size_t i = 0; i < history.len; i++)
            put_version(&listing->text, &history.at[i], listing->now);
        return true;
    }
    out_object(&listing->out, NULL);
    out_text(&listing->out, "name", name);
    out_text(&listing->out, "layout", lineage_layout(lineage));
    out_array(&listing->out, "versions");
    for (size_t i = 0; i < history.len; i++)
        out_version(&listing->out, &history.at[i], listing->now);
    out_end(&listing->out);
    out_end(&listing->out);
    return true;
}

static void list_broken(struct listing *listing, const struct list *broken)
{
    out_end(&listing->out);
    out_array(&listing->out, "invalid");
    for (size_t i = 0; i + 1 < broken->len; i += 2) {
        out_object(&listing->out, NULL);
        out_text(&listing->out, "name", broken->at[i]);
        out_text(&listing->out, "error", broken->at[i + 1]);
        out_end(&listing->out);
    }
}

/* Lists the lineages. One that cannot be read does not stop the others; if it was named, that is an error. */
static bool list_all(struct listing *listing, const struct list *names, bool named, struct error *err)
{
    AUTO(list_clear) struct list broken = { 0 }; /* name and error in turns */
    bool json = listing->context->settings->json;

    if (json) {
        out_object(&listing->out, NULL);
        out_array(&listing->out, "certificates");
    }
    for (size_t i = 0; i < names->len; i++) {
        struct error failure = { 0 };

        if (list_one(listing, names->at[i], &failure))
            continue;
        if (named) {
            *err = failure;
            return false;
        }
        list_add(&broken, names->at[i]);
        list_add(&broken, failure.why);
        if (!json)
            log_warning("The versions of %s cannot be listed: %s", names->at[i], failure.why);
    }
    if (json)
        list_broken(listing, &broken);
    return true;
}

static bool list_versions(struct context *context, const char *only, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct listing listing = { .context = context, .text = BUF(REPORT_MAX), .now = clock_now() };
    bool ok;

    TRY(versions_lineages(context, only, &names, err));
    listing.out = out_pretty_to(&listing.text);
    ok = list_all(&listing, &names, only != NULL, err);
    if (ok && context->settings->json)
        report_document(context, &listing.out);
    else if (ok)
        ui_frame(context->ui, false, names.len == 0 ? "No certificates found." : buf_text(&listing.text));
    buf_clear(&listing.text);
    return ok;
}

/* ---- changing ---- */

static bool restore(struct context *context, const char *name, const char *id, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *now = NULL;

    TRY(versions_lineages(context, name, &names, err));
    TRY(versions_restore(context, name, id, &now, err));
    if (now == NULL)
        ui_say(context->ui, "Nothing was changed.");
    else if (strcmp(now, id) == 0)
        ui_say(context->ui, "Version %s of %s is live again.", id, name);
    else
        ui_say(context->ui, "Version %s of %s is live again, as version %s.", id, name, now);
    return true;
}

static void say_pruned(struct context *context, const char *name, const struct list *removed)
{
    AUTO(free) char *ids = list_join(removed, ", ");

    if (removed->len > 0)
        ui_say(context->ui, "Removed %s of %s: %s", removed->len == 1 ? "a version" : "versions", name, ids);
}

static void out_pruned(struct out *out, const char *name, const struct list *removed, const struct error *failure)
{
    if (removed->len == 0 && failure->kind == ERROR_NONE)
        return;
    out_object(out, NULL);
    out_text(out, "name", name);
    out_texts(out, "removed", removed);
    if (failure->kind != ERROR_NONE)
        out_text(out, "error", failure->why);
    out_end(out);
}

static bool prune_all(struct context *context, const struct list *names, struct out *out, struct error *err)
{
    bool json = context->settings->json;
    size_t count = 0, failed = 0;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(list_clear) struct list removed = { 0 };
        struct error failure = { 0 };

        if (!versions_prune(context, names->at[i], &removed, &failure)) {
            if (failed++ == 0) { /* which the command ends with */
                *err = failure;
                (void)error_in(err, "removing old versions of %s", names->at[i]);
            } else {
                log_warning("Could not remove old versions of %s: %s", names->at[i], failure.why);
            }
        }
        if (json)
            out_pruned(out, names->at[i], &removed, &failure);
        else
            say_pruned(context, names->at[i], &removed);
        count += removed.len;
    }
    if (count == 0 && failed == 0 && !json)
        ui_say(context->ui, "There are no versions that are of no use.");
    return failed == 0;
}

static bool prune(struct context *context, const char *only, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);
    bool ok;

    TRY(versions_lineages(context, only, &names, err));
    out_object(&out, NULL);
    out_array(&out, "certificates");
    ok = prune_all(context, &names, &out, err);
    if (context->settings->json)
        report_document(context, &out);
    return ok;
}

/* ---- the command ---- */

static bool usage(struct error *err, const char *what)
{
    (void)error_set(err, ERROR_USAGE, "%s", what);
    return error_next(err, "history [NAME], history restore NAME VERSION, or history prune [NAME]");
}

/* NAME may be said with --cert-name instead: so one that is called "prune" can be, too. */
static bool history_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    const char *name = context->settings->cert_name, *what = words->len > 0 ? words->at[0] : "";
    bool restoring = strcmp(what, "restore") == 0, pruning = strcmp(what, "prune") == 0;
    size_t at = restoring || pruning ? 1 : 0;

    if (name == NULL && at < words->len)
        name = words->at[at++];
    if (restoring) {
        if (name == NULL || at + 1 != words->len)
            return usage(err, "restore needs the name of a certificate and one of its versions");
        if (context->settings->json)
            return usage(err, "restore has hooks and questions to print, and nothing for --json");
        return restore(context, name, words->at[at], err);
    }
    if (at < words->len)
        return usage(err, "more than one certificate was named");
    return pruning ? prune(context, name, err) : list_versions(context, name, err);
}

static const enum option_topic topics[] = { TOPIC_HIDDEN };

static const char *const actions[] = { "restore", "prune", NULL };

static bool only_lists(const struct settings *settings)
{
    const char *what = settings->operands.len > 0 ? settings->operands.at[0] : "";

    return strcmp(what, "restore") != 0 && strcmp(what, "prune") != 0;
}

const struct command cmd_history = {
    .verb = {
        .name = "history",
        .summary = "List a certificate's versions, restore or remove old ones",
        .usage = "[NAME] [--json] | restore NAME VERSION | prune [NAME] [--history-keep N] [--json]",
        .text = "Lists the versions of a certificate, or of all of them, the oldest first: which one is live, which were "
                "superseded, and whether they have expired. `restore` makes an old version live again, in one step, and then "
                "runs the deploy hooks as after a renewal; it says when that version has expired or was revoked. It stays "
                "live until the next renewal. `prune` removes superseded versions, with their keys, that --history-keep does "
                "not keep, as each renewal does.",
        .topics = topics,
        .actions = actions,
        .max_operands = 3, /* restore NAME VERSION */
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_lists,
    .run = history_run,
};
