/* config: look at the settings that are in effect. */
#include <string.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "ops/settings_shown.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static void show_json(struct context *context)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    settings_out(context->settings, &out);
    report_document(context, &out);
}

static bool config_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    AUTO(buf_clear) struct buf text = BUF_SECRET(TEXT_MAX);

    if (words->len != 1 || strcmp(words->at[0], "show") != 0) {
        (void)error_set(err, ERROR_USAGE, "config needs to know what to do (show)");
        return error_next(err, "config show; `configure` changes settings");
    }
    if (context->settings->json) {
        show_json(context);
        return true;
    }
    settings_show(context->settings, &text);
    ui_write(context->ui, buf_view(&text));
    return true;
}

static const enum option_topic topics[] = { TOPIC_PATHS, TOPIC_HIDDEN };

static const char *const actions[] = { "show", NULL };

const struct command cmd_config = {
    .verb = {
        .name = "config",
        .summary = "Show the settings that are in effect, and where each comes from",
        .usage = "show [--json] [options]",
        .text = "Lists the value of every option as a command would use it that is given the same options: from the command "
                "line, from the configuration files, or the default; with the file and line where it stands. Secrets are not "
                "shown. What a certificate was obtained with is in its renewal file. `configure` changes settings.",
        .topics = topics,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .only_reads = command_always_reads,
    .without_store = true,
    .run = config_run,
};
