#pragma once
/*
 * Orders that an earlier run placed and did not bring home: killed, no answer, no room. What was issued is fetched, and
 * what was not yet is finished, with the key that was kept; no new order is placed for it.
 */
#include "issuance/request.h"

/*
 * Looks for the record of an order that fits the request: the same CA, account, names, kind of key, CSR, and nothing
 * was saved since. *found: out is its chain, request->key its key and request's names are its names. A record of an
 * order that the CA does not know or has given up is removed. Other errors of the order are logged, and a new one is
 * placed; only a CA that cannot be reached is a failure.
 */
MUST_USE bool resume_order(
    struct context *context, struct issue_request *request, struct issued_chain *out, bool *found, struct error *err);

/* Call when a certificate could not be saved: unless it is in the lineage all the same, err says how to get it. Returns
 * false. */
bool resume_keep(
    struct context *context, const struct issue_request *request, const struct issued_chain *chain, struct error *err);

/* Whether an earlier run ordered the lineage's next certificate and never saved it. Sends no request. */
bool resume_is_waiting(struct context *context, const struct lineage *lineage);
