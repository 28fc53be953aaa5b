#pragma once
/*
 * The gate: checks that a certificate from the CA is the one asked for. Nothing of it is stored or handed on before
 * that.
 *
 * Knows certificates and times; knows neither the network, whose data is not trusted, nor where the certificate goes.
 * Whether clients trust the issuer is not checked: the user chose the CA.
 */
#include "crypto/cert.h"

struct accept_order {
    struct view csr; /* DER: the order was finalized with it, so its key and its names are what was asked for */
    int64_t now;     /* UTC seconds */
    int64_t ca_now;  /* Date of the CA's answer, UTC seconds; 0: none */
};

struct accepted {
    struct cert *cert;                 /* the leaf */
    struct buf leaf, chain, fullchain; /* PEM, 64 columns, LF. chain is in the order of signatures; empty when no issuer
                                          was sent */
    char *top_issuer;                  /* issuer CN of the last one ("" when it has none), for --preferred-chain */
    struct list warnings;              /* what was corrected or accepted all the same, in sentences for the user */
};
void accepted_clear(struct accepted *accepted);
static inline void accepted_clear_at(struct accepted *accepted)
{
    accepted_clear(accepted);
}

/*
 * Checks a PEM text (RFC 8555 section 9.1) against its order:
 *
 * - every PEM block is a certificate; text between them does not matter;
 * - one of them, wherever it stands, has the CSR's key: that is the leaf;
 * - its names and addresses are exactly those of the CSR, but for "www." before one that was asked for (a warning);
 * - it is no CA's;
 * - it is valid now, by this machine's clock or by the CA's where the two differ by less than a day;
 * - it was signed by the next one, and so on. Those that are not needed are left out (a warning).
 *
 * ERROR_ACME says which check failed, with both values. ERROR_CONFIG: by the CA's clock it is valid, but the clock here
 * is more than a day off; nothing is wrong with the certificate then.
 */
MUST_USE bool accept_chain(struct view text, const struct accept_order *order, struct accepted *out, struct error *err);

/* Whether a text that chain_read accepts has no certificate for the CSR's key: the order was finalized with another
 * CSR. False when that cannot be determined. */
bool accept_is_anothers(struct view text, struct view csr);

/* Puts those that vouch for a leaf that came without an issuer behind it: from a PEM text, or a certificate in DER;
 * what is not needed is left out. *found is false when its issuer is not among them. The rest as accept_chain. */
MUST_USE bool accept_issuers(struct accepted *accepted, struct view text, bool *found, struct error *err);
