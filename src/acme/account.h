#pragma once
/*
 * Accounts at the CA (RFC 8555 section 7.3). Knows nothing of how they are stored.
 */
#include "acme/session.h"

struct external_account { /* RFC 8555 section 7.3.4; all NULL/empty when not used */
    const char *kid;
    const char *alg;      /* "HS256", "HS384", "HS512" */
    struct view hmac_key; /* raw bytes, secret */
};

struct account_request {
    const struct list *contacts; /* "mailto:..." URIs; NULL or empty: none */
    bool terms_agreed;
    bool only_existing;                      /* onlyReturnExisting: find by key */
    const struct external_account *external; /* NULL: none */
};

enum account_status { ACCOUNT_VALID, ACCOUNT_DEACTIVATED, ACCOUNT_REVOKED };

struct account_info {
    char *url; /* its kid */
    enum account_status status;
    struct list contacts; /* "mailto:..." */
    char *orders_url;     /* NULL when the CA names none */
    bool created;         /* 201: it is new; else it existed */
};
void account_info_clear(struct account_info *info);
static inline void account_info_clear_at(struct account_info *info)
{
    account_info_clear(info);
}
/* An account object (RFC 8555 section 7.1.2). No member is required: success is the answer's status, and the account's
 * URL is in a header. So a member that cannot be read is ignored, and an account without a status is valid. */
void account_read(struct view body, struct account_info *out);

/* newAccount (section 7.3, 7.3.1). */
MUST_USE bool account_request(struct session *session, const struct signer *signer,
    const struct account_request *request, struct account_info *out, struct error *err);
/* Whether the CA has the account of a key (section 7.3.1); *out is set when it has, and it is valid. */
enum account_found {
    ACCOUNT_FOUND,
    ACCOUNT_UNKNOWN, /* the CA has none such: it can be registered again */
    ACCOUNT_ENDED,   /* deactivated or revoked: this key never has one again */
};
MUST_USE bool account_find(struct session *session, const struct signer *signer, enum account_found *found,
    struct account_info *out, struct error *err);
MUST_USE bool account_fetch(struct session *session, struct identity who, struct account_info *out, struct error *err);
/* Replaces the contacts; an empty list removes them (section 7.3.2). */
MUST_USE bool account_update_contacts(struct session *session, struct identity who, const struct list *contacts,
    struct account_info *out, struct error *err);
MUST_USE bool account_deactivate(struct session *session, struct identity who, struct error *err);
/* Key change (section 7.3.5). The first tells without asking whether the CA offers it. */
MUST_USE bool account_may_change_key(const struct session *session, struct error *err);
MUST_USE bool account_change_key(
    struct session *session, struct identity who, const struct signer *next, struct error *err);
/* URLs of the account's orders, following rel="next" over at most max_pages pages (section 7.1.2.1). */
MUST_USE bool account_orders(struct session *session, struct identity who, const char *orders_url, size_t max_pages,
    struct list *out, struct error *err);
