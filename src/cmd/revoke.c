/* revoke: tell the CA that a certificate must not be trusted any more. */
#include "lifecycle/revoke.h"

#include "base/mem.h"
#include "cmd/command.h"

static bool revoke_one(struct context *context, struct error *err)
{
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };

    TRY(revoke_certificate(context, &result, err));
    if (result.deleted_name != NULL)
        ui_say(context->ui, "Deleted all files relating to certificate %s.", result.deleted_name);
    ui_say(context->ui, "Congratulations! You have successfully revoked the certificate that was located at %s.",
        result.cert_path);
    return true;
}

static bool revoke_named(const struct context *context, const char *name, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    struct context own = *context;

    xreplace(&settings->cert_name, name);
    own.settings = settings;
    return revoke_one(&own, err);
}

static bool revoke_run(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool asked;

    TRY(revoke_choose(context, &names, &asked, err));
    if (!asked)
        return revoke_one(context, err);
    for (size_t i = 0; i < names.len; i++)
        TRY(revoke_named(context, names.at[i], err));
    if (names.len == 0)
        ui_say(context->ui, "Nothing was revoked.");
    return true;
}

static const enum option_topic topics[] = { TOPIC_REVOKE, TOPIC_HIDDEN };

const struct command cmd_revoke = {
    .verb = {
        .name = "revoke",
        .summary = "Revoke a certificate, named by --cert-name or --cert-path",
        .usage = "[--cert-name NAME | --cert-path FILE] [options]",
        .text = "Asks the CA to revoke a certificate, as its account or, with --key-path, as the holder of its key; then offers "
                "to delete its files. In a terminal, without a name, the certificates are listed to choose from.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = revoke_run,
};
