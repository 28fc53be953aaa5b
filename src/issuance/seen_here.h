#pragma once
/*
 * A name's addresses as this machine sees them, to compare with those that the CA used: the difference shows names that
 * only the internal or only the public DNS has, records changed lately, and addresses of another machine.
 */
#include "acme/authz.h"
#include "net/net.h"

struct seen_here {
    bool answered;         /* the resolvers answered; else nothing is known, and nothing reported */
    struct list addresses; /* of A and AAAA records, as text */
};

/* Asks the resolvers of this machine, until that instant (of clock_monotonic_ms). Asks nothing when net is NULL, or
 * once they did not answer in this run. */
void seen_here_ask(struct net *net, const char *name, int64_t until_ms, struct seen_here *out);
void seen_here_clear(struct seen_here *here);
static inline void seen_here_clear_at(struct seen_here *here)
{
    seen_here_clear(here);
}

/* Whether the difference could tell something: a name that the CA could not reach, or at which it found another answer.
 */
bool seen_here_matters(const struct authz *authz);

/* A text about the addresses that this machine finds, where they differ from those that the CA used or there are none;
 * else NULL. Of the caller's. */
char *seen_here_tell(const struct authz *authz, const struct seen_here *here);
