#pragma once
/*
 * Authorizations and challenges (RFC 8555 sections 7.1.4, 7.5 and 8).
 *
 * Challenge types are data here: names and what to put where. Solving them is plugin/.
 */
#include "acme/session.h"

enum challenge_type {
    CHALLENGE_HTTP_01,
    CHALLENGE_DNS_01,
    CHALLENGE_TLS_ALPN_01,
    CHALLENGE_DNS_ACCOUNT_01,
    CHALLENGE_DNS_PERSIST_01,
    CHALLENGE_OTHER, /* a type we do not know */
};
const char *challenge_type_name(enum challenge_type type); /* "http-01" ... */
enum challenge_type challenge_type_of(const char *name);   /* CHALLENGE_OTHER when unknown */

enum challenge_status { CHALLENGE_PENDING, CHALLENGE_PROCESSING, CHALLENGE_VALID, CHALLENGE_INVALID };

struct challenge {
    enum challenge_type type;
    enum challenge_status status;
    char *url;
    char *token;              /* base64url, checked (section 8.1: no other character); NULL where the type has none */
    char *fault;              /* why it cannot be answered: url or token are missing or bad; NULL when it can be */
    struct problem error;     /* type NULL when there is none */
    struct list issuer_names; /* dns-persist-01: issuer-domain-names, checked */
    char *account_url;        /* dns-persist-01: accounturi when the CA gives one, else NULL */
    struct list records;      /* http-01: addresses the CA says it used (validationRecord), for messages */
    struct list urls;         /* and the URLs it asked for there, following redirects */
};

enum authz_status { AUTHZ_PENDING, AUTHZ_VALID, AUTHZ_INVALID, AUTHZ_DEACTIVATED, AUTHZ_EXPIRED, AUTHZ_REVOKED };

struct authz {
    char *url;
    enum authz_status status;
    struct identifier identifier; /* without "*."; value NULL where none can be read and it is not pending */
    bool wildcard;
    int64_t retry_at; /* Retry-After of the last answer, 0 when none */
    struct challenge *challenges;
    size_t challenge_count;
};

/* Demands a status, and an identifier while it is pending. Of the challenges nothing is demanded: see their fault. */
MUST_USE bool authz_parse(struct view body, struct authz *out, struct error *err);
void authz_clear(struct authz *authz);
static inline void authz_clear_at(struct authz *authz)
{
    authz_clear(authz);
}

MUST_USE bool authz_fetch(
    struct session *session, struct identity who, const char *url, struct authz *out, struct error *err);
/* The first challenge of that type, one without a fault if there is one; NULL when the CA does not offer it. */
const struct challenge *authz_challenge(const struct authz *authz, enum challenge_type type);
/* Forgets all challenges but that one of them, which is returned from its new place. */
const struct challenge *authz_keep_only(struct authz *authz, const struct challenge *chosen);
/* The identifier, for messages; without "*.". Borrowed. */
const char *authz_name(const struct authz *authz) __attribute__((returns_nonnull));
/* Says "ready" for one challenge (section 7.5.1). A refusal is no failure when the challenge has left
 * "pending" already: another order of the same account may share the authorization. */
MUST_USE bool challenge_answer(
    struct session *session, struct identity who, const struct challenge *challenge, struct error *err);
/*
 * Asks again until none of the authorizations is pending: first after some tens of milliseconds, then backing
 * off to 3 s, later when the CA says so (Retry-After). Each is fetched anew in place, and of its challenges those are
 * kept that have an error. True when all have left
 * "pending", also when some are invalid: the caller looks. ERROR_NETWORK after timeout_s.
 */
MUST_USE bool authz_wait(
    struct session *session, struct identity who, struct authz *authzs, size_t count, int timeout_s, struct error *err);
MUST_USE bool authz_deactivate(struct session *session, struct identity who, const char *url, struct error *err);
/* The challenge that failed, whose error has a type; NULL when the CA reported none. */
const struct challenge *authz_failed_challenge(const struct authz *authz);
/* The failed challenge's error of an invalid authorization, NULL when the CA gave none. */
const struct problem *authz_error(const struct authz *authz);
/* "pending" ... */
const char *authz_status_name(enum authz_status status);

/* ---- what the CA is to find ---- */

enum challenge_kind {
    CHALLENGE_FILE,            /* a file that a web server delivers */
    CHALLENGE_RECORD,          /* a TXT record, until the CA has looked */
    CHALLENGE_STANDING_RECORD, /* a TXT record that stays, for orders to come */
    CHALLENGE_CERTIFICATE,     /* a certificate that a TLS server answers with */
};
enum challenge_kind challenge_kind_of(enum challenge_type type);
/* The name of the TXT record by which an identifier (without "*.") is proved, of the caller's; NULL: the type has none,
 * or it is too long, or depends on the account, and account_url is NULL. */
char *challenge_record_name(enum challenge_type type, const char *identifier, const char *account_url);

#define ALPN_DIGEST_SIZE 32
struct challenge_expected {
    char *key_authorization;          /* token "." thumbprint (section 8.1); NULL where the type has no token */
    char *record_name, *record_value; /* of the TXT record, the name without final dot; NULL where there is none */
    uint8_t digest[ALPN_DIGEST_SIZE]; /* tls-alpn-01: SHA-256 of the key authorization (RFC 8737 section 3) */
};
void challenge_expected_clear(struct challenge_expected *expected);
static inline void challenge_expected_clear_at(struct challenge_expected *expected)
{
    challenge_expected_clear(expected);
}

/*
 * Works out what has to be where for a challenge of that authorization: for the account's key and the account's URL.
 * *out is the caller's, to be cleared. ERROR_ACME for a challenge with a fault, or one that wants more than it should;
 * ERROR_CONFIG for a name that is too long for its record.
 */
MUST_USE bool challenge_expect(const struct authz *authz, const struct challenge *challenge, const struct jwk *jwk,
    const char *account_url, struct challenge_expected *out, struct error *err);
