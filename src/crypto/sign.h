#pragma once
/*
 * Signatures by RSA over any text, for the calls of providers' interfaces. (ACME's own are in jws.h.)
 */
#include "crypto/hmac.h"
#include "crypto/key.h"

#define SIGN_MAX 1024 /* bytes: RSA of 8192 bits */

enum sign_padding {
    SIGN_PKCS1, /* RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2) */
    SIGN_PSS,   /* RSASSA-PSS (section 8.1), MGF1 and salt by the same digest, as in PS256 (RFC 7518 section 3.5) */
};

/* Appends the signature of input to out. ERROR_CONFIG for a key that is not of RSA. */
MUST_USE bool sign_rsa(const struct key *key, enum digest digest, enum sign_padding padding, struct view input,
    struct buf *out, struct error *err);
