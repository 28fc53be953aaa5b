#pragma once
/*
 * The members of a key, and the table of curves. Private to this room.
 */
#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"
#include "crypto/public_part.h"

struct key {
    EVP_PKEY *pkey;
    enum key_type type;
    unsigned bits;
    const struct curve *curve; /* NULL for RSA, and for a curve that is none of ours */
};

struct curve {
    const char *name;  /* Certbot's word */
    const char *jwk;   /* RFC 7518 section 6.2.1.1 */
    const char *group; /* OpenSSL's word */
    const char *alg;   /* RFC 7518 section 3.4 */
    const char *digest;
    unsigned bits;
    size_t field_bytes; /* width of a coordinate, and of r and s */
};
extern const struct curve curves[3];

/* Takes pkey over in any case, also when it fails: ERROR_CONFIG for what is neither RSA nor EC. */
MUST_USE bool key_wrap(EVP_PKEY *pkey, const char *name, struct key **out, struct error *err);

/* The first private key of a PEM text, decoded: der (secret) is appended to. ERROR_CONFIG for one with a
 * passphrase, or none at all. */
MUST_USE bool key_pem_find(struct view pem, struct buf *der, enum private_form *form, struct error *err);

/* Builds the key from what key_pem_find found. */
MUST_USE bool key_from_private_der(
    struct view der, enum private_form form, const char *name, struct key **out, struct error *err);
