/* incident: what is to be done when a key is known to others. */
#include <string.h>

#include "cmd/command.h"
#include "rescue/key_compromise.h"

static bool incident_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;

    if (words->len == 1 && strcmp(words->at[0], "key-compromise") == 0)
        return key_compromise(context, &cmd_renew.verb, err);
    (void)error_set(err, ERROR_USAGE,
        words->len == 0 ? "incident needs to know what has happened (key-compromise)" : "incident knows no \"%s\"",
        words->len == 0 ? "" : words->at[0]);
    return error_next(err, "incident key-compromise --cert-name NAME [--yes] [--dry-run]");
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_HIDDEN };

static const char *const actions[] = { "key-compromise", NULL };

const struct command cmd_incident = {
    .verb = {
        .name = "incident",
        .summary = "When a key is known to others: replace it, then revoke",
        .usage = "key-compromise --cert-name NAME [--yes] [--dry-run]",
        .text = "`incident key-compromise` obtains a certificate with a new key, has servers use it, and then revokes every "
                "certificate of the old key that is still valid, with the reason keycompromise; so no site is down in between. "
                "Then it says what else to change. Interrupted, it is finished by repeating it, without a second new key. Asks "
                "before it begins, unless --yes is given; with --dry-run it only says what would be done.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = incident_run,
};
