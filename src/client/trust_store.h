#pragma once
/*
 * The certificates that are trusted to vouch for a server, in OpenSSL's form. One store serves all connections: roots
 * are looked up in a directory by hash where there is one, and parsed once where there is only a bundle.
 */
#include <openssl/ssl.h>

#include "net/message.h"

struct trust_store;

/* Copies what it needs; nothing is read before the first use. */
struct trust_store *trust_store_new(enum message_trust trust, struct view bundle) __attribute__((returns_nonnull));
void trust_store_free(struct trust_store *store);
DEFINE_AUTO(struct trust_store, trust_store_free)

/* The certificates themselves, borrowed; NULL when OpenSSL fails. */
X509_STORE *trust_store_roots(struct trust_store *store);

/* Makes a TLS context trust these and no others. False when OpenSSL fails. */
MUST_USE bool trust_store_use(struct trust_store *store, SSL_CTX *ctx);
