/* register, update_account, unregister: an account from its first day to its last. */
#include "cmd/command.h"
#include "run/accounts.h"

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
        .summary = "Change the e-mail address or the key of the account",
        .usage = "[--email EMAIL] [--new-key] [options]",
        .text = "Replaces the contact addresses that the CA has of the account. With --new-key, also (or only, without --email) the "
                "account's key: when somebody else may have seen it, or the machine changes hands. Renewal files are changed with "
                "it. An account that other machines use as well has to be copied to them again.",
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
