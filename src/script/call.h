#pragma once
/*
 * One call of a script: its program, arguments and environment, by the script's protocol.
 *
 * Knows protocols and values of TXT records; runs nothing.
 */
#include "dns/provider.h"
#include "script/recognise.h"

#define CALL_DECLINED "declined" /* output of a proof that a script by uacme's protocol did not take */

/* What all calls of one use share; borrowed. */
struct script {
    enum script_kind kind;
    const char *path;            /* absolute */
    const char *cleanup;         /* Certbot's protocol: the script that removes; NULL: there is none */
    const char *shell;           /* acme.sh: runs its surroundings */
    const char *shim;            /* acme.sh: its surroundings */
    const char *helper;          /* acme.sh: our own program */
    const char *state;           /* directory for what scripts save */
    const char *scratch;         /* directory for what they need while they run */
    const struct list *settings; /* "KEY=VALUE" from the credentials file */
};

struct call {
    char *path; /* of the program, absolute; NULL: there is nothing to be called */
    struct list argv, env;
};

/*
 * Works out the call that adds the value, or removes it. ERROR_PLUGIN for a value that the protocol has no way for.
 * *out is cleared by the caller, also after a failure.
 */
MUST_USE bool call_make(
    const struct script *script, const struct txt *txt, bool add, struct call *out, struct error *err);
void call_clear(struct call *call);
static inline void call_clear_at(struct call *call)
{
    call_clear(call);
}
