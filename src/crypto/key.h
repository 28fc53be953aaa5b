#pragma once
/*
 * Keys: making, reading and writing private keys, and the signer through which all of their use goes.
 *
 * Knows key types and encodings; knows nothing of files (the store writes them) and of the network.
 */
#include "base/bytes.h"

#define KEY_PEM_MAX (64 * 1024) /* of RSA with 8192 bits there are some 6 KiB */

struct key; /* a private key; its memory is wiped on release */

enum key_type { KEY_RSA, KEY_EC };

struct key_params { /* type and size of a new key */
    enum key_type type;
    unsigned bits;     /* RSA: 2048 to 8192 */
    const char *curve; /* EC: "secp256r1", "secp384r1", "secp521r1" (Certbot's words) */
};

/* ERROR_CONFIG for a size or curve outside of the above. Takes seconds for RSA of 8192 bits. */
MUST_USE bool key_generate(struct key_params params, struct key **out, struct error *err);
/* Checks without making: the same errors, before any network traffic. */
MUST_USE bool key_params_check(struct key_params params, struct error *err);

/* PEM (PKCS#8, PKCS#1, SEC 1), unencrypted: never asks for a passphrase. name is for messages (a path). */
MUST_USE bool key_from_pem(struct view pem, const char *name, struct key **out, struct error *err);
/* Whether a private key is in it that needs a passphrase. */
bool key_pem_is_encrypted(struct view pem);
/* PKCS#8 PEM ("BEGIN PRIVATE KEY") into a secret buffer. */
MUST_USE bool key_to_pem(const struct key *key, struct buf *out, struct error *err);

/* Members of a private JWK as Certbot stores them in private_key.json (RFC 7517, RFC 7518 section 6): names and raw
 * big-endian values, without JSON. */
struct jwk_member {
    const char *name; /* "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y" */
    struct buf value; /* secret */
};
struct jwk {
    const char *kty; /* "RSA" or "EC" */
    const char *crv; /* "P-256", "P-384", "P-521"; NULL for RSA */
    struct jwk_member members[8];
    size_t count;
};
MUST_USE bool key_to_jwk(const struct key *key, struct jwk *out, struct error *err);
MUST_USE bool key_from_jwk(const struct jwk *jwk, struct key **out, struct error *err);
void jwk_clear(struct jwk *jwk);
static inline void jwk_clear_at(struct jwk *jwk)
{
    jwk_clear(jwk);
}

enum key_type key_get_type(const struct key *key);
unsigned key_bits(const struct key *key);                 /* 2048, 256, 521 ... */
const char *key_curve(const struct key *key);             /* Certbot's word, NULL for RSA or a curve that has none */
bool key_equal(const struct key *a, const struct key *b); /* same public part */

/* SubjectPublicKeyInfo, DER; and its PEM text as Certbot hashes it for an account's id (64 columns, final newline). */
MUST_USE bool key_public_der(const struct key *key, struct buf *out, struct error *err);
MUST_USE bool key_public_pem(const struct key *key, struct buf *out, struct error *err);

void key_free(struct key *key);
DEFINE_AUTO(struct key, key_free)

/* Digests, for thumbprints and ids; out is appended to. */
MUST_USE bool digest_sha256(struct view data, struct buf *out, struct error *err);
MUST_USE bool digest_sha1(
    struct view data, struct buf *out, struct error *err); /* names only: OCSP's certificate ids */
MUST_USE bool digest_sha3_256(struct view data, struct buf *out, struct error *err);
MUST_USE bool digest_md5(struct view data, struct buf *out, struct error *err); /* names only: Certbot's account ids */

/* Random bytes for names and instants; at least as good as the system's source. */
MUST_USE bool random_bytes(void *to, size_t len, struct error *err);
/* Uniform in [0, bound); bound > 0. */
MUST_USE bool random_below(uint64_t bound, uint64_t *out, struct error *err);
