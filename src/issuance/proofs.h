#pragma once
/*
 * The proofs that an order wants: from the CA's authorizations to what an authenticator presents.
 */
#include "issuance/solve.h"

struct proofs {           /* side by side */
    struct authz *authzs; /* those that were not valid yet, each with the one challenge that is to be met */
    struct proof *at;
    size_t count;
    struct list identifiers;
};
void proofs_clear(struct proofs *proofs);
static inline void proofs_clear_at(struct proofs *proofs)
{
    proofs_clear(proofs);
}

/*
 * Fetches the authorizations and works out a proof for each that is not valid. What the CA asks for beyond the names
 * that were ordered is refused. Errors as solve().
 */
MUST_USE bool proofs_gather(const struct context *context, struct ca *ca, struct solver *solver,
    const struct list *urls, const struct identifiers *names, struct proofs *out, struct error *err);

/* Takes those out that chosen says, before anything of them is in place; side by side with proofs. */
void proofs_leave_out(struct proofs *proofs, const bool *chosen);

/* The name that was ordered: the identifier, for a wildcard with "*.". Of the caller's. */
char *proof_name(const struct proof *proof) __attribute__((returns_nonnull));
