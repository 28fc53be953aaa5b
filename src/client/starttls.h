#pragma once
/*
 * The dialogue before TLS, in protocols that begin without it (STARTTLS). Pure: bytes in, bytes out.
 *
 * Nothing of what a server says is kept, and all of it together has a bound. Once it agrees, not a byte more may have
 * come: data injected in transit would else count as said under TLS.
 */
#include "base/bytes.h"

#define STARTTLS_PIECE 8192      /* the longest line, packet or element */
#define STARTTLS_MAX (64 * 1024) /* of all that a server may say */
#define STARTTLS_WHY 200

enum starttls_step {
    STARTTLS_MORE,   /* send what is to be sent, and wait for the server */
    STARTTLS_READY,  /* TLS begins */
    STARTTLS_FAILED, /* why is filled */
};

struct starttls_protocol;

struct starttls {
    const struct starttls_protocol *protocol;
    size_t turn;  /* how many of its replies have come */
    bool offered; /* in the reply that is coming */
    bool within;  /* that reply has several lines */
    size_t said;  /* bytes */
    char why[STARTTLS_WHY];
};

/* Whether there is such a protocol: smtp, imap, pop3, ftp, sieve, xmpp, xmpp-server, ldap, postgres, mysql. */
bool starttls_knows(struct view protocol);

/* Begins with it; host: the name of the server, as the dialogue may need it (message_is_identifier). Appends what is to
 * be sent first. */
void starttls_begin(struct starttls *talk, struct view protocol, struct view host, struct buf *send);

/* Takes whole pieces off the start of in, how many bytes is in *used, and appends what is to be sent. */
enum starttls_step starttls_take(struct starttls *talk, struct view in, size_t *used, struct buf *send);
