/* backup: copies of the store, and restoring them. */
#include <string.h>

#include "backup/restore.h"
#include "base/mem.h"
#include "cmd/command.h"

static bool restore(struct context *context, const struct list *words, struct error *err)
{
    struct restoring restoring = { .names = &context->settings->cert_names };

    if (words->len != 1) {
        (void)error_set(err, ERROR_USAGE, "restore needs a backup, or a directory with a copy of a store");
        return error_next(err, "backup restore FROM [--cert-name NAME]... [--dry-run]");
    }
    restoring.from = words->at[0];
    return restore_run(context, &restoring, err);
}

static const struct action { /* words: those behind its name */
    const char *name;
    bool (*run)(struct context *context, const struct list *words, struct error *err);
    bool only_reads;
} actions[] = {
    { "restore", restore, false },
};

static const struct action *action_of(const struct settings *settings)
{
    const struct list *words = &settings->operands;

    for (size_t i = 0; i < COUNT(actions) && words->len > 0; i++)
        if (strcmp(words->at[0], actions[i].name) == 0)
            return &actions[i];
    return NULL;
}

static bool backup_run(struct context *context, struct error *err)
{
    const struct action *action = action_of(context->settings);
    const struct list *words = &context->settings->operands;
    AUTO(list_clear) struct list rest = { 0 };

    if (action == NULL) {
        (void)error_set(err, ERROR_USAGE,
            words->len == 0 ? "backup needs to know what to do" : "backup has no action \"%s\"",
            words->len == 0 ? "" : words->at[0]);
        return error_next(err, "backup restore FROM");
    }
    for (size_t i = 1; i < words->len; i++)
        list_add(&rest, words->at[i]);
    return action->run(context, &rest, err);
}

static const enum option_topic topics[] = { TOPIC_PATHS, TOPIC_HIDDEN };

static const char *const names[] = { "restore", NULL };

static bool only_reads(const struct settings *settings)
{
    const struct action *action = action_of(settings);

    return action != NULL && action->only_reads;
}

const struct command cmd_backup = {
    .verb = {
        .name = "backup",
        .summary = "Restore certificates from a copy of the store",
        .usage = "restore FROM [--cert-name NAME]... [--dry-run] [--yes]",
        .text = "`backup restore` puts back the whole store, or the certificates that --cert-name names, from a directory that "
                "is a copy of it. It first shows what is added and replaced, whether the certificates are older or newer than those "
                "here, and what is named and not there; then it asks (--yes: does not), and with --dry-run it ends there. What "
                "is damaged in the copy is mended first, or not restored. All of it comes in one step: one that is cut short is "
                "completed or taken back by the next command.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = names,
        .max_operands = 2, /* restore FROM */
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_reads,
    .run = backup_run,
};
