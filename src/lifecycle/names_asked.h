#pragma once
/*
 * The names that a command asks about, with the settings by which a certificate for them would be obtained: those of
 * the command line, or those of a certificate that is there.
 */
#include "run/context.h"

struct names_asked {
    struct context context;    /* with settings of its own */
    struct settings *settings; /* owned */
    struct answers answers;
    struct identifiers names;
    struct list types;           /* challenge types, in the order in which they are tried */
    const struct plugin *plugin; /* the authenticator; NULL: none is named */
    struct session *session;     /* with the CA; NULL: it does not answer, which is told */
    const char *account_url;     /* NULL: there is no account here. Borrowed from the run */
};
void names_asked_clear(struct names_asked *asked);
static inline void names_asked_clear_at(struct names_asked *asked)
{
    names_asked_clear(asked);
}

/*
 * Of -d and --ip-address where lineage is NULL, else of that lineage. Asks the user nothing, and registers nothing.
 * Where no authenticator and no challenge is named, http-01 is thought of, and dns-01 for wildcards. *out must be zero;
 * of the caller's, for names_asked_clear, also after a failure. ERROR_USAGE when there are no names.
 */
MUST_USE bool names_asked(struct context *context, const char *lineage, struct names_asked *out, struct error *err);
