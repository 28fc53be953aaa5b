/* schedule: what runs `renew` on this machine; putting it in place and taking it away. */
#include "ops/schedule.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "json/out.h"
#include "ops/cadence.h"
#include "ops/schedule_look.h"
#include "ops/scheduled_try.h"

/* ---- status ---- */

static const char *who(const struct scheduled_entry *entry)
{
    return entry->is_daemon ? "Evercert's daemon" : entry->who == SCHEDULED_US ? "Evercert" : "Certbot";
}

static void say_renewers(struct context *context, const struct schedule_look *look)
{
    for (size_t i = 0; i < look->renewers.len; i++) {
        const struct scheduled_entry *entry = &look->renewers.at[i];

        if (entry->interval_s == 0)
            ui_say(context->ui, "%s runs %s.", entry->where, who(entry));
        else
            ui_say(context->ui, "%s runs %s, at least every %lld minutes.", entry->where, who(entry),
                (long long)entry->interval_s / 60);
    }
    if (look->daemon_runs)
        ui_say(context->ui, "The daemon is at work for this store.");
    if (look->renewers.len == 0 && !look->daemon_runs)
        ui_say(context->ui, "Nothing renews the certificates in %s by itself.", look->wish.config_dir);
}

static void say_store(struct context *context, const struct schedule_look *look)
{
    AUTO(free) char *words = cadence_words(cadence_for(look->store.shortest));
    char at[CLOCK_TEXT_SIZE];

    if (look->store.shortest == 0)
        return;
    ui_say(context->ui, "The shortest certificate is that of %s, of %lld hours: renewals are to run %s.",
        look->store.shortest_name, (long long)look->store.shortest / 3600, words);
    clock_format_rfc3339(look->store.next, at);
    if (look->store.next != UPCOMING_NEVER)
        ui_say(context->ui, "The next one that is due is %s, at %s.", look->store.next_name, at);
}

static void say_findings(struct context *context, const struct findings *findings)
{
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];

        ui_say(context->ui, "\n[%s] %s: %s.\n    Why it matters: %s.", health_severity_name(finding->severity),
            finding->code, finding->what, finding->why);
        for (size_t n = 0; n < finding->answers.len; n++)
            ui_say(context->ui, "    What to do: %s.", finding->answers.at[n]);
    }
}

static void out_renewers(struct out *out, const struct schedule_look *look)
{
    out_array(out, "renewers");
    for (size_t i = 0; i < look->renewers.len; i++) {
        const struct scheduled_entry *entry = &look->renewers.at[i];

        out_object(out, NULL);
        out_text(out, "where", entry->where);
        out_text(out, "runs", entry->who == SCHEDULED_US ? "evercert" : "certbot");
        out_bool(out, "daemon", entry->is_daemon);
        out_number(out, "longest_interval", entry->interval_s);
        out_end(out);
    }
    out_end(out);
}

static void out_schedule(struct out *out, const struct schedule_look *look)
{
    const struct schedule *schedule = &look->schedule;

    out_text(out, "form", schedule->form == NULL ? NULL : schedule->form->name);
    out_text(out, "name", schedule->name);
    out_bool(out, "installed", schedule->form != NULL && schedule_is_complete(schedule));
    out_text(out, "working", look->alive == ALIVE_YES ? "yes" : look->alive == ALIVE_NO ? "no" : "unknown");
    out_number(out, "interval", cadence_for(look->store.shortest));
    out_array(out, "files");
    for (size_t i = 0; i < schedule->count; i++) {
        out_object(out, NULL);
        out_text(out, "path", schedule->files[i].path);
        out_text(out, "state", schedule_file_state_name(schedule->files[i].state));
        out_end(out);
    }
    out_end(out);
}

static void say_json(struct context *context, const struct schedule_look *look, const struct findings *findings)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_schedule(&out, look);
    out_renewers(&out, look);
    out_bool(&out, "daemon_running", look->daemon_runs);
    out_bool(&out, "fits", schedule_fits(look));
    out_text(&out, "shortest", look->store.shortest_name);
    out_number(&out, "shortest_life", look->store.shortest);
    out_array(&out, "findings");
    for (size_t i = 0; i < findings->len; i++) {
        out_object(&out, NULL);
        out_text(&out, "code", findings->at[i].code);
        out_text(&out, "severity", health_severity_name(findings->at[i].severity));
        out_text(&out, "what", findings->at[i].what);
        out_texts(&out, "answers", &findings->at[i].answers);
        out_end(&out);
    }
    report_document(context, &out);
}

static void judge(const struct schedule_look *look, struct findings *findings)
{
    AUTO(free) const struct verb **verbs = command_verbs();

    schedule_judge(look, findings);
    scheduled_try(&look->renewers, verbs, findings);
}

static bool show(struct context *context, const struct schedule_look *look, struct error *err)
{
    AUTO(findings_clear) struct findings findings = { 0 };

    judge(look, &findings);
    if (context->settings->json) {
        say_json(context, look, &findings);
    } else {
        say_renewers(context, look);
        say_store(context, look);
        say_findings(context, &findings);
    }
    if (findings_open(&findings) == 0 && (look->renewers.len > 0 || look->daemon_runs))
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "the certificates in %s are not renewed as they should be", look->wish.config_dir);
    (void)error_next(err, "evercert schedule install");
    return error_is_answer(err);
}

/* ---- install, remove, print ---- */

static void say_done(struct context *context, const struct list *done)
{
    for (size_t i = 0; i < done->len; i++)
        ui_say(context->ui, "%s.", done->at[i]);
}

/* What else renews here; what is put in place does not end it. */
static void say_others(struct context *context, const struct schedule_look *before, struct error *err)
{
    AUTO(schedule_look_clear) struct schedule_look look = { 0 };
    AUTO(findings_clear) struct findings findings = { 0 };

    if (!schedule_look(context->settings, context->store, before->wish.form, &look, err)) {
        error_clear(err);
        return;
    }
    judge(&look, &findings);
    say_findings(context, &findings);
}

static bool install(struct context *context, const struct schedule_look *look, struct error *err)
{
    AUTO(list_clear) struct list done = { 0 };
    AUTO(free) char *words = cadence_words(look->schedule.interval_s);

    if (look->schedule.form == NULL) {
        *err = look->none;
        return false;
    }
    if (!schedule_install(&look->machine, &look->wish, &look->schedule, context->settings->force, &done, err)) {
        say_done(context, &done);
        return false;
    }
    say_done(context, &done);
    if (look->schedule.form->is_daemon)
        ui_say(context->ui, "%sThe daemon renews the certificates in %s when they are due (%s).",
            done.len == 0 ? "Nothing was to be changed. " : "", look->wish.config_dir, look->schedule.name);
    else
        ui_say(context->ui, "%sThe certificates in %s are renewed by %s, %s (%s).",
            done.len == 0 ? "Nothing was to be changed. " : "", look->wish.config_dir, look->schedule.form->what, words,
            look->schedule.name);
    say_others(context, look, err);
    return true;
}

static bool was_edited(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->files[i].state == SCHEDULE_EDITED)
            return true;
    return false;
}

/* For packages: what renews already is left to it, and what is ours is brought up to date. */
static bool ensure(struct context *context, const struct schedule_look *look, struct error *err)
{
    bool ours = look->schedule.form != NULL && schedule_is_complete(&look->schedule);
    bool renewed = look->renewers.len > 0 || look->daemon_runs;

    if (renewed && (!ours || was_edited(&look->schedule))) {
        say_renewers(context, look);
        return true;
    }
    return install(context, look, err);
}

static bool remove_ours(struct context *context, const struct schedule_look *look, struct error *err)
{
    AUTO(list_clear) struct list done = { 0 };

    TRY(schedule_remove(&look->machine, &look->wish, context->settings->force, &done, err));
    say_done(context, &done);
    if (done.len == 0)
        ui_say(context->ui, "There is no schedule of ours for %s.", look->wish.config_dir);
    return true;
}

static bool print(struct context *context, const struct schedule_look *look, struct error *err)
{
    if (look->schedule.form == NULL) {
        *err = look->none;
        return false;
    }
    for (size_t i = 0; i < look->schedule.count; i++) {
        if (look->schedule.count > 1)
            ui_say(context->ui, "# ---- %s", look->schedule.files[i].path);
        ui_write(context->ui, view_of(look->schedule.files[i].text));
    }
    return true;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    bool (*run)(struct context *context, const struct schedule_look *look, struct error *err);
} actions_of[] = {
    { "install", install },
    { "ensure", ensure },
    { "status", show },
    { "remove", remove_ours },
    { "print", print },
};

static bool schedule_run(struct context *context, struct error *err)
{
    AUTO(schedule_look_clear) struct schedule_look look = { 0 };
    const struct list *words = &context->settings->operands;

    TRY(schedule_check_options(context->settings, "schedule", err));
    for (size_t i = 0; i < COUNT(actions_of); i++) {
        const char *form = words->len > 1 ? words->at[1] : NULL;

        if (words->len == 0 || strcmp(words->at[0], actions_of[i].name) != 0)
            continue;
        TRY(schedule_look(context->settings, context->store, form, &look, err));
        return actions_of[i].run(context, &look, err);
    }
    (void)error_set(err, ERROR_USAGE,
        words->len == 0 ? "schedule needs to know what to do" : "schedule has no action \"%s\"",
        words->len == 0 ? "" : words->at[0]);
    return error_next(err, "schedule install, schedule ensure, schedule status, schedule remove, schedule print");
}

static bool only_looks(const struct settings *settings)
{
    const struct list *words = &settings->operands;

    return words->len == 0 || (strcmp(words->at[0], "install") != 0 && strcmp(words->at[0], "ensure") != 0);
}

static const enum option_topic topics[] = { TOPIC_PATHS, TOPIC_HIDDEN };

static const char *const actions[] = { "install", "ensure", "status", "remove", "print", NULL };

const struct command cmd_schedule = {
    .verb = {
        .name = "schedule",
        .summary = "Have renewals run by this machine, or see what runs them",
        .usage = "install | ensure | status | remove | print [daemon] [--force] [--json]",
        .text = "`schedule install` has `renew` run by what this machine has: a timer of systemd's with a service that may do "
                "little, cron, OpenRC's or a BSD's cron, launchd; as often as the shortest certificate needs: twice a day, or "
                "every few hours for those of six days. Done again it changes nothing, or what has to be otherwise by now. "
                "`schedule install daemon` has systemd run the daemon instead. `schedule remove` removes what install has "
                "written. `schedule ensure`, which packages run, does as install where nothing renews yet or what does is ours, "
                "and else nothing. Files that somebody has edited stay as they are without --force. `schedule status` tells what "
                "renews here, Certbot's own timers too, and what is wrong with it; its exit status is 1 then. `schedule "
                "print` shows what install would write.",
        .topics = topics,
        .traits = VERB_FORCE,
        .actions = actions,
        .max_operands = 2,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_looks,
    .run = schedule_run,
};
