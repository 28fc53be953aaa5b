#pragma once
/*
 * The http-01 responder (RFC 8555 section 8.3): a small HTTP server on the sockets it is given, which knows tokens and
 * answers everything else with 404.
 *
 * Its own rather than libevent's evhttp, because any client that reaches port 80 may try to occupy it: a connection has
 * one request and 8 KiB, and the bounds of netd/acceptor.h.
 */
#include "netd/acceptor.h"

struct http_responder;

struct http_responder *http_responder_new(struct event_base *base, struct responder_sink sink)
    __attribute__((returns_nonnull));
void http_responder_free(struct http_responder *responder);

/* Its listening sockets. */
struct acceptor *http_responder_acceptor(struct http_responder *responder);

void http_responder_add(struct http_responder *responder, struct view token, struct view content);
void http_responder_remove(struct http_responder *responder, struct view token);
