/* store: change how certificates lie on disk. */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "json/out.h"
#include "lifecycle/versions.h"

static void say(struct context *context, const char *name, const struct conversion *done)
{
    bool dry = context->settings->dry_run;

    if (strcmp(done->from, done->to) == 0) {
        ui_say(context->ui, "%s has the layout %s already.", name, done->to);
        return;
    }
    ui_say(context->ui, "%s %s from the layout %s to %s:", dry ? "Would convert" : "Converted", name, done->from,
        done->to);
    for (size_t i = 0; i < done->old_ids.len; i++)
        ui_say(context->ui, "  version %s %s %s", done->old_ids.at[i], dry ? "would become" : "is now",
            done->new_ids.at[i]);
}

static void out_one(struct out *out, const char *name, const struct conversion *done, const struct error *failure)
{
    out_object(out, NULL);
    out_text(out, "name", name);
    out_text(out, "error", failure->kind == ERROR_NONE ? NULL : failure->why);
    if (failure->kind == ERROR_NONE) {
        out_text(out, "from", done->from);
        out_text(out, "to", done->to);
        out_array(out, "versions");
        for (size_t i = 0; i < done->old_ids.len; i++) {
            out_object(out, NULL);
            out_text(out, "before", done->old_ids.at[i]);
            out_text(out, "after", done->new_ids.at[i]);
            out_end(out);
        }
        out_end(out);
    }
    out_end(out);
}

/* Converts all; a lineage that is refused does not stop the others. */
static bool convert_all(struct context *context, const struct list *names, struct out *out, struct error *err)
{
    const struct settings *settings = context->settings;
    size_t failed = 0;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(conversion_clear) struct conversion done = { 0 };
        struct error failure = { 0 };

        if (!versions_convert(context, names->at[i], &done, &failure)) {
            if (failure.kind == ERROR_CANCELED) {
                *err = failure;
                return false;
            }
            (void)error_in(&failure, "could not convert %s", names->at[i]);
            if (failed++ == 0)
                *err = failure;
            else
                log_warning("Could not convert %s: %s", names->at[i], failure.why);
        } else if (!settings->json) {
            say(context, names->at[i], &done);
        }
        out_one(out, names->at[i], &done, &failure);
    }
    return failed == 0;
}

static bool choose(struct context *context, struct list *names, struct error *err)
{
    const struct list *wanted = &context->settings->cert_names;

    if (wanted->len == 0)
        return versions_lineages(context, NULL, names, err);
    for (size_t i = 0; i < wanted->len; i++)
        TRY(versions_lineages(context, wanted->at[i], names, err));
    return true;
}

static bool convert(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);
    bool ok;

    if (!SETTING_IS_SET(context->settings, store_layout)) {
        (void)error_set(err, ERROR_USAGE, "convert needs to know the layout (--layout versioned or certbot)");
        return error_next(err, "add --layout versioned or --layout certbot");
    }
    TRY(choose(context, &names, err));
    if (names.len == 0 && !context->settings->json)
        ui_say(context->ui, "No certificates found.");
    out_object(&out, NULL);
    out_bool(&out, "dry_run", context->settings->dry_run);
    out_array(&out, "certificates");
    ok = convert_all(context, &names, &out, err);
    if (context->settings->json)
        report_document(context, &out);
    return ok;
}

static bool store_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;

    if (words->len == 1 && strcmp(words->at[0], "convert") == 0)
        return convert(context, err);
    (void)error_set(err, ERROR_USAGE,
        words->len == 0 ? "store needs to know what to do (convert)" : "store has no action \"%s\"",
        words->len == 0 ? "" : words->at[0]);
    return error_next(err, "store convert --layout versioned|certbot [--cert-name NAME]...");
}

static const enum option_topic topics[] = { TOPIC_HIDDEN };

static const char *const actions[] = { "convert", NULL };

const struct command cmd_store = {
    .verb = {
        .name = "store",
        .summary = "Change how the files of certificates lie on disk",
        .usage = "convert --layout versioned|certbot [--cert-name NAME]... [--dry-run] [--json]",
        .text = "`store convert` changes certificates from one layout to the other, each whole or not at all, with its "
                "history: versioned has regular files in live/NAME and whole versions in directories, certbot has links and "
                "numbers, as Certbot needs them. Paths in live/NAME stay the same, and servers need not be told. Without "
                "--cert-name all certificates are converted; one that is damaged is left as it is, with the reason. With "
                "--dry-run only says what would be done.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = store_run,
};
