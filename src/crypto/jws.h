#pragma once
/*
 * JSON Web Signatures as ACME uses them (RFC 7515 flattened form, RFC 8555 section 6.2): the cryptographic half.
 *
 * Knows algorithms, thumbprints and signing input; the JSON around it is written by acme/.
 */
#include "crypto/key.h"

#define JWS_MAX (1024 * 1024)

/* Signs for the protocol: all private-key use goes through this, so that a key may live elsewhere. */
struct signer {
    const char *alg;                                                                       /* "ES256", "RS256" ... */
    bool (*sign)(void *self, struct view input, struct buf *signature, struct error *err); /* raw JWS signature */
    const struct jwk *jwk; /* the public key, for "jwk" */
    void *self;
};

/* A signer on a key in memory: RS256, ES256, ES384 or ES512 by the key's type (RFC 7518 section 3). The key must
 * outlive it. Thread-safe. Release with signer_close. */
MUST_USE bool signer_open(const struct key *key, struct signer *out, struct error *err);
void signer_close(struct signer *signer);

/* The canonical JSON of the public key (RFC 7638 section 3): members in lexicographic order, no blanks. It is also a
 * valid "jwk" header. */
MUST_USE bool jwk_public_json(const struct jwk *jwk, struct buf *out, struct error *err);

/* base64url of the SHA-256 of the above (RFC 7638, RFC 8555 section 8.1). */
MUST_USE bool jwk_thumbprint(const struct jwk *jwk, struct buf *out, struct error *err);

/* Signing input and signature (RFC 7515 section 5.1) for header and payload given as JSON text (an empty payload is
 * POST-as-GET): appends base64url of each to its own buffer. */
MUST_USE bool jws_sign(const struct signer *signer, struct view header, struct view payload, struct buf *header64,
    struct buf *payload64, struct buf *signature64, struct error *err);

/* HMAC for external account binding (RFC 8555 section 7.3.4): alg "HS256", "HS384" or "HS512", key raw bytes. */
MUST_USE bool jws_hmac(const char *alg, struct view key, struct view input, struct buf *mac, struct error *err);
