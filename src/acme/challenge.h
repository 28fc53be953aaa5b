#pragma once
/*
 * Reading challenge objects; the rest about them is in authz.h. Private to acme/.
 */
#include "acme/authz.h"

MUST_USE bool challenge_read(const struct node *node, struct challenge *out, struct error *err);
void challenge_clear(struct challenge *challenge);
static inline void challenge_clear_at(struct challenge *challenge)
{
    challenge_clear(challenge);
}
