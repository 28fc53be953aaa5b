#pragma once
/*
 * Certificates and keys for tests, made with OpenSSL's own calls so that our reader is checked against
 * another hand. Included by test programs only, once each.
 */
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"
#include "crypto/cert.h"
#include "crypto/key_private.h"

struct fixture {                        /* members that are NULL or 0 are left out, or have the default in brackets */
    EVP_PKEY *key, *signer;             /* [signer: key] */
    const char *subject, *issuer;       /* common names; issuer [subject] */
    const char *san;                    /* as in openssl.cnf: "DNS:a.example,IP:192.0.2.1" */
    const char *serial;                 /* hex [01] */
    const char *not_before, *not_after; /* UTCTime or GeneralizedTime text [261101000000Z, 270130000000Z] */
    const char *ocsp, *crl;             /* as in openssl.cnf */
    const char *authority_key;          /* hex */
    const char *extended_usage;         /* as in openssl.cnf */
    const char *basic, *usage;          /* basic constraints and key usage, as in openssl.cnf */
    const char *digest;                 /* ["SHA256"; "" for Ed25519] */
    bool must_staple, pss;
};

__attribute__((unused)) static EVP_PKEY *fixture_key(const char *kind)
{
    static EVP_PKEY *rsa; /* seconds to make in a sanitized build, so made once */

    if (strcmp(kind, "RSA") == 0) {
        if (rsa == NULL)
            rsa = EVP_RSA_gen(2048);
        (void)EVP_PKEY_up_ref(rsa);
        return rsa;
    }
    if (strcmp(kind, "ED25519") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, kind);
    return EVP_EC_gen(kind);
}

static void fixture_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    REQUIRE(ext != NULL && X509_add_ext(x509, ext, -1) == 1, "%s", value);
    X509_EXTENSION_free(ext);
}

static void fixture_authority_key(X509 *x509, const char *hex)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
    struct buf bytes = BUF(64);

    REQUIRE(id != NULL && buf_put_unhex(&bytes, view_of(hex)), "%s", hex);
    id->keyid = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(id->keyid, view_bytes(buf_view(&bytes)), (int)bytes.len);
    REQUIRE(X509_add1_ext_i2d(x509, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1, "%s", hex);
    AUTHORITY_KEYID_free(id);
    buf_clear(&bytes);
}

static void fixture_common_name(X509_NAME *name, const char *text)
{
    if (text != NULL)
        REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1,
            "%s", text);
}

static void fixture_time(ASN1_TIME *time, const char *text)
{
    time->type = strlen(text) == 13 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME;
    REQUIRE(ASN1_STRING_set(time, text, -1) == 1, "%s", text);
}

#define FIXTURE_INSTANT_SIZE 16

/* "20261122002912Z". As a text, since the time_t of a library of 32 bits may not be ours (src/netd/event_timeout.c). */
__attribute__((unused)) static const char *fixture_instant(int64_t at, char out[static FIXTURE_INSTANT_SIZE])
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_compact(at, text);
    (void)snprintf(out, FIXTURE_INSTANT_SIZE, "%.8s%.7s", text, text + 9);
    return out;
}

static void fixture_sign(X509 *x509, const struct fixture *from)
{
    EVP_PKEY *signer = from->signer == NULL ? from->key : from->signer;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL;
    const char *digest = from->digest == NULL ? "SHA256" : from->digest;

    REQUIRE(EVP_DigestSignInit_ex(ctx, &pkey_ctx, *digest == '\0' ? NULL : digest, NULL, NULL, signer, NULL) == 1, "%s",
        digest);
    if (from->pss) {
        REQUIRE(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) == 1);
        REQUIRE(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    REQUIRE(X509_sign_ctx(x509, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

/* The certificate; free with X509_free. */
__attribute__((unused)) static X509 *fixture_x509(const struct fixture *from)
{
    X509 *x509 = X509_new();
    BIGNUM *serial = NULL;

    REQUIRE(x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1);
    REQUIRE(BN_hex2bn(&serial, from->serial == NULL ? "01" : from->serial) > 0);
    (void)BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509));
    BN_free(serial);
    fixture_common_name(X509_get_subject_name(x509), from->subject);
    fixture_common_name(X509_get_issuer_name(x509), from->issuer == NULL ? from->subject : from->issuer);
    fixture_time(X509_getm_notBefore(x509), from->not_before == NULL ? "261101000000Z" : from->not_before);
    fixture_time(X509_getm_notAfter(x509), from->not_after == NULL ? "270130000000Z" : from->not_after);
    REQUIRE(X509_set_pubkey(x509, from->key) == 1);
    if (from->san != NULL)
        fixture_extension(x509, NID_subject_alt_name, from->san);
    if (from->ocsp != NULL)
        fixture_extension(x509, NID_info_access, from->ocsp);
    if (from->crl != NULL)
        fixture_extension(x509, NID_crl_distribution_points, from->crl);
    if (from->extended_usage != NULL)
        fixture_extension(x509, NID_ext_key_usage, from->extended_usage);
    if (from->basic != NULL)
        fixture_extension(x509, NID_basic_constraints, from->basic);
    if (from->usage != NULL)
        fixture_extension(x509, NID_key_usage, from->usage);
    if (from->authority_key != NULL)
        fixture_authority_key(x509, from->authority_key);
    if (from->must_staple)
        fixture_extension(x509, NID_tlsfeature, "status_request");
    fixture_sign(x509, from);
    return x509;
}

/* Its DER, appended. */
__attribute__((unused)) static void fixture_der(const struct fixture *from, struct buf *der)
{
    X509 *x509 = fixture_x509(from);
    unsigned char *encoded = NULL;
    int len = i2d_X509(x509, &encoded);

    REQUIRE(len > 0);
    buf_put(der, (struct view){ (const char *)encoded, (size_t)len });
    OPENSSL_free(encoded);
    X509_free(x509);
}

/* As our reader sees it; of the caller's. */
__attribute__((unused)) static struct cert *fixture_cert(const struct fixture *from)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    struct cert *cert = NULL;
    struct error err = { 0 };

    fixture_der(from, &der);
    REQUIRE(cert_from_der(buf_view(&der), "x", &cert, &err), "%s", err.why);
    return cert;
}

__attribute__((unused)) static void fixture_pem(const struct fixture *from, struct buf *pem)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);

    fixture_der(from, &der);
    pem_put(pem, "CERTIFICATE", buf_view(&der));
}
