#pragma once
/*
 * For tests: subcommands, as far as the rooms below cmd know them. Included by test programs only.
 */
#include <string.h>

#include "base/auto.h"
#include "config/verb.h"

#define TEST_VERB(word, ...)                                                                                           \
    __attribute__((unused)) static const struct verb verb_##word = {                                                   \
        .name = #word, .summary = "", .usage = "", .text = "", .topics = no_topics, __VA_ARGS__                        \
    }

static const enum option_topic no_topics[] = { TOPIC_HIDDEN };
TEST_VERB(run, .alias = "everything", .traits = VERB_OBTAINS_TOO | VERB_INSTALLS | VERB_REDIRECTS);
TEST_VERB(certonly, .alias = "auth", .traits = VERB_OBTAINS_ONLY | VERB_CSR | VERB_DRY_RUN);
TEST_VERB(renew, .traits = VERB_TRAITS_RENEW);
TEST_VERB(reconfigure, .traits = VERB_RESTORES | VERB_TRIAL | VERB_DRY_RUN);
TEST_VERB(install, .traits = VERB_INSTALLS | VERB_REDIRECTS);
TEST_VERB(enhance, .traits = VERB_INSTALLS,
    .installer_question = "Which installer would you like to use to configure the selected enhancements?");
TEST_VERB(rollback, .traits = VERB_ROLLS_BACK, .installer_question = "Which installer should be used for rollback?");
TEST_VERB(certificates, .alias = NULL);
TEST_VERB(revoke, .alias = NULL);
TEST_VERB(delete, .traits = VERB_FORCE);
TEST_VERB(history, .max_operands = 3, .ours = true);

/* NULL for a name that is none of these. */
__attribute__((unused)) static const struct verb *test_verb(const char *name)
{
    static const struct verb *const verbs[] = { &verb_run, &verb_certonly, &verb_renew, &verb_reconfigure,
        &verb_install, &verb_enhance, &verb_rollback, &verb_revoke, &verb_delete, &verb_certificates, &verb_history };

    for (size_t i = 0; i < COUNT(verbs); i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}
