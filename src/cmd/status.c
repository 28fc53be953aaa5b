/* status: one screen about everything. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "status/show.h"

#define STDOUT "-"
#define COLUMNS 80 /* of the text, at most */

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

/* path: a file, or STDOUT; NULL: it is not wanted. */
static bool put(struct context *context, const char *path, void (*show)(const struct status *, struct buf *),
    const struct status *status, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);
    AUTO(free) char *absolute = NULL;

    if (path == NULL)
        return true;
    show(status, &text);
    if (text.failed)
        return error_set(err, ERROR_INTERNAL, "there is more to be said than %zu bytes", SHOW_MAX);
    if (is_stdout(path)) {
        ui_write(context->ui, buf_view(&text));
        return true;
    }
    absolute = file_absolute(path);
    return file_replace(absolute, buf_view(&text), FILE_PUBLIC, err);
}

static void say(struct context *context, const struct status *status)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);
    unsigned columns = ui_columns(context->ui);

    show_text(status, columns < COLUMNS ? columns : COLUMNS, &text);
    ui_say(context->ui, "%.*s", (int)text.len - 1, text.at);
}

static bool put_all(struct context *context, const struct status *status, struct error *err)
{
    const struct settings *settings = context->settings;

    TRY(put(context, settings->prometheus, show_prometheus, status, err));
    TRY(put(context, settings->html, show_html, status, err));
    TRY(put(context, settings->json ? STDOUT : NULL, show_json, status, err));
    TRY(put(context, settings->nagios ? STDOUT : NULL, show_nagios, status, err));
    if (settings->prometheus == NULL && settings->html == NULL && !settings->json && !settings->nagios)
        say(context, status);
    return true;
}

/* ---- the command ---- */

/* To who is set to watch a store, one that is not there is no good news: a disk that is not mounted, a name mistyped.
 */
static bool check_watched(const struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *dir = store_config_dir(context->store);

    if ((!settings->nagios && settings->prometheus == NULL) || file_is_dir(dir))
        return true;
    (void)error_set(err, ERROR_STORE, "there is no directory %s with certificates", dir);
    return error_next(err, "name the right one with --config-dir, or obtain a first certificate");
}

static bool status_run(struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(status_clear) struct status status = { 0 };

    TRY(check_outputs(settings, err) && check_watched(context, err));
    TRY(status_gather(context, &status, err));
    TRY(put_all(context, &status, err));
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
