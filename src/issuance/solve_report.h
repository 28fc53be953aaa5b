#pragma once
/*
 * Messages when the CA could not verify, and before it is asked to (--debug-challenges).
 */
#include "issuance/proofs.h"

/* Tells which authorizations failed, in the CA's words, with the plugin's hint. False with "Some challenges have
 * failed." unless settings allow a subset of names: then true. */
MUST_USE bool solve_report(
    struct context *context, struct solver *solver, const struct proofs *proofs, struct error *err);

/* Tells why the proofs of these names could not be presented; of one that is alone and ends the order the error does.
 * True with goes_on: the order goes on without them; else false with the first of the reasons. */
MUST_USE bool solve_report_unpresented(
    struct context *context, const struct proofs *proofs, const struct list *names, bool goes_on, struct error *err);

/* With --debug-challenges: shows the proofs in place and, at a terminal, waits for Enter. */
MUST_USE bool solve_pause(struct context *context, const struct proofs *proofs, struct error *err);
