#pragma once
/*
 * A look at the names before an order is placed (preflight/): what will fail is told, and what is certain to fail is
 * not ordered.
 */
#include "issuance/request.h"
#include "issuance/solve.h"
#include "preflight/preflight.h"

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

/*
 * Looks where settings want it, which for `renew` is where the last renewal of that lineage failed, and tells the user
 * what was found. ERROR_CONFIG when the order would certainly fail.
 */
MUST_USE bool first_look_before_order(struct context *context, const struct ca *ca, const struct solver *solver,
    const struct issue_request *request, struct error *err);

/* Appends a finding as people read it, of several lines. */
void first_look_put(struct buf *text, const struct preflight_finding *finding);
