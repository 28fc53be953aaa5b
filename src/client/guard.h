#pragma once
/*
 * Keeps an exchange with an address that stands in a certificate (revocation list, OCSP responder, issuer) from places
 * that only this machine can reach: loopback, link-local and private addresses, unless the CA itself lives at such.
 *
 * What counts is the address that a connection is made to, for each redirect anew: a name may lead anywhere, and
 * elsewhere the next time it is resolved. Behind a proxy, which resolves by itself, an address in the URL counts.
 * Where the CA lives is looked up only when something was refused.
 */
#include <curl/curl.h>

#include "net/message.h"

struct guard {
    bool active;
    char *home;       /* directory of the CA, "" when not known; owned */
    unsigned allowed; /* places beside the public one, of enum address_place */
    /* of the round under way */
    bool proxied;
    unsigned literal; /* where the address in the URL lies; ADDRESS_PUBLIC for a name */
    unsigned refused;
    bool locating; /* this round only resolves where the CA lives */
    bool located;
};

/* request->guarded says whether it does anything. */
void guard_init(struct guard *guard, const struct message_request *request);
void guard_clear(struct guard *guard);

/* Call before each round to url. */
void guard_set(struct guard *guard, const char *url, bool proxied);

/* Whether a connection to that address, which libcurl is about to make, may be made. */
bool guard_lets_connect(struct guard *guard, const struct sockaddr *address);

/* Whether a request may go out on a connection (perhaps one that was there before) to that address. */
bool guard_lets_out(struct guard *guard, const char *address);

/* Call after a round that failed. True when the next one is to resolve the CA's own address, guard->home. */
bool guard_locate(struct guard *guard, CURL *easy);
/* Call after that one. True when the refused address is where the CA is, and may be tried again. */
bool guard_located(struct guard *guard, CURL *easy);
