/* revoke: tell the CA that a certificate must not be trusted any more. */
#include "lifecycle/revoke.h"

#include "cmd/command.h"

static bool revoke_run(struct context *context, struct error *err)
{
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };

    TRY(revoke_certificate(context, &result, err));
    if (result.deleted_name != NULL)
        ui_say(context->ui, "Deleted all files relating to certificate %s.", result.deleted_name);
    ui_say(context->ui, "Congratulations! You have successfully revoked the certificate that was located at %s.",
        result.cert_path);
    return true;
}

static const enum option_topic topics[] = { TOPIC_REVOKE, TOPIC_HIDDEN };

const struct command cmd_revoke = {
    .verb = {
        .name = "revoke",
        .summary = "Revoke a certificate, named by --cert-name or --cert-path",
        .usage = "--cert-name NAME | --cert-path FILE [options]",
        .text = "Asks the CA to revoke a certificate, as its account or, with --key-path, as the holder of its key; then offers "
                "to delete its files.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = revoke_run,
};
