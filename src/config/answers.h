#pragma once
/*
 * Answers: values that a command, or an order, determines besides its settings, and that renewals need: the account in
 * use, what the user has answered, the key that is kept.
 *
 * Settings say what is wanted and are not changed once the work has begun; a value that may have been answered is
 * looked up here first.
 */
#include "config/settings.h"

struct answers {   /* all 0: nothing yet; each string is owned */
    char *account; /* id of the account that is used */
    char *email;   /* NULL with has_email: none is wanted */
    bool has_email;
    char *authenticator, *installer; /* the ones chosen where settings name none */
    char *key_type;                  /* "rsa" or "ecdsa", where the lineage's is kept */
    bool key_is_kept;                /* the whole key is, with what follows */
    int rsa_key_size;
    char *elliptic_curve;     /* NULL: it has none, or one without a name */
    struct webroot_map roots; /* where the names of the order are served from */
    bool has_roots;           /* the user was asked for some of them */
    char *profile;            /* that the order asks for because of its IP addresses */
    char *plugin_option;      /* an option of the authenticator that was asked for: "dns-ovh-credentials" */
    char *plugin_value;
};

void answers_clear(struct answers *answers);
static inline void answers_clear_at(struct answers *answers)
{
    answers_clear(answers);
}
/* The lineage's key is chosen anew. */
void answers_forget_key(struct answers *answers);
/* The plugins that are used: what settings name, else what was chosen. NULL: none. Borrowed. */
const char *authenticator_in_use(const struct settings *settings, const struct answers *answers);
const char *installer_in_use(const struct settings *settings, const struct answers *answers);
/* Settings with the answers in them, as they are saved for renewals; of the caller's. */
struct settings *settings_with(const struct settings *settings, const struct answers *answers)
    __attribute__((returns_nonnull));
