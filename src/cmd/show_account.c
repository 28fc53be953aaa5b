/* show_account: what the CA knows of us. */
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "json/out.h"
#include "run/accounts.h"

#define JSON_MAX (1024 * 1024)

static void say_text(struct context *context, const struct account_view *view)
{
    AUTO(free) char *emails = list_join(&view->emails, ", ");

    ui_say(context->ui,
        "Account details for server %s:\n  Account URL: %s\n  Account Thumbprint: %s\n  Email contact%s: %s",
        context->settings->server, view->url, view->thumbprint, view->emails.len > 1 ? "s" : "",
        view->emails.len > 0 ? emails : "none");
}

static void say_json(struct context *context, const struct account_view *view)
{
    static const char *const words[] = { "valid", "deactivated", "revoked" };
    AUTO(buf_clear) struct buf text = BUF(JSON_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_text(&out, "server", context->settings->server);
    out_text(&out, "id", context->answers->account);
    out_text(&out, "url", view->url);
    out_text(&out, "status", words[view->status]);
    out_text(&out, "thumbprint", view->thumbprint);
    out_texts(&out, "emails", &view->emails);
    report_document(context, &out);
}

static bool show_account_run(struct context *context, struct error *err)
{
    AUTO(account_view_clear) struct account_view view = { 0 };

    TRY(accounts_show(context, &view, err));
    if (context->settings->json)
        say_json(context, &view);
    else
        say_text(context, &view);
    return true;
}

static const enum option_topic topics[] = { TOPIC_ACCOUNT, TOPIC_HIDDEN };

const struct command cmd_show_account = {
    .verb = {
        .name = "show_account",
        .summary = "Show the account: URL, thumbprint, contacts",
        .usage = "[--server URL] [--json]",
        .text = "Asks the CA for the account that is used here.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .run = show_account_run,
};
