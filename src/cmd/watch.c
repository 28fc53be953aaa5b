/* watch: what servers show, ours or not. */
#include "base/file.h"
#include "cmd/command.h"
#include "outlook/watch_show.h"
#include "status/show.h"

static bool read_hosts(const struct settings *settings, struct hosts *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(HOSTS_FILE_MAX);

    for (size_t i = 0; i < settings->operands.len; i++)
        TRY(hosts_add(out, settings->operands.at[i], settings->starttls, err));
    if (settings->hosts_file != NULL)
        TRY(file_read_given(settings->hosts_file, &text, err) &&
            hosts_add_lines(out, buf_view(&text), settings->hosts_file, settings->starttls, err));
    if (out->len > 0)
        return true;
    (void)error_set(err, ERROR_USAGE, "no host is named");
    return error_next(err, "watch HOST[:PORT] ..., or --hosts-file FILE");
}

static bool watch_run(struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;
    const struct thresholds thresholds = { settings->warn_below, settings->critical_below };
    AUTO(hosts_clear) struct hosts hosts = { 0 };
    AUTO(watch_clear) struct watch watch = { 0 };
    AUTO(buf_clear) struct buf text = BUF(WATCH_SHOW_MAX);

    if (settings->json && settings->nagios)
        return error_set(err, ERROR_CONFIG, "only one of --json and --nagios goes to standard output");
    TRY(read_hosts(settings, &hosts, err));
    TRY(watch_look(context, &hosts, &watch, err));
    if (settings->json)
        watch_show_json(&watch, settings->voice->version, &text);
    else if (settings->nagios)
        watch_show_nagios(&watch, &thresholds, &text);
    else
        watch_show_text(&watch, settings->quiet, &text);
    if (text.failed)
        return error_set(err, ERROR_INTERNAL, "there is more to be said than %zu bytes", WATCH_SHOW_MAX);
    ui_write(context->ui, buf_view(&text));
    context->exit_status = (int)watch.level;
    return true;
}

/* To monitoring, whatever fails is unknown. */
static int tell_failure(struct ui *ui, const struct settings *settings, const struct error *failure)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);

    if (failure->kind == ERROR_USAGE)
        return 0;
    if (settings->nagios) {
        show_nagios_unknown(failure, &text);
        ui_write(ui, buf_view(&text));
    }
    return LEVEL_UNKNOWN;
}

static const enum option_topic topics[] = { TOPIC_HIDDEN };

const struct command cmd_watch = {
    .verb = {
        .name = "watch",
        .summary = "See what servers show: expiry, names, trust, whether it is ours",
        .usage = "HOST[:PORT] ... [--hosts-file FILE] [--expect-cert-name NAME] [--json | --nagios]",
        .text = "Asks servers for their certificates, ours or anybody's, and judges what they show: whether it is for that name, "
                "trusted, revoked, complete, strong, how much of its life is left, and whether it is the newest of this store. HOST "
                "is a name or an address, [ADDRESS]:PORT or PROTOCOL://HOST; at ports of mail and other services TLS begins by "
                "STARTTLS. Hundreds are asked at the same time. The exit status is 0 (all well), 1 (warning), 2 (critical) or 3 "
                "(nothing could be found out). With -q only servers that are not well are shown.",
        .topics = topics,
        .max_operands = HOSTS_MAX,
        .ours = true,
    },
    .store_needs = 0,
    .only_reads = command_always_reads,
    .without_store = true,
    .run = watch_run,
    .tell_failure = tell_failure,
};
