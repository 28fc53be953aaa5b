#pragma once
/*
 * Certificates: reading what a certificate says (RFC 5280).
 *
 * Reading is our own and cheap, so that thousands of lineages can be listed at once; signatures are OpenSSL's.
 */
#include "base/identifier.h"
#include "base/bytes.h"
#include "crypto/key.h"

struct cert {
    struct buf der;                /* the whole certificate */
    char serial[64];               /* lower-case hex without padding, as Certbot prints it */
    struct buf serial_der;         /* content octets of the INTEGER, for renewal information (RFC 9773 section 4.1) */
    struct buf key_identifier;     /* AKI keyIdentifier, empty when absent */
    int64_t not_before, not_after; /* UTC seconds since 1970 */
    struct list names;        /* identifiers as Certbot orders them: subject CN first when present, also when no SAN
                                 repeats it, then DNS SANs, then IP SANs in canonical text; no repetition */
    struct list dns, ips;     /* the SANs by kind */
    char *common_name;        /* subject CN, NULL when absent */
    char *issuer_common_name; /* NULL when absent */
    char *ocsp_url, *crl_url, *issuer_url; /* first http(s) URL of each, NULL when absent; issuer_url: caIssuers */
    enum key_type key_type;
    unsigned key_bits;
    bool key_known;           /* false: neither RSA nor an EC curve of ours */
    bool must_staple;         /* TLS feature status_request (RFC 7633) */
    bool signs_ocsp;          /* extended key usage OCSPSigning (RFC 6960 section 4.2.2.2) */
    size_t spki_at, spki_len; /* SubjectPublicKeyInfo inside der */
    size_t issuer_at, issuer_len, subject_at, subject_len; /* the Names inside der */
};

/* Reads one DER certificate with nothing behind it. ERROR_CONFIG, "why" names what is wrong; name is for messages. */
MUST_USE bool cert_from_der(struct view der, const char *name, struct cert **out, struct error *err);
/* The first certificate of a PEM text. */
MUST_USE bool cert_from_pem(struct view pem, const char *name, struct cert **out, struct error *err);
void cert_free(struct cert *cert);
DEFINE_AUTO(struct cert, cert_free)

/* The names in their order, each with the type of its SAN; a common name alone is an address where it reads as one. Of
 * the caller's. */
struct identifiers cert_identifiers(const struct cert *cert);

/* SHA-256 of its public key (SubjectPublicKeyInfo) as hexadecimal digits, of the caller's. "" where OpenSSL fails: such
 * a one is equal to none. */
char *cert_key_hash(const struct cert *cert) __attribute__((returns_nonnull));

/* Whether the key belongs to the certificate: public parts are the same. */
MUST_USE bool cert_matches_key(const struct cert *cert, const struct key *key);
/* The same for a private key in PEM, without building a key where its file carries the public part (PKCS#8 or SEC 1
 * with public key, RSA). False with err->kind set when the key does not parse, ERROR_STORE when it does not match. */
MUST_USE bool cert_check_key_pem(const struct cert *cert, struct view pem, const char *name, struct error *err);

/* Whether issuer's key signed cert. Verification keys are kept and reused between calls (thread-safe). */
MUST_USE bool cert_check_signed_by(const struct cert *cert, const struct cert *issuer, struct error *err);

/* Renewal information's name of a certificate: base64url(AKI keyIdentifier) "." base64url(serial) (RFC 9773 section
 * 4.1). False (without an error) when the certificate has no key identifier. */
bool cert_ari_id(const struct cert *cert, struct buf *out);

/* SHA-256 of the DER as lower-case hex. */
MUST_USE bool cert_fingerprint(const struct cert *cert, struct buf *out, struct error *err);
