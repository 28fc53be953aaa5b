#pragma once
/*
 * The issuer of a certificate that a CA has sent alone: RFC 8555 section 9.1 lets it leave the others out, and one
 * whose root signs has nothing else to send.
 */
#include "acme/session.h"
#include "crypto/accept.h"
#include "run/context.h"

/*
 * Puts the issuer behind accepted, which has a leaf alone: from the lineage that gets it (NULL: a new one, or none),
 * from another one here, or from the address in the certificate (RFC 5280 section 4.2.2.1); what is found has signed
 * the leaf. accepted->warnings says what was done. Where there is no such address, and no issuer stood in the lineage
 * before, it stays alone. ERROR_NETWORK when the issuer cannot be had now, ERROR_CANCELED.
 */
MUST_USE bool issuer_find(struct context *context, struct session *session, const struct lineage *lineage,
    struct accepted *accepted, struct error *err);
