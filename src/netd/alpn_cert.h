#pragma once
/*
 * The certificates of tls-alpn-01 (RFC 8737 section 3, RFC 8738 section 6), and under which server name each is asked
 * for.
 */
#include <openssl/evp.h>

#include "base/auto.h"
#include "base/bytes.h"

DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* A new key on P-256, of the caller's; NULL when OpenSSL could not make it. */
EVP_PKEY *alpn_key_new(void);

/*
 * The server name by which identifier (as message_is_identifier() wants it) is asked for: a DNS name in lower case, for
 * an IP address its name in the reverse tree of the DNS, without a dot at the end.
 */
void alpn_server_name(struct view identifier, struct buf *out);

/*
 * Appends a certificate, in DER: for identifier alone, with the digest of the key authorization in a critical
 * acmeIdentifier extension, signed by its own key, good for a week. False when OpenSSL could not make it.
 */
MUST_USE bool alpn_cert_put(EVP_PKEY *key, struct view identifier, struct view digest, struct buf *out);
