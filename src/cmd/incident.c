/* incident: evidence, and what is to be done when a key is known to others. */
#include <string.h>

#include "cmd/command.h"
#include "rescue/collect.h"
#include "rescue/key_compromise.h"

static bool incident_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;

    if (words->len == 1 && strcmp(words->at[0], "key-compromise") == 0)
        return key_compromise(context, &cmd_renew.verb, err);
    if (words->len == 1 && strcmp(words->at[0], "collect") == 0)
        return incident_collect(context, err);
    (void)error_set(err, ERROR_USAGE,
        words->len == 0 ? "incident needs to know what is to be done (collect, key-compromise)"
                        : "incident knows no \"%s\"",
        words->len == 0 ? "" : words->at[0]);
    return error_next(
        err, "incident collect [--with-keys], incident key-compromise --cert-name NAME [--yes] [--dry-run]");
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_BACKUP, TOPIC_HIDDEN };

static const char *const actions[] = { "collect", "key-compromise", NULL };

const struct command cmd_incident = {
    .verb = {
        .name = "incident",
        .summary = "Collect evidence; replace a key that is known to others, then revoke",
        .usage = "collect [--with-keys] [--json] | key-compromise --cert-name NAME [--no-collect] [--yes] [--dry-run]",
        .text = "`incident collect` packs evidence into one archive in the directory incidents in --work-dir, readable by its owner "
                "alone, encrypted as `backup create` would: logs with the audit trail, the store without private keys and secrets "
                "(--with-keys: with them), a list of all files of the store with owners, modes, times and SHA-256, what changed in "
                "two weeks, processes and listening sockets, our units' journal, and who renews. It changes nothing of what it "
                "collects. `incident key-compromise` obtains a certificate with a new key, has servers use it, and then revokes every "
                "certificate of the old key that is still valid, with the reason keycompromise; so no site is down in between. "
                "Then it says what else to change. Interrupted, it is finished by repeating it, without a second new key. Asks "
                "before it begins, unless --yes is given; with --dry-run it only says what would be done. Evidence is collected first, unless --no-collect is given.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = incident_run,
};
