#pragma once
/*
 * Waits until all name servers of the zones have the records that were made, by asking each of them.
 */
#include "dns/ask.h"
#include "dns/propagation_rule.h"

struct spread {        /* a value that was put in place */
    const char *place; /* its name; borrowed, as are the others */
    const char *value;
    /* Set by the wait: */
    enum verdict verdict; /* never VERDICT_WAIT when it has succeeded */
    char *why;            /* what servers have said, where it is not VERDICT_THERE; NULL: nothing to be said */
    char *left_out;       /* servers that could not be asked, although it is there; NULL: none */
};

void spread_clear(struct spread *spread);

struct propagation {
    int limit_s;
    int fixed_s; /* how long to believe private servers, at least a minute: see VERDICT_ELSEWHERE */
    /* Told once, when a server has been behind for a while; may be NULL. */
    void (*tell)(void *arg, const char *what);
    void *arg;
};

/*
 * Returns when each has its verdict. Zones that no resolver can tell of are VERDICT_BLIND. Asks all servers at the same
 * time, again after a pause that grows. False, with ERROR_CANCELED, when the user interrupts.
 */
MUST_USE bool propagation_wait(
    const struct asker *asker, const struct propagation *how, struct spread *spreads, size_t count, struct error *err);
