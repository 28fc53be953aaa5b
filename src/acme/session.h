#pragma once
/*
 * A session with one CA: its directory, its nonces, signed requests (RFC 8555 sections 6 and 7.1).
 *
 * Shared by many threads. Knows no accounts' files and no options.
 */
#include "acme/problem.h"
#include "acme/transport.h"
#include "crypto/jws.h"

struct directory { /* RFC 8555 section 7.1.1; owned strings, NULL when the CA does not have it. All but the
                      first three are read if they can be. */
    char *new_nonce, *new_account, *new_order, *revoke_cert, *key_change, *renewal_info;
    char *terms_of_service, *website;
    bool external_account_required;
    struct list caa_identities;          /* names by which CAA records (RFC 8659) may mean the CA, in lower case */
    struct list profiles, profile_texts; /* names and descriptions, side by side */
};

MUST_USE bool directory_parse(struct view body, struct directory *out, struct error *err);
void directory_clear(struct directory *directory);
static inline void directory_clear_at(struct directory *directory)
{
    directory_clear(directory);
}

struct session;

/* Fetches the directory. *out is the caller's, for session_close. */
MUST_USE bool session_open(
    const struct transport *transport, const char *directory_url, struct session **out, struct error *err);
void session_close(struct session *session);
DEFINE_AUTO(struct session, session_close)
/*
 * The same session for one order: all its exchanges and waits together take at most ms milliseconds, and bring at most
 * so many bytes; what comes later fails with ERROR_NETWORK, or ERROR_ACME. Time that is spent elsewhere (in hooks) does
 * not count. For one thread; of the caller's, for session_close, before the session that it is a part of.
 */
struct session *session_limited(const struct session *session, int64_t ms, size_t bytes)
    __attribute__((returns_nonnull));
/* Waits, no longer than a limited session has time. ERROR_CANCELED on an interrupt. */
MUST_USE bool session_sleep_ms(struct session *session, int64_t ms, struct error *err);
int64_t session_now(const struct session *session); /* UTC seconds */
const struct directory *session_directory(const struct session *session);
/* How far the CA's clock was ahead of this machine's when it gave its directory, by the answer's Date; false when it
 * had none that can be read. */
bool session_clock_ahead(const struct session *session, int64_t *seconds);
const char *session_url(const struct session *session);
const struct transport *session_transport(const struct session *session);

/*
 * The signer of requests (RFC 8555 section 6.2): an account (kid is its URL) or, with kid NULL, a bare key ("jwk"
 * header: newAccount, revocation by certificate key). Borrowed.
 */
struct identity {
    const struct signer *signer;
    const char *kid;
};

/*
 * A signed POST with a JSON payload; an empty view is POST-as-GET. Takes a nonce from the pool or fetches
 * one, retries on badNonce with the nonce that came with the refusal (a bounded number of times, since
 * servers may refuse many), on 429 and 503 with a short Retry-After once or twice. True for 2xx only; else
 * the problem document is in err (problem_to_error) and, when problem is not NULL, whole in *problem (the
 * caller's).
 */
MUST_USE bool session_post(struct session *session, struct identity who, const char *url, struct view payload,
    struct http_response *out, struct problem *problem, struct error *err);

/* The same, with an Accept header. */
MUST_USE bool session_post_accept(struct session *session, struct identity who, const char *url, struct view payload,
    const char *accept, struct http_response *out, struct problem *problem, struct error *err);

/* An unsigned GET (directory, renewal information). True for 2xx; problem as with session_post. */
MUST_USE bool session_get(struct session *session, const char *url, struct http_response *out, struct error *err);
MUST_USE bool session_get_problem(
    struct session *session, const char *url, struct http_response *out, struct problem *problem, struct error *err);

/* The instant a Retry-After header names (RFC 9110 section 10.2.3: seconds or an HTTP date), UTC seconds; 0
 * when there is none or it is unreadable. Bounded to a year from now. */
int64_t retry_after_of(const struct http_response *response, int64_t now);
MUST_USE bool retry_after_parse(struct view text, int64_t now, int64_t *out);

/* Makes a header's URL absolute: relative references against the URL of the answer (RFC 3986 section 5, the
 * simple forms). Of the caller's; NULL when it is not http(s), or has a user before the host. */
char *url_resolve(const char *base, const char *reference);

/* URLs of Link headers with that rel (RFC 8288), absolute. */
void link_urls(const struct http_response *response, const char *rel, struct list *out);

/* The absolute URL in Location; *out is the caller's. what names the thing for people. ERROR_ACME when there is none,
 * or it must not be asked for. */
MUST_USE bool location_of(const struct session *session, const struct http_response *response, const char *what,
    char **out, struct error *err);
