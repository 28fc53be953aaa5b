/* delete: remove a lineage's files. */
#include "lifecycle/forget.h"

#include "cmd/command.h"

static bool delete_run(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(forget_choose(context, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        TRY(lineage_delete(context->store, names.at[i], err));
        ui_say(context->ui, "Deleted all files relating to certificate %s.", names.at[i]);
    }
    return true;
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_HIDDEN };

const struct command cmd_delete = {
    .verb = {
        .name = "delete",
        .summary = "Delete a certificate's files",
        .usage = "[--cert-name NAME]",
        .text = "Removes a certificate, its key, its history and its renewal file. Nothing is revoked.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = delete_run,
};
