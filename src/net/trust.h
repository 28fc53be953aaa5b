#pragma once
/*
 * Certification authorities that the user's environment names. Read with our permissions, handed to the network
 * process.
 */
#include "net/message.h"

/*
 * REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE (as Certbot has it), else SSL_CERT_FILE and SSL_CERT_DIR together (as OpenSSL
 * has it): files or directories of PEM certificates. Nothing named, or the system's own directory:
 * MESSAGE_TRUST_SYSTEM. ERROR_CONFIG when a name leads to nothing readable or to no certificate. `get` is getenv, or a
 * test's.
 */
MUST_USE bool trust_read(
    char *(*get)(const char *name), enum message_trust *trust, struct buf *bundle, struct error *err);

/* Directories with certificates by hash, best first, and bundles for systems without; both end with NULL. */
extern const char *const trust_system_directories[];
extern const char *const trust_system_bundles[];
