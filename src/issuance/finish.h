#pragma once
/*
 * Takes an order with proved names to a certificate chain: records, finalizes, waits, downloads (RFC 8555 section 7.4)
 * and checks.
 */
#include "acme/order.h"
#include "issuance/request.h"

/*
 * The order is recorded under request->record, and that is on disk before the CA is told to issue. Where the CA
 * refuses, or its certificate does not pass the gate (crypto/accept.h), the record goes; where it is not known what the
 * CA did, or only something on this side is missing (ERROR_NETWORK, ERROR_CONFIG), it stays for the next run
 * (resume.h). *anothers: it failed as another client's CSR was faster at the same order, so a new order may do.
 */
MUST_USE bool finish_order(struct context *context, struct ca *ca, const struct issue_request *request,
    struct order *order, struct problem *problem, struct issued_chain *out, bool *anothers, struct error *err);

/* The same for an order that is recorded, in whatever state the CA has it. The record stays, unless what the CA sends
 * does not pass the gate. */
MUST_USE bool finish_recorded(struct context *context, struct ca *ca, const struct issue_request *request,
    struct order *order, struct issued_chain *out, struct error *err);
