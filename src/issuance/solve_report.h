#pragma once
/*
 * What is said when the CA could not verify, and before it is asked to (--debug-challenges).
 */
#include "issuance/solve.h"

/* Tells which authorizations failed, in the CA's words, with the plugin's hint; proofs: side by side
 * with authzs. False with "Some challenges have failed." unless settings allow a subset of names: then true. */
MUST_USE bool solve_report(struct context *context, struct solver *solver, const struct authz *authzs,
    const struct proof *proofs, size_t count, struct error *err);

/* With --debug-challenges: shows what is in place and, where somebody can press it, waits for Enter. */
MUST_USE bool solve_pause(struct context *context, const struct proof *proofs, size_t count, struct error *err);
