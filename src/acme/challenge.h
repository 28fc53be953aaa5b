#pragma once
/*
 * Reading challenge objects; the rest about them is in authz.h. Private to acme/.
 */
#include "acme/authz.h"

/* Reads any node. A missing or unknown status is "pending"; a missing member that answering needs is reported in fault.
 */
void challenge_read(const struct node *node, struct challenge *out);
void challenge_clear(struct challenge *challenge);
static inline void challenge_clear_at(struct challenge *challenge)
{
    challenge_clear(challenge);
}
