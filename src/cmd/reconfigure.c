/* reconfigure: change how a certificate will be renewed. */
#include "lifecycle/reconfigure.h"

#include "cmd/command.h"

static bool reconfigure_run(struct context *context, struct error *err)
{
    bool changed;

    TRY(reconfigure(context, &changed, err));
    ui_say(context->ui, changed ? "\nSuccessfully updated configuration.\nChanges will apply when the certificate renews."
                                : "\nNo changes were made to the renewal configuration.");
    return true;
}

static const enum option_topic topics[] = {
    TOPIC_CERTIFICATE, TOPIC_RENEW, TOPIC_STANDALONE, TOPIC_WEBROOT, TOPIC_MANUAL, TOPIC_HIDDEN,
};

const struct command cmd_reconfigure = {
    .verb = {
        .name = "reconfigure",
        .summary = "Change a certificate's saved options, after a successful dry run",
        .usage = "--cert-name NAME [options]",
        .text = "Changes the options a certificate is renewed with. A dry run shows first that renewal will work with them.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = reconfigure_run,
};
