/* register, update_account, unregister: an account from its first day to its last. */
#include "cmd/command.h"
#include "lifecycle/accounts.h"

static const enum option_topic topics[] = { TOPIC_ACCOUNT, TOPIC_HIDDEN };

const struct command cmd_register = {
    .verb = {
        .name = "register",
        .summary = "Create an account at the CA",
        .usage = "--email EMAIL --agree-tos [options]",
        .text = "Creates an account at the CA. Commands that need one do so by themselves; this is for setting one up "
                "beforehand. An account that the CA has lost is registered again with its key; one that it has ended "
                "is replaced; one whose files are damaged gets them written anew.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = accounts_register,
};

const struct command cmd_update_account = {
    .verb = {
        .name = "update_account",
        .summary = "Change the e-mail address of the account",
        .usage = "--email EMAIL [options]",
        .text = "Replaces the contact addresses that the CA has of the account.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = accounts_update,
};

const struct command cmd_unregister = {
    .verb = {
        .name = "unregister",
        .summary = "Deactivate the account and forget it",
        .usage = "[options]",
        .text = "Deactivates the account at the CA for ever and removes its files. Certificates stay as they are.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = accounts_unregister,
};
