#pragma once
/*
 * From an order whose names are proved to a certificate chain: recorded, finalized, waited for, downloaded (RFC 8555
 * section 7.4).
 */
#include "acme/order.h"
#include "lifecycle/request.h"

/* The order is recorded under request->record, and that is on disk before the CA is told to issue. Where the CA
 * refuses, the record goes; where it is not known what the CA did, it stays for the next run (resume.h). */
MUST_USE bool finish_order(struct context *context, struct ca *ca, const struct issue_request *request,
    struct order *order, struct problem *problem, struct issued_chain *out, struct error *err);

/* The same for an order that is recorded, in whatever state the CA has it. The record stays. */
MUST_USE bool finish_recorded(struct context *context, struct ca *ca, const struct issue_request *request,
    struct order *order, struct issued_chain *out, struct error *err);
