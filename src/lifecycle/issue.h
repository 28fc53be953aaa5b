#pragma once
/*
 * Issuing: from names and a key to a certificate chain (RFC 8555 section 7.4). One order, or several when names are dropped.
 */
#include "lifecycle/context.h"
#include "plugin/plugin.h"

struct issue_request {
    struct list dns, ips;   /* what the certificate is to be for; names the CA refused are taken out when settings allow a subset */
    const struct key *key;  /* signs the CSR; NULL when csr is given */
    struct view csr;        /* a user's CSR, DER */
    const char *replaces;   /* renewal information's name of the certificate to be replaced, NULL: none */
    const struct plugin *authenticator;
};

struct issued_chain {
    struct buf cert, chain, fullchain; /* PEM */
};

/* Everything the CA must do for one certificate. Nothing is written to disk. context->settings->account is set afterwards. */
MUST_USE bool issue(struct context *context, struct issue_request *request, struct issued_chain *out, struct error *err);

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
