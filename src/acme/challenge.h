#pragma once
/*
 * Reading challenge objects; the rest about them is in authz.h. Private to acme/.
 */
#include "acme/authz.h"

/* Whatever node is. A status that is not there, or unknown, is "pending"; what answering needs is missed in fault. */
void challenge_read(const struct node *node, struct challenge *out);
void challenge_clear(struct challenge *challenge);
static inline void challenge_clear_at(struct challenge *challenge)
{
    challenge_clear(challenge);
}
