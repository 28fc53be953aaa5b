#pragma once
/*
 * Chains: the text in which a CA sends a certificate and those that vouch for it (RFC 8555 section 9.1).
 *
 * Knows what is in such a text and who signed whom; not what was asked for (accept.h). Private to this room.
 */
#include "crypto/cert.h"
#include "crypto/openssl.h"

#define CHAIN_MAX 64 /* certificates; real chains have two to four */

struct chain {
    struct {
        struct cert *cert;
        X509 *x509; /* the same, as OpenSSL reads it: servers will load it with that */
    } at[CHAIN_MAX];
    size_t len;
};

void chain_clear(struct chain *chain);
static inline void chain_clear_at(struct chain *chain)
{
    chain_clear(chain);
}

/* Every certificate of a PEM text, in its order, behind those that are in *chain already; one that is there twice is
 * taken once. Text before, between and behind the blocks is passed over, a block never. ERROR_ACME: a block that is no
 * certificate, or not for OpenSSL; no block at all; more than CHAIN_MAX. *chain may then hold some of them. */
MUST_USE bool chain_read(struct view text, struct chain *chain, struct error *err);
/* The same for one certificate, DER. */
MUST_USE bool chain_add(struct view der, struct chain *chain, struct error *err);

/* The first certificate with that key; chain->len when there is none. */
size_t chain_find_key(const struct chain *chain, EVP_PKEY *key);

/*
 * Puts the certificate at `leaf` first, behind it the one that signed it, and so on; *len is how many there are in that
 * row, and the others, which nobody needs, come after. ERROR_ACME when a certificate that bears the issuer's name did
 * not sign, and no other did.
 */
MUST_USE bool chain_sort(struct chain *chain, size_t leaf, size_t *len, struct error *err);
