#include "crypto/stop_gap.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/alternative_names.h"
#include "crypto/key_private.h"

#define SERIAL_BITS 127 /* positive, and at most 20 octets (RFC 5280 section 4.1.2.2) */

static bool set_time(ASN1_TIME *time, int64_t at)
{
    char date[CLOCK_TEXT_SIZE], text[16];

    clock_format_compact(at, date); /* "20261122T002912Z" */
    (void)snprintf(text, sizeof text, "%.8s%.7s", date, date + 9);
    return ASN1_TIME_set_string_X509(time, text) == 1;
}

static bool set_serial(X509 *x509)
{
    AUTO(BN_clear_free) BIGNUM *number = BN_new();

    return number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
}

/* Without a common name: that would be read as one of the names. */
static bool set_subject(X509 *x509)
{
    static const unsigned char mark[] = STOP_GAP_ORGANIZATION;
    X509_NAME *name = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, mark, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, name) == 1;
}

static bool fill(X509 *x509, const struct key *key, GENERAL_NAMES *names, int64_t now)
{
    int64_t end = now + STOP_GAP_LEFT_S;

    return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) && set_subject(x509) &&
           set_time(X509_getm_notBefore(x509), end - STOP_GAP_LIFE_S) && set_time(X509_getm_notAfter(x509), end) &&
           X509_set_pubkey(x509, key->pkey) == 1 &&
           X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
           X509_sign(x509, key->pkey, EVP_sha256()) > 0;
}

bool stop_gap_make(
    const struct key *key, const struct identifiers *identifiers, int64_t now, struct buf *pem, struct error *err)
{
    AUTO(X509_free) X509 *x509 = X509_new();
    AUTO(GENERAL_NAMES_free) GENERAL_NAMES *names = NULL;
    unsigned char *der = NULL;
    int len;

    if (identifiers->len == 0)
        return error_set(err, ERROR_INTERNAL, "a stop-gap certificate without names");
    TRY(alternative_names_make(identifiers, &names, err));
    if (x509 == NULL || !fill(x509, key, names, now) || (len = i2d_X509(x509, &der)) <= 0)
        return error_openssl(err, ERROR_INTERNAL, "cannot make a stop-gap certificate");
    pem_put(pem, "CERTIFICATE", (struct view){ (const char *)der, (size_t)len });
    OPENSSL_free(der);
    return !pem->failed || error_set(err, ERROR_INTERNAL, "a stop-gap certificate larger than %zu bytes", pem->max);
}

bool cert_is_stop_gap(const struct cert *cert)
{
    const char *issuer = cert->der.at + cert->issuer_at;

    return cert->issuer_len == cert->subject_len &&
           memcmp(issuer, cert->der.at + cert->subject_at, cert->issuer_len) == 0 &&
           memmem(issuer, cert->issuer_len, STOP_GAP_ORGANIZATION, strlen(STOP_GAP_ORGANIZATION)) != NULL;
}
