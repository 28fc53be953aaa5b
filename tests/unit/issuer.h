#pragma once
/*
 * Certificates for unit tests, signed by an issuer that lives as long as the program. Made with OpenSSL's own calls.
 */
#include "crypto/cert.h"

struct certificate_order {
    struct view csr;        /* DER of a CSR, for its key and names; empty: a new key, and names below */
    const char *names;      /* "DNS:a.test,IP:192.0.2.1"; NULL: those of the CSR */
    int64_t from, to;       /* UTC seconds */
    bool is_ca;             /* basic constraints say so */
    bool other_issuer;      /* signed by another key of the same name */
    const char *issuer_url; /* where the issuer's certificate can be had; NULL: it does not say */
};

/* Appends the certificate in PEM. A failure of OpenSSL's ends the test. */
void issuer_sign(const struct certificate_order *order, struct buf *pem);
/* Appends the issuer's own certificate; with `cross` the one that another CA, "Old Root", has signed for its key. */
void issuer_certificate(bool cross, struct buf *pem);

#define ISSUER_NAME "Test CA"
#define ISSUER_CROSS_NAME "Old Root"
