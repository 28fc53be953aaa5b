#pragma once
/*
 * The http-01 responder (RFC 8555 section 8.3): a small HTTP server on the sockets it is given, which knows tokens and
 * answers everything else with 404.
 *
 * Its own rather than libevent's evhttp, because whoever reaches port 80 may try to hold it: here a connection has one
 * request, 8 KiB and 30 seconds from its first to its last byte whatever it sends, and of more than 256 the oldest
 * goes.
 */
#include <event2/event.h>

#include "net/message.h"

struct responder;

/* Who is told of each connection, once it is answered or gone. What is handed over is gone afterwards. */
struct responder_sink {
    void (*visited)(void *ctx, const struct message_visit *visit);
    void *ctx;
};

struct responder *responder_new(struct event_base *base, struct responder_sink sink) __attribute__((returns_nonnull));
void responder_free(struct responder *responder);
DEFINE_AUTO(struct responder, responder_free)

/* Takes over a listening socket. False when there are too many, or it is none: it is then closed. */
bool responder_listen(struct responder *responder, int fd);
/* Closes the listening sockets. Connections that are open come to their end; tokens stay. */
void responder_unlisten(struct responder *responder);

void responder_add(struct responder *responder, struct view token, struct view content);
void responder_remove(struct responder *responder, struct view token);
