#pragma once
/*
 * A look at the names before an order is placed (preflight/): what will fail is told, and what is certain to fail is
 * not tried.
 */
#include "issuance/proofs.h"
#include "issuance/request.h"

struct first_look { /* what is looked at; borrowed */
    const struct identifiers *names;
    const struct list *types;    /* of challenges, in the order in which they are tried */
    const struct plugin *plugin; /* the authenticator; NULL: none is named */
    struct session *session;     /* with the CA; NULL: there is none */
    const char *account_url;     /* NULL: there is none yet */
    bool asked;                  /* as of struct preflight_request */
};
/* Findings borrow the names. ERROR_CANCELED on an interrupt. */
MUST_USE bool first_look(
    struct context *context, const struct first_look *look, struct preflight *out, struct error *err);

/* Looks where settings want it, which for `renew` is where the last renewal of that lineage failed, tells the user what
 * was found, and keeps it in solver->looked. Findings borrow request->requested. ERROR_CANCELED. */
MUST_USE bool first_look_before_order(struct context *context, const struct ca *ca, struct solver *solver,
    const struct issue_request *request, struct error *err);

/*
 * Judges what was found once the CA has said what is to be proved, and how: an authorization of before may still be
 * valid, and then nothing is certain. Looks again at names for which the CA offers another proof than was thought.
 * What certainly fails is not tried: its name is left out of *proofs and added to *failed, where settings permit that
 * and others of the `ordered` names remain; else ERROR_CONFIG. ERROR_CANCELED.
 */
MUST_USE bool first_look_at_proofs(struct context *context, const struct ca *ca, const struct solver *solver,
    struct proofs *proofs, size_t ordered, struct list *failed, struct error *err);

/* The finding by which that proof certainly fails; NULL: none is about it. */
const struct preflight_finding *first_look_dooms(const struct preflight *found, const struct proof *proof);

/* Appends a finding as people read it, of several lines. */
void first_look_put(struct buf *text, const struct preflight_finding *finding);
