/* delete: remove a lineage's files. */
#include "lifecycle/forget.h"

#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "lifecycle/in_use.h"
#include "store/lineage_delete.h"

/* Finds servers that use the lineage; when it does not load, those of the directories named after it. */
static void find_uses(struct context *context, const char *name, struct in_use *out)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *live = xprintf("%s/live/%s", store_config_dir(context->store), name);
    AUTO(free) char *archive = xprintf("%s/archive/%s", store_config_dir(context->store), name);
    struct lineage named = { .live_dir = live, .archive_dir = archive };
    struct error broken = { 0 };

    if (!lineage_load(context->store, name, &lineage, &broken))
        log_debug("%s: %s", name, broken.why);
    in_use_find(lineage != NULL ? lineage : &named, &context->settings->server_config_dirs, out);
}

static bool refuse_in_use(struct context *context, const char *name, struct error *err)
{
    AUTO(in_use_clear) struct in_use uses = { 0 };
    AUTO(free) char *places = NULL;

    find_uses(context, name, &uses);
    if (uses.count == 0)
        return true;
    places = list_join(&uses.places, "\n  ");
    (void)error_set(err, ERROR_CONFIG, "%s is not deleted, as its files are still named in\n  %s%s", name, places,
        uses.count > uses.places.len ? "\n  and further places" : "");
    return error_next(err,
        "install another certificate in that place, or take these lines out and reload the server, and delete again; "
        "or delete with --force: the server then fails at its next start");
}

static bool delete_run(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(forget_choose(context, &names, err));
    for (size_t i = 0; i < names.len && context->voice->guards_deletion && !context->settings->force; i++)
        TRY(refuse_in_use(context, names.at[i], err));
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
        .usage = "[--cert-name NAME] [--force]",
        .text = "Removes a certificate, its key, its history and its renewal file. Nothing is revoked. Refuses to, without "
                "--force, while the configuration of a web or mail server in the usual places still names the files.",
        .topics = topics,
        .traits = VERB_FORCE,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = delete_run,
};
