/* daemon: renewals when they are due, for as long as it runs; and how that one is. */
#include "ops/daemon.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "json/out.h"
#include "ops/daemon_state.h"
#include "ops/schedule_look.h"

/* Looks at the daemon of this store. *illness (the caller's): NULL when it is well. */
static bool examine(const struct settings *settings, struct daemon_state *state, char **illness, struct error *err)
{
    bool found;

    TRY(daemon_may_be_seen(settings->config_dir, err));
    TRY(daemon_state_load(settings->work_dir, state, &found, err));
    if (!daemon_is_running(settings->config_dir))
        *illness = xprintf("no daemon is at work for %s", settings->config_dir);
    else if (!found)
        *illness = xprintf("the daemon tells nothing of itself in %s", settings->work_dir);
    else
        *illness = daemon_illness(state, clock_now());
    return true;
}

static bool answer(const char *illness, struct error *err)
{
    if (illness == NULL)
        return true;
    (void)error_set(err, ERROR_STORE, "%s", illness);
    return error_is_answer(err);
}

static bool health(struct context *context, struct error *err)
{
    AUTO(daemon_state_clear) struct daemon_state state = { 0 };
    AUTO(free) char *illness = NULL;

    TRY(examine(context->settings, &state, &illness, err));
    return answer(illness, err);
}

static void say_run(struct context *context, const char *what, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, text);
    if (at != 0)
        ui_say(context->ui, "%s %s", what, text);
}

static void say_state(struct context *context, const struct daemon_state *state, const char *illness)
{
    ui_say(context->ui, "The daemon %s%s.",
        illness == NULL ? "is at work" : "is not well: ", illness == NULL ? "" : illness);
    say_run(context, "Last run: ", state->began);
    if (state->began != 0 && state->ended == 0)
        ui_say(context->ui, "           it is at work");
    else if (state->status != 0)
        ui_say(context->ui, "           it ended with status %u, after %u failure(s) in a row", state->status,
            state->failures);
    say_run(context, "Next run: ", state->next);
    if (state->next != 0 && state->next_for != NULL)
        ui_say(context->ui, "           for %s", state->next_for);
}

static void say_json(struct context *context, const struct daemon_state *state, const char *illness)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_bool(&out, "running", daemon_is_running(context->settings->config_dir));
    out_bool(&out, "healthy", illness == NULL);
    out_text(&out, "illness", illness);
    out_number(&out, "process", state->pid);
    out_time(&out, "sign_of_life", state->beat);
    out_time(&out, "last_run", state->began);
    out_time(&out, "last_run_ended", state->ended);
    out_number(&out, "exit_status", state->status);
    out_number(&out, "failures", state->failures);
    out_time(&out, "next_run", state->next);
    out_text(&out, "next_run_for", state->next_for);
    report_document(context, &out);
}

static bool tell_status(struct context *context, struct error *err)
{
    AUTO(daemon_state_clear) struct daemon_state state = { 0 };
    AUTO(free) char *illness = NULL;

    TRY(examine(context->settings, &state, &illness, err));
    if (context->settings->json)
        say_json(context, &state, illness);
    else
        say_state(context, &state, illness);
    return answer(illness, err);
}

static bool run_daemon(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;

    TRY(schedule_check_options(context->settings, "daemon", err));
    if (words->len == 0)
        return daemon_run(context->settings, err);
    if (strcmp(words->at[0], "health") == 0)
        return health(context, err);
    if (strcmp(words->at[0], "status") == 0)
        return tell_status(context, err);
    (void)error_set(err, ERROR_USAGE, "daemon has no action \"%s\"", words->at[0]);
    return error_next(err, "daemon, daemon health, daemon status [--json]");
}

static const enum option_topic topics[] = { TOPIC_PATHS, TOPIC_HIDDEN };

static const char *const actions[] = { "health", "status", NULL };

const struct command cmd_daemon = {
    .verb = {
        .name = "daemon",
        .summary = "Stay, and renew certificates when they are due; for containers and init systems",
        .usage = "[health | status [--json]]",
        .text = "Stays in the foreground and runs `renew`, as a process of its own, when a certificate is due: by what the CA "
                "said, by its life, or when a renewal that failed may be tried again; and every few hours, to hear what CAs "
                "say of renewals. It notices new certificates, a clock that was set and a machine that slept. SIGHUP has it "
                "look at everything anew and try again what failed; SIGTERM ends it when the renewal at work is done, and a "
                "second one interrupts that. It works as process 1 of a container, and tells systemd how it is (Type=notify, "
                "WatchdogSec). `daemon health` is for containers: its exit status is 0 as long as the daemon is well. Other "
                "settings than directories belong into cli.ini and renewal files, which each run reads.",
        .topics = topics,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .without_log = true,
    .run = run_daemon,
};
