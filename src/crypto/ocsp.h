#pragma once
/*
 * OCSP (RFC 6960): the question whether one certificate is revoked, and what to make of the answer.
 *
 * Pure: knows nothing of HTTP and files. Reading is our own (crypto/der.h), signatures are OpenSSL's.
 */
#include "crypto/cert.h"

#define OCSP_MAX_REQUEST 256
#define OCSP_MAX_RESPONSE (64 * 1024) /* real ones have one to five kilobytes */

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

/* Appends the DER of an OCSPRequest about cert: CertID with SHA-1, which every responder understands (RFC
 * 5019 section 2.1.1), no nonce. ERROR_INTERNAL when out is too small. */
MUST_USE bool ocsp_request(const struct cert *cert, const struct cert *issuer, struct buf *out, struct error *err);

/*
 * Reads the status of cert from the response, at the instant now (UTC seconds). Accepted only when it is signed by
 * issuer, or by a certificate in it that issuer issued for OCSP signing (RFC 6960 section 4.2.2.2), and is neither from
 * the future nor out of date by more than five minutes. ERROR_ACME when the responder refuses to answer (why is then
 * "OCSPResponseStatus." and its name), ERROR_NETWORK when there is no answer that may be trusted.
 */
MUST_USE bool ocsp_judge(struct view response, const struct cert *cert, const struct cert *issuer, int64_t now,
    enum ocsp_status *out, struct error *err);
