#pragma once
/*
 * Certificate signing requests (RFC 2986): making ours, reading a user's.
 */
#include "base/identifier.h"
#include "crypto/key.h"

struct csr {
    struct buf der;
    struct list
        names; /* CN (as a DNS name) first if present, then DNS SANs, then IP SANs in canonical text; no repetition */
    struct list dns, ips; /* the same by kind; dns includes the CN */
    bool must_staple;
};

/* Empty subject, one SAN extension with the identifiers in their order, optional
 * TLS feature (RFC 7633); signed with SHA-256. der is appended to. */
MUST_USE bool csr_make(
    const struct key *key, const struct identifiers *identifiers, bool must_staple, struct buf *der, struct error *err);

/* PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST") or DER; the self-signature is verified. One without
 * any name is read, too. ERROR_CONFIG: unreadable. name is for messages. */
MUST_USE bool csr_read(struct view data, const char *name, struct csr **out, struct error *err);
void csr_free(struct csr *csr);
DEFINE_AUTO(struct csr, csr_free)
