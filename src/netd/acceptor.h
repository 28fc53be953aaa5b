#pragma once
/*
 * Connections from anyone: the sockets that a responder listens on, and what comes to them. Knows no protocol.
 *
 * Any client that reaches a port may try to occupy it: a connection has 30 seconds from its first to its last byte
 * whatever it sends, and of more than 256 the oldest goes.
 */
#include <event2/event.h>

#include "net/message.h"

struct acceptor;
struct connection;

enum connection_step {
    CONNECTION_READ,  /* waits until there is something to read */
    CONNECTION_WRITE, /* waits until there is room to write */
    CONNECTION_DONE,  /* is answered: its end follows, once the other side has it */
    CONNECTION_GONE,  /* is closed at once */
};

struct protocol {                                                           /* called for a responder's connections */
    void *(*begin)(void *responder, struct connection *connection, int fd); /* NULL: it cannot be served */
    enum connection_step (*advance)(void *self);                            /* self: what begin returned */
    void (*end)(void *self);
};

/* visited is called once for each connection, when it was answered or has ended; *visit is valid during the call only.
 */
struct responder_sink {
    void (*visited)(void *ctx, const struct message_visit *visit);
    void *ctx;
};

/* protocol and responder, which protocol->begin gets, are the caller's and outlive it. */
struct acceptor *acceptor_new(struct event_base *base, const struct protocol *protocol, void *responder,
    struct responder_sink sink) __attribute__((returns_nonnull));
void acceptor_free(struct acceptor *acceptor); /* closes everything; the sink is not called any more */

/* Takes over a listening socket of that place. False when there are too many, or it is none: it is then closed. */
bool acceptor_listen(struct acceptor *acceptor, uint8_t place, int fd);
/* Closes the listening sockets of that place. Connections that are open come to their end. */
void acceptor_unlisten(struct acceptor *acceptor, uint8_t place);

/* Tells the sink of this connection; what is said of it later is not told. given as in struct message_visit. */
void connection_tell(struct connection *connection, struct view question, struct view given);
