#pragma once
/*
 * Orders: one request for one certificate (RFC 8555 sections 7.1.3 and 7.4).
 */
#include "acme/poll.h"

enum order_status { ORDER_PENDING, ORDER_READY, ORDER_PROCESSING, ORDER_VALID, ORDER_INVALID };

struct order {
    enum order_status status;
    char *url;              /* the Location header of newOrder */
    char *finalize_url;     /* NULL when no answer had one */
    char *certificate_url;  /* NULL until ORDER_VALID, with some CAs a moment longer */
    struct list authz_urls; /* none when they cannot be read; the CA decides how many, not the number of names */
    struct identifiers identifiers; /* those that can be read */
    char *profile;                  /* as the CA echoes it, NULL when absent */
    struct problem error;           /* type NULL when there is none */
    int64_t retry_at;               /* Retry-After of the last answer, 0 when none */
    bool maybe_anothers; /* our CSR was refused, as the order has one already: ours, or that of another client to
                            which the CA has handed out the same order */
};

struct order_request {
    const struct identifiers *identifiers;
    const char *profile;  /* NULL: none */
    const char *replaces; /* renewal information's name of the certificate to be replaced (RFC 9773 section
                             5), NULL: none */
};

/* Demands a status and nothing else: what a step needs is missed by that step. */
MUST_USE bool order_parse(struct view body, struct order *out, struct error *err);
void order_clear(struct order *order);
static inline void order_clear_at(struct order *order)
{
    order_clear(order);
}

/* problem (may be NULL) gets the CA's refusal whole, for subproblems that name identifiers. ERROR_CONFIG for
 * a profile that the directory does not name (profiles draft section 4). */
MUST_USE bool order_new(struct session *session, struct identity who, const struct order_request *request,
    struct order *out, struct problem *problem, struct error *err);
MUST_USE bool order_fetch(struct session *session, struct identity who, struct order *order, struct error *err);
/* The same for an order of an earlier run. *known is false when the CA answers that it has no such order, or none of
 * this account. An error of the CA's own (5xx) tells nothing about the order: ERROR_NETWORK, and *known is true. */
MUST_USE bool order_fetch_if_known(
    struct session *session, struct identity who, struct order *order, bool *known, struct error *err);
/*
 * Whether a refused newOrder (problem, its status) was about "replaces", so that the same order without it
 * may succeed: alreadyReplaced and any 409 (RFC 9773 section 7.4), or malformed, unauthorized,
 * accountDoesNotExist and serverInternal with words about a replaced certificate. Repeating is safe:
 * nothing was ordered, and "replaces" is a courtesy of ours.
 */
bool order_replaces_refused(const struct problem *problem);
/* Sets the error of an order that became invalid (RFC 8555 section 7.1.6): the problem that the CA names. Returns
 * false. */
bool order_to_error(const struct order *order, struct error *err);

/* Sends the CSR (DER). orderNotReady (section 7.4), a lost answer, one that cannot be read and trouble of the CA's
 * (5xx) are met by a fresh look at the order and, unless that shows that the CSR was taken, one repetition: for the
 * order to become ready is waited as long as poll has time. problem (may be NULL) gets the CA's refusal. */
MUST_USE bool order_finalize(struct session *session, struct identity who, struct order *order, struct view csr,
    struct poll *poll, struct problem *problem, struct error *err);
/*
 * Asks again until the order is valid (certificate_url is then set): first after some tens of milliseconds, then
 * backing off, later when Retry-After says so. "ready" is finalized again with csr. ERROR_ACME when it became invalid,
 * ERROR_NETWORK when poll has no time left; with the poll of order_finalize both share one time-out.
 */
MUST_USE bool order_wait(struct session *session, struct identity who, struct order *order, struct view csr,
    struct poll *poll, struct error *err);
/* Downloads the certificate chain, in PEM (RFC 8555 section 7.4.2), unchecked: crypto/accept.h checks it. With
 * alternates not NULL also downloads the chains of Link rel="alternate", in the order of the links; an alternate that
 * cannot be downloaded is only left out, since the certificate is issued and must not be lost. *ca_now is the time of
 * the CA's answer, UTC seconds; 0: the answer has none. */
MUST_USE bool order_download(struct session *session, struct identity who, const struct order *order, struct buf *chain,
    struct list *alternates, int64_t *ca_now, struct error *err);

/* Revocation (section 7.6): by account, or by the certificate's own key (who.kid NULL). reason as in RFC 5280
 * section 5.3.1. */
MUST_USE bool revoke_cert(
    struct session *session, struct identity who, struct view cert_der, int reason, struct error *err);
