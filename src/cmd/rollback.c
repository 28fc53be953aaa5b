/* rollback: undo what installers have changed. */
#include "cmd/command.h"
#include "lifecycle/install.h"

static bool check_number(const struct context *context, struct error *err)
{
    if (context->settings->checkpoints >= 0)
        return true;
    (void)error_set(err, ERROR_CONFIG, "Rollback argument must be a positive integer");
    return error_next(err, "give with --checkpoints how many changes are to be taken back");
}

static bool rollback_run(struct context *context, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };

    TRY(check_number(context, err));
    TRY(installation_open(context, &installation, err));
    if (installation.plugin == NULL) {
        if (context->voice->tells_more)
            ui_say(context->ui, "There is no installer, so there is nothing to take back.");
        return true;
    }
    return installation_rollback(context, &installation, err);
}

static const enum option_topic topics[] = { TOPIC_INSTALL, TOPIC_HIDDEN };

const struct command cmd_rollback = {
    .verb = {
        .name = "rollback",
        .summary = "Undo changes to a web server's configuration",
        .usage = "[--checkpoints N] [--nginx | --apache | -i INSTALLER]",
        .text = "Takes the newest changes that an installer has made to a server's configuration back.",
        .topics = topics,
        .traits = VERB_ROLLS_BACK,
        .installer_question = "Which installer should be used for rollback?",
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = rollback_run,
};
