#pragma once
/*
 * Whether a certificate has been revoked: by OCSP, or by its CA's revocation list (large CAs
 * have only lists now).
 *
 * Nothing is ever refused for want of an answer: a host that cannot be asked, or whose answer cannot be trusted, has
 * not said "revoked". That is logged. Lists are kept, since many certificates share few of them: for the run, and for
 * later ones in the work directory. A host that did not answer is not asked again for hours, and all silent hosts
 * together cost a run some seconds (revocation_memory.h).
 */
#include "acme/transport.h"
#include "run/context.h"

enum revocation {
    REVOCATION_UNKNOWN, /* expired, no responder or list, or no answer to rely on */
    REVOCATION_GOOD,
    REVOCATION_REVOKED,
};

/* Whether there is anything to ask: it has an OCSP or CRL URL and is not expired. Costs nothing. */
bool revocation_can_be_asked(const struct cert *cert, int64_t now);

/* "http://host:port" of a URL, of the caller's. */
char *revocation_host(const char *url) __attribute__((returns_nonnull));

/* Asks about the lineage's current version. Starts the network process only when there is a responder or list to ask.
 * Thread-safe. Fails with ERROR_CANCELED alone. */
MUST_USE bool revocation_check(
    struct context *context, const struct lineage *lineage, enum revocation *out, struct error *err);

/* The revocation lists and silent hosts that a run has met. Shared by all threads. */
struct revocation_memory *revocation_memory_new(void) __attribute__((returns_nonnull));
void revocation_memory_free(struct revocation_memory *memory); /* NULL is fine */
DEFINE_AUTO(struct revocation_memory, revocation_memory_free)
/* Whether hosts have kept this run waiting in vain for a second or more. */
bool revocation_has_waited(struct revocation_memory *memory);

/* The same over any transport; path names the certificate in the log, ca is the URL of its CA's directory ("" when not
 * known), chain is PEM, the issuer first. */
MUST_USE bool revocation_ask(struct revocation_memory *memory, const struct transport *transport, const char *path,
    const char *ca, const struct cert *cert, struct view chain, enum revocation *out, struct error *err);
