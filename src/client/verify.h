#pragma once
/*
 * What is to be thought of the certificates that a server shows: whether they lead to one that is trusted, and whether
 * one of them is too weak. For whoever looks at servers; connections of our own are libcurl's to verify.
 */
#include <openssl/x509.h>

#include "net/probe.h"

#define VERIFY_WHY 300

struct verified {
    enum probe_trust trust; /* never PROBE_UNVERIFIED */
    char why[VERIFY_WHY];   /* it is not trusted; else "" */
    char weak[VERIFY_WHY];  /* what is too weak: a key of less than 112 bits of security, or SHA-1; else "" */
};

/*
 * leaf: the server's own; shown: all that it has shown. The names that it is for do not count, nor does its own time:
 * an expired one may be trusted otherwise. An issuer's time counts. roots NULL: there are none.
 */
void verify_shown(X509_STORE *roots, X509 *leaf, STACK_OF(X509) * shown, struct verified *out);
