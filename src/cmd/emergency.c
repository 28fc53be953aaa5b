/* emergency: the way back when certificates or keys are lost. */
#include "rescue/emergency.h"

#include <string.h>

#include "cmd/command.h"

static bool emergency_run(struct context *context, struct error *err)
{
    return emergency(context, &cmd_renew.verb, err);
}

static bool only_looks(const struct settings *settings)
{
    return settings->dry_run || (settings->operands.len > 0 && strcmp(settings->operands.at[0], "look") == 0);
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_BACKUP, TOPIC_NGINX, TOPIC_APACHE, TOPIC_HIDDEN };

static const char *const actions[] = { "look", "repair", "stop-gap", "reissue", NULL };

const struct command cmd_emergency = {
    .verb = {
        .name = "emergency",
        .summary = "When keys or certificates are lost: find what is wrong, and lead back",
        .usage = "[look|repair|stop-gap|reissue] [--cert-name NAME] [--yes] [--dry-run] [--json]",
        .text = "Looks at every certificate of the store, and at those that nginx and Apache want to read, and does what leads "
                "back, step by step: a backup of what is there (reason emergency, encrypted as `backup create` would); repairs with exactly "
                "one right answer, and where none helps an older version that is whole and has not expired; self-signed stop-gaps in place of lost files, so that "
                "servers start again; new certificates from the CA. For what is left it prints the commands, such as the "
                "`backup restore` from the newest backup that has the certificate. At a terminal it "
                "asks before each step; with --yes it does all; otherwise only the safe steps (repairs). With `look` or --dry-run "
                "nothing is changed. May be repeated at any time: what is well is left alone. The exit status is 0 when all "
                "is well in the end.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = actions,
        .max_operands = 1,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_looks,
    .leaves_no_trace = true,
    .run = emergency_run,
};
