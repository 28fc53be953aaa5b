#pragma once
/*
 * Whether a server can use the files that are at the live paths of a certificate: then nothing may take their place.
 *
 * Judged are the very paths that the server's configuration names, and else fullchain.pem with privkey.pem.
 */
#include "crypto/cert.h"
#include "rescue/uses.h"

enum usable_state {
    USABLE_NOT,     /* something is missing, or does not belong together */
    USABLE_EXPIRED, /* whole, and over */
    USABLE_YES,     /* whole and valid, or the server has accepted it */
    USABLE_UNKNOWN, /* it cannot be read, or its key is protected by a passphrase */
};

struct usable {
    enum usable_state state;
    bool foreign;      /* the server reads files that are not the four of this store's certificate */
    char *why;         /* what that was judged by, for people */
    struct cert *cert; /* a certificate that was found there; NULL: none */
};

/* dir: "LIVE/NAME"; use: NULL, no server is known that reads it; now: UTC seconds since 1970. *out is the caller's. */
void usable_look(const char *dir, const struct use *use, int64_t now, struct usable *out);
void usable_clear(struct usable *usable);
static inline void usable_clear_at(struct usable *usable)
{
    usable_clear(usable);
}

/* Why nothing may be put in their place, of the caller's; NULL: they may give way. */
char *usable_keeps(const struct usable *usable);
