/* notify: whom alarms are told, and whether they arrive. */
#include "notify/notify.h"

#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "notify/keep.h"
#include "recipe/description.h"

static bool nobody(struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "nobody is told when certificates are not renewed");
    return error_next(err, "give targets with --notify or --notify-file, on the command line or as a line in cli.ini "
                           "(`notify = mailto:admin@example.org`); `evercert notify list` shows the forms there are");
}

/* ---- test ---- */

static bool test(struct context *context, struct error *err)
{
    AUTO(targets_clear) struct targets targets = { 0 };
    size_t failed = 0;

    targets_read(context->settings, &targets);
    if (targets.len == 0)
        return nobody(err);
    for (size_t i = 0; i < targets.len; i++) {
        struct error why = { 0 };

        TRY(interrupt_check(err));
        if (notify_test(context, &targets.at[i], &why)) {
            audit_done(ACT_ALARM_TESTED, NULL, "target", targets.at[i].shown, NULL);
            ui_say(context->ui, "%s has taken a test message.", targets.at[i].shown);
            continue;
        }
        failed++;
        audit_failed(ACT_ALARM_TESTED, NULL, &why, "target", targets.at[i].shown, NULL);
        ui_say(context->ui, "%s has not: %s%s%s", targets.at[i].shown, why.why,
            why.next[0] != '\0' ? "\n    Try this: " : "", why.next);
    }
    if (failed == 0)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%zu of %zu target(s) have not taken the message", failed, targets.len);
    return error_is_answer(err);
}

/* ---- list ---- */

static void say_target(struct context *context, const struct target *target)
{
    AUTO(memory_clear) struct memory memory = { 0 };
    char when[CLOCK_TEXT_SIZE];

    if (target->kind == TARGET_BROKEN) {
        ui_say(context->ui, "  %s: is told nothing: %s", target->shown, target->why);
        return;
    }
    keep_read(context->settings->config_dir, target->id, &memory);
    if (memory.failing.times > 0) {
        clock_format_rfc3339(memory.failing.since, when);
        ui_say(context->ui, "  %s: has taken nothing since %s (%u attempt(s)): %s", target->shown, when,
            memory.failing.times, memory.failing.why);
    } else if (memory.sent_len > 0) {
        clock_format_rfc3339(memory.sent[memory.sent_len - 1], when);
        ui_say(context->ui, "  %s: last told something at %s", target->shown, when);
    } else {
        ui_say(context->ui, "  %s: was told nothing yet", target->shown);
    }
}

static bool say_form(struct context *context, const char *name, struct error *err)
{
    const struct description *form;
    const struct value *keys;
    AUTO(buf_clear) struct buf usage = BUF(4096);

    TRY(description_find(DESCRIBES_FORM, context->settings->config_dir, name, &form, err));
    if (form == NULL)
        return true;
    keys = value_member(&form->top, "keys");
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        bool optional =
            value_truth(value_member(&keys->at[i], "optional")) || value_member(&keys->at[i], "default") != NULL;
        const char *before = i == 0 ? "" : " ";

        buf_putf(&usage, optional ? "%s[%s]" : "%s%s", before, keys->at[i].key);
    }
    ui_say(context->ui, "  %s:%s (%s)", name, buf_text(&usage), form->title);
    for (size_t i = 0; keys != NULL && i < keys->len; i++)
        ui_say(context->ui, "      %s: %s", keys->at[i].key,
            value_member_text(&keys->at[i], "help") != NULL ? value_member_text(&keys->at[i], "help") : "");
    return true;
}

static bool list_all(struct context *context, struct error *err)
{
    AUTO(targets_clear) struct targets targets = { 0 };
    AUTO(list_clear) struct list names = { 0 };

    targets_read(context->settings, &targets);
    ui_say(context->ui, targets.len > 0 ? "Told of alarms are:" : "Nobody is told of alarms.");
    for (size_t i = 0; i < targets.len; i++)
        say_target(context, &targets.at[i]);
    TRY(description_names(DESCRIBES_FORM, context->settings->config_dir, &names, err));
    ui_say(
        context->ui, "\nTargets can be mailto:ADDRESS[,ADDRESS], command:PROGRAM [ARGUMENT ...], shell:COMMAND, or:");
    for (size_t i = 0; i < names.len; i++)
        TRY(say_form(context, names.at[i], err));
    return true;
}

static bool notify_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    const char *action = words->len > 0 ? words->at[0] : "";

    if (strcmp(action, "test") == 0)
        return test(context, err);
    if (strcmp(action, "list") == 0)
        return list_all(context, err);
    (void)error_set(err, ERROR_USAGE,
        action[0] == '\0' ? "notify needs to know what to do (test, list)" : "notify has no action \"%s\"", action);
    return error_next(err, "notify test tells every target something, notify list shows them");
}

static const enum option_topic topics[] = { TOPIC_NOTIFY, TOPIC_HIDDEN };

static const char *const actions[] = { "test", "list", NULL };

const struct command cmd_notify = {
    .verb = {
        .name = "notify",
        .summary = "Try whether alarms arrive, or list who gets them",
        .usage = "test | list",
        .text = "`renew` tells the targets of --notify and --notify-file when certificates are not renewed or not deployed, "
                "and when that is over. `notify test` sends each of them a message, and says which have taken it; the exit "
                "status is 1 if any has not. `notify list` shows them with what became of the last message, and the forms "
                "that targets can have (docs/alarms.md).",
        .topics = topics,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .without_store = true,
    .run = notify_run,
};
