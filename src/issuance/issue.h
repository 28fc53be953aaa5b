#pragma once
/*
 * Issuing: from names and a key to a certificate chain (RFC 8555 section 7.4). One order, or several when names are
 * dropped, or none, when an earlier run's order is found again (resume.h).
 */
#include "issuance/request.h"

/* Everything the CA must do for one certificate. Nothing is written to disk but the order's record.
 * context->answers->account is set afterwards. */
MUST_USE bool issue(
    struct context *context, struct issue_request *request, struct issued_chain *out, struct error *err);
