#pragma once
/*
 * For tests: an authenticator and one proof at a time.
 */
#include <stdlib.h>

#include "plugin/plugin.h"

/* Turns the result of a call with this one proof into a single result: *err is the proof's own error if that failed. */
static inline bool proof_verdict(bool ok, struct proof *proof, struct error *err)
{
    if (ok && proof->state == PROOF_FAILED)
        *err = *proof->error;
    free(proof->error);
    proof->error = NULL;
    return ok && proof->state != PROOF_FAILED;
}

static inline bool present_it(
    const struct authenticator *authenticator, void *self, struct proof *proof, struct error *err)
{
    return proof_verdict(authenticator->present(self, &proof, 1, err), proof, err);
}

static inline bool clean_it_up(
    const struct authenticator *authenticator, void *self, struct proof *proof, struct error *err)
{
    return proof_verdict(authenticator->cleanup(self, &proof, 1, err), proof, err);
}
