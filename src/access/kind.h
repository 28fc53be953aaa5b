#pragma once
/*
 * The four files of a certificate's version.
 */

enum kind { KIND_CERT, KIND_PRIVKEY, KIND_CHAIN, KIND_FULLCHAIN, KIND_COUNT };
const char *kind_name(enum kind kind); /* "cert" ... */
/* "DIR/cert.pem" ..., of the caller's. */
char *version_file(const char *dir, enum kind kind) __attribute__((returns_nonnull));
