#pragma once
/*
 * Certificate revocation lists (RFC 5280 section 5): whole ones and the parts ("shards") into which large
 * CAs divide theirs.
 *
 * Pure: knows nothing of HTTP and files. Delta and indirect lists are refused: nobody needs them for server
 * certificates.
 */
#include "crypto/cert.h"

#define CRL_MAX                                                                                                        \
    ((size_t)12 * 1024 * 1024) /* the largest in use have some ten megabytes; reading takes four times that */

struct crl;

/*
 * Reads a list, DER or PEM, and checks that issuer signed it. ERROR_NETWORK when it cannot be trusted: not
 * a list, larger than CRL_MAX, of another issuer, or with a critical extension that we do not know (RFC
 * 5280 section 5.2). *out is the caller's, for crl_free.
 */
MUST_USE bool crl_read(struct view bytes, const struct cert *issuer, struct crl **out, struct error *err);
void crl_free(struct crl *crl); /* NULL is fine */
DEFINE_AUTO(struct crl, crl_free)

/* Whether it is neither from the future nor out of date at that instant, as crl_lookup sees it. */
bool crl_is_current(const struct crl *crl, int64_t now);

/*
 * Whether cert, issued by issuer, stands in the list at the instant now (UTC seconds). ERROR_NETWORK when
 * the list does not tell: signed by another key than issuer's, from the future or out of date by more than
 * five minutes, or the certificate is not in it and the list is not about such certificates (issuing
 * distribution point, RFC 5280 section 5.2.5). Thread-safe.
 */
MUST_USE bool crl_lookup(const struct crl *crl, const struct cert *cert, const struct cert *issuer, int64_t now,
    bool *revoked, struct error *err);
