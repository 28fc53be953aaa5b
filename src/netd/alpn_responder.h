#pragma once
/*
 * The tls-alpn-01 responder (RFC 8737): a TLS server on the sockets it is given, which presents the certificate of a
 * challenge to clients that offer "acme-tls/1" and nothing else, by the server name of the challenge, and then hangs
 * up. Whatever else is asked is refused with an alert.
 *
 * Its key is made when the first challenge comes, and never leaves this process. Bounds are those of netd/acceptor.h.
 */
#include "netd/acceptor.h"

struct alpn_responder;

struct alpn_responder *alpn_responder_new(struct event_base *base, struct responder_sink sink)
    __attribute__((returns_nonnull));
void alpn_responder_free(struct alpn_responder *responder);

/* Its listening sockets. */
struct acceptor *alpn_responder_acceptor(struct alpn_responder *responder);

/* Makes the certificate; replaces the one that was there. False when OpenSSL could not make it. */
MUST_USE bool alpn_responder_add(struct alpn_responder *responder, const struct message_alpn *alpn);
void alpn_responder_remove(struct alpn_responder *responder, struct view identifier);
