#pragma once
/*
 * A request for a certificate and its result; and the record of its order (store/pending.h), which is kept from before
 * the CA is told to issue until the certificate is saved.
 */
#include "acme/order.h"
#include "run/context.h"
#include "plugin/plugin.h"

struct issue_request {
    struct identifiers identifiers; /* wanted; refused ones are removed where settings permit a subset */
    const struct key *key;          /* signs the CSR; NULL when csr is given */
    bool key_is_lineages;           /* --reuse-key: it is kept there already */
    struct view csr;                /* a user's CSR, DER */
    const char *replaces;           /* renewal information's name of the certificate to be replaced, NULL: none */
    const struct plugin *authenticator;
    const struct lineage *lineage; /* the lineage that gets the certificate; NULL: a new one, or none */
    const char *record;            /* name of the order's record (store/pending.h) until record_drop; NULL: none */
    const char *trace; /* name of the record of proofs (traces.h), in a dry run, too; NULL: that of `record` */

    /* Set by issue(). */
    struct identifiers requested; /* as they were asked for */
    const char *profile;          /* that was asked for, borrowed of settings or of the session; NULL: none */
    struct key *found_key;        /* owned: that of an order found again; key is then the same */
    bool ordered;                 /* the CA was asked for a new order, and has answered */
};

struct issued_chain {
    struct buf cert, chain, fullchain; /* PEM, checked; chain is empty where no issuer is known (issuer.h) */
    char *order_url, *profile;         /* as the CA named them; profile NULL: it did not */
};

/* Sets the identifiers: DNS names first. */
void issue_request_names(struct issue_request *request, const struct identifiers *names);
void issue_request_clear(struct issue_request *request);
static inline void issue_request_clear_at(struct issue_request *request)
{
    issue_request_clear(request);
}
void issued_chain_clear(struct issued_chain *chain);
static inline void issued_chain_clear_at(struct issued_chain *chain)
{
    issued_chain_clear(chain);
}

/* Appends to out, in the form of a renewal file, how the certificate is obtained and to be renewed. ERROR_STORE. */
MUST_USE bool request_put_options(const struct context *context, struct buf *out, struct error *err);

/* The profile to ask for, borrowed; NULL: none. Without a wish of the user's, certificates for IP addresses are asked
 * for by the CA's profile for short lives, where it has one: Let's Encrypt gives them by no other. */
const char *issue_profile(
    const struct settings *settings, const struct directory *directory, const struct identifiers *names);
/* Sets the profile of the request, and remembers one that no setting names for renewals (answers). */
void request_choose_profile(struct context *context, const struct ca *ca, struct issue_request *request);

/* SHA-256 of a CSR in hex, appended to out. */
MUST_USE bool csr_sha256(struct view der, struct buf *out, struct error *err);

/*
 * The account's session for one order: all that is asked of the CA, with every wait, has one deadline, which is the
 * time for the authorizations and --issuance-timeout together, and bounded room. *own is ca with that session, which is
 * the caller's, for session_close.
 */
struct session *order_session(const struct ca *ca, const struct settings *settings, struct ca *own)
    __attribute__((returns_nonnull));

/* Records the order under request->record, if it has one, and the CSR that it is to be finalized with, DER. */
MUST_USE bool record_order(struct context *context, const struct ca *ca, const struct issue_request *request,
    const struct order *order, struct view csr, struct error *err);
/* The certificate is saved, or will not come: the record goes. NULL is fine. */
void record_drop(struct context *context, const char *record);
