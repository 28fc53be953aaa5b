#pragma once
/*
 * Issuing: from names and a key to a certificate chain (RFC 8555 section 7.4). One order, or several when names are dropped, or
 * none, when an earlier run's order is found again (resume.h).
 */
#include "lifecycle/context.h"
#include "plugin/plugin.h"

struct issue_request {
    struct list dns, ips;   /* what the certificate is to be for; names the CA refused are taken out when settings allow a subset */
    const struct key *key;  /* signs the CSR; NULL when csr is given */
    bool key_is_lineages;   /* --reuse-key: it is kept there already */
    struct view csr;        /* a user's CSR, DER */
    const char *replaces;   /* renewal information's name of the certificate to be replaced, NULL: none */
    const struct plugin *authenticator;
    const struct lineage *lineage; /* that gets the certificate; NULL: a new one, or none */
    const char *record;     /* under which name the order is recorded (store/pending.h) until resume_drop; NULL: it is not */

    /* Set by issue(). */
    struct list requested;  /* dns and ips as they were asked for */
    const char *profile;    /* that was asked for, borrowed from settings; NULL: none */
    struct key *found_key;  /* owned: that of an order found again; key is then the same */
};

struct issued_chain {
    struct buf cert, chain, fullchain; /* PEM */
    char *order_url, *profile;         /* as the CA named them; profile NULL: it did not */
};

/* Everything the CA must do for one certificate. Nothing is written to disk but the order's record. context->settings->account is
 * set afterwards. */
MUST_USE bool issue(struct context *context, struct issue_request *request, struct issued_chain *out, struct error *err);

/* The profile to ask for, borrowed; NULL: none. */
const char *issue_profile(const struct settings *settings, const struct directory *directory);
/* An empty value takes back what the renewal file says. */
bool setting_is_said(const char *value);

/* Sets dns and ips. */
void issue_request_names(struct issue_request *request, const struct list *names);
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
