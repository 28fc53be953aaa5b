/* reconfigure: change how a certificate will be renewed. */
#include "lifecycle/reconfigure.h"

#include "cmd/command.h"

/* Owners, groups and modes are given to the files that are there, and do not wait for a renewal. */
static bool is_access_asked(const struct settings *settings)
{
    return SETTING_ORIGIN(settings, key_owner) == ORIGIN_COMMAND_LINE ||
           SETTING_ORIGIN(settings, key_group) == ORIGIN_COMMAND_LINE ||
           SETTING_ORIGIN(settings, key_mode) == ORIGIN_COMMAND_LINE ||
           SETTING_ORIGIN(settings, cert_owner) == ORIGIN_COMMAND_LINE ||
           SETTING_ORIGIN(settings, cert_group) == ORIGIN_COMMAND_LINE ||
           SETTING_ORIGIN(settings, cert_mode) == ORIGIN_COMMAND_LINE;
}

static bool reconfigure_run(struct context *context, struct error *err)
{
    bool changed;

    TRY(reconfigure(context, &changed, err));
    if (context->settings->dry_run)
        ui_say(context->ui, "\nThe dry run was successful. Nothing was changed: that takes the same command without "
                            "--dry-run.");
    else if (!changed)
        ui_say(context->ui, "\nNo changes were made to the renewal configuration.");
    else if (is_access_asked(context->settings))
        ui_say(context->ui, "\nSuccessfully updated configuration.\nOwners, groups and modes of files apply at once, "
                            "other changes when the certificate renews.");
    else
        ui_say(context->ui, "\nSuccessfully updated configuration.\nChanges will apply when the certificate renews.");
    return true;
}

static const enum option_topic topics[] = {
    TOPIC_CERTIFICATE,
    TOPIC_RENEW,
    TOPIC_STANDALONE,
    TOPIC_WEBROOT,
    TOPIC_MANUAL,
    TOPIC_HIDDEN,
};

const struct command cmd_reconfigure = {
    .verb = {
        .name = "reconfigure",
        .summary = "Change a certificate's saved options, after a successful dry run",
        .usage = "--cert-name NAME [options]",
        .text = "Changes the options a certificate is renewed with. A dry run shows first that renewal will work with them.",
        .topics = topics,
        .traits = VERB_RESTORES | VERB_TRIAL | VERB_DRY_RUN,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = reconfigure_run,
};
