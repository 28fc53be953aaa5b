/* ct: certificates for our names in the public logs that are not of this store. */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "outlook/ct_show.h"

#define EXIT_STRANGERS 3 /* there are certificates that nobody has acknowledged */

/* ---- looking ---- */

static bool check_answers(const struct ct_look *look, struct error *err)
{
    if (look->failed == 0)
        return true;
    (void)error_set(err, ERROR_NETWORK, "%zu of %zu questions got no answer: %s", look->failed,
        look->asked + look->failed, look->failures.at[0]);
    return error_next(err, "run it again later; what was answered is remembered, and not asked again before --max-age");
}

/* Quietly only what is new is told: by cron, that is a mail. */
static void say_found(struct context *context, const struct ct_look *look)
{
    const struct settings *settings = context->settings;
    AUTO(buf_clear) struct buf text = BUF(CT_SHOW_MAX), found = BUF(CT_SHOW_MAX);
    size_t count = ct_show_found(settings, &look->record, settings->quiet, false, &found);

    if (!settings->quiet) {
        ct_show_sum(look, &text);
        if (count == 0)
            buf_put_text(&text, "There is none that is not of this store.\n");
    }
    if (count > 0) {
        buf_putf(&text, "%zu certificate%s in the public logs %s not of this store:\n", count, count == 1 ? "" : "s",
            count == 1 ? "is" : "are");
        buf_put(&text, buf_view(&found));
        buf_put_text(&text, "`evercert ct acknowledge ID` says that one is known. If it is not: `evercert caa -d NAME` "
                            "shows how to keep other CAs from issuing.\n");
    }
    ui_write(context->ui, buf_view(&text));
}

static bool look(struct context *context, struct error *err)
{
    AUTO(ct_look_clear) struct ct_look look = { 0 };
    AUTO(buf_clear) struct buf json = BUF(CT_SHOW_MAX);
    struct error unanswered = { 0 };

    TRY(ct_look(context, &look, err));
    if (context->settings->json) {
        ct_show_json(context->settings, &look.record, &look, context_now(context), &json);
        ui_write(context->ui, buf_view(&json));
    } else {
        say_found(context, &look);
    }
    ct_tell(context, &look.record);
    if (ct_strangers(&look.record) == 0)
        return check_answers(&look, err);
    context->exit_status = EXIT_STRANGERS;
    if (!check_answers(&look, &unanswered))
        log_warning("%s", unanswered.why);
    return true;
}

/* ---- what was found ---- */

static bool list(struct context *context, struct error *err)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    AUTO(buf_clear) struct buf text = BUF(CT_SHOW_MAX);

    TRY(ct_remembered(context, &record, err));
    if (context->settings->json)
        ct_show_json(context->settings, &record, NULL, context_now(context), &text);
    else if (ct_show_found(context->settings, &record, false, true, &text) == 0)
        buf_put_text(&text, "No certificate is remembered that is not of this store.\n");
    ui_write(context->ui, buf_view(&text));
    return true;
}

static bool acknowledge(struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(list_clear) struct list ids = list_dup(&settings->operands);
    bool all = ids.len == 2 && strcmp(ids.at[1], "all") == 0;
    size_t count;

    if (ids.len < 2) {
        (void)error_set(err, ERROR_USAGE, "acknowledge needs the IDs of certificates");
        return error_next(err, "`ct list` shows them; `ct acknowledge all` is for all of them");
    }
    while (ids.len > 0 && (all || strcmp(ids.at[0], "acknowledge") == 0)) /* the word itself */
        list_remove(&ids, 0);
    TRY(ct_acknowledge(context, &ids, all, settings->note, &count, err));
    ui_say(context->ui, "%zu certificate%s acknowledged.", count, count == 1 ? " is" : "s are");
    return true;
}

static bool ct_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;

    if (words->len == 0)
        return look(context, err);
    if (strcmp(words->at[0], "list") == 0)
        return list(context, err);
    if (strcmp(words->at[0], "acknowledge") == 0)
        return acknowledge(context, err);
    (void)error_set(err, ERROR_USAGE, "ct has no action \"%s\"", words->at[0]);
    return error_next(
        err, "ct looks into the logs, ct list shows what was found, ct acknowledge ID says that it is known");
}

static bool only_lists(const struct settings *settings)
{
    return settings->operands.len > 0 && strcmp(settings->operands.at[0], "list") == 0;
}

static const enum option_topic topics[] = { TOPIC_HIDDEN };

static const char *const actions[] = { "list", "acknowledge", NULL };

const struct command cmd_ct = {
    .verb = {
        .name = "ct",
        .summary = "Look for certificates in the public logs that are not of this store",
        .usage = "[list | acknowledge ID ... [--note TEXT]] [-d DOMAIN] [--cert-name NAME] [--json]",
        .text = "CAs write every certificate into public logs. `ct` asks a service that searches them, crt.sh, for "
                "certificates for the names of this store, and tells of those that are not of it: with issuer, names, dates and "
                "ID. It asks one question at a time, at most --ct-requests in a run, so that many names are looked up over time. "
                "`ct acknowledge ID` remembers that one is known, `ct list` shows what was found. Targets of --notify are told of "
                "each new one once. With -q only what is new is printed. The exit status is 3 while there are certificates that "
                "nobody has acknowledged, 1 when the service gave no answer.",
        .topics = topics,
        .actions = actions,
        .max_operands = 1000,
        .ours = true,
    },
    .store_needs = STORE_CREATE,
    .only_reads = only_lists,
    .run = ct_run,
};
