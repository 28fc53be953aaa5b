/* status: one screen about everything. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "status/show.h"

#define STDOUT "-"

/* ---- where to ---- */

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, STDOUT) == 0;
}

/* Only one form goes to standard output. */
static bool check_outputs(const struct settings *settings, struct error *err)
{
    int count = settings->json + settings->nagios + is_stdout(settings->html) + is_stdout(settings->prometheus);

    if (count <= 1)
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "only one of --json, --nagios, --html - and --prometheus - goes to standard output");
    return error_next(err, "give --html and --prometheus a FILE");
}

static bool write_file(struct context *context, const char *path, void (*show)(const struct status *, struct buf *),
    const struct status *status, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);
    AUTO(free) char *absolute = NULL;

    if (path == NULL)
        return true;
    show(status, &text);
    if (text.failed)
        return error_set(err, ERROR_INTERNAL, "what is to be written to %s is longer than %zu bytes", path, SHOW_MAX);
    if (is_stdout(path)) {
        ui_write(context->ui, buf_view(&text));
        return true;
    }
    absolute = file_absolute(path);
    return file_replace(absolute, buf_view(&text), FILE_PUBLIC, err);
}

static void print(struct context *context, const struct status *status)
{
    const struct settings *settings = context->settings;
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);

    if (settings->json || settings->nagios) {
        (settings->json ? show_json : show_nagios)(status, &text);
        ui_write(context->ui, buf_view(&text));
    } else if (settings->html == NULL && settings->prometheus == NULL) {
        show_text(status, ui_columns(context->ui) < 80 ? ui_columns(context->ui) : 80, &text);
        ui_say(context->ui, "%.*s", (int)text.len - 1, text.at);
    }
}

/* ---- the command ---- */

static bool status_run(struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(status_clear) struct status status = { 0 };

    TRY(check_outputs(settings, err));
    TRY(status_gather(context, &status, err));
    print(context, &status);
    TRY(write_file(context, settings->prometheus, show_prometheus, &status, err));
    TRY(write_file(context, settings->html, show_html, &status, err));
    if (settings->nagios)
        context->exit_status = (int)status.level;
    return true;
}

/* To monitoring, whatever fails is unknown: a store that cannot be read says nothing of its certificates. */
static int tell_failure(struct ui *ui, const struct settings *settings, const struct error *failure)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);

    if (!settings->nagios)
        return 0;
    show_nagios_unknown(failure, &text);
    ui_write(ui, buf_view(&text));
    return LEVEL_UNKNOWN;
}

static const enum option_topic topics[] = { TOPIC_STATUS, TOPIC_HIDDEN };

const struct command cmd_status = {
    .verb = {
        .name = "status",
        .summary = "One screen about everything: certificates, renewals, schedule",
        .usage = "[--online] [--json | --nagios] [--prometheus FILE] [--html FILE] [-d DOMAIN] [--cert-name NAME]",
        .text = "Shows what needs attention first: certificates that expire, renewals that fail, deliveries that are "
                "outstanding, files that are open to others; then what is due next, and who renews. With --online also what "
                "servers serve and whether the CAs answer. For programs as JSON, for monitoring as Nagios and Prometheus have "
                "it, and as a page for a browser. Works on what the user may read, and changes nothing.",
        .topics = topics,
        .ours = true,
    },
    .store_needs = 0, /* it looks while others work, and makes nothing */
    .only_reads = command_always_reads,
    .run = status_run,
    .tell_failure = tell_failure,
};
