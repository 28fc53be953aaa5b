/*
 * The certificates of tls-alpn-01.
 */
#include "netd/alpn_cert.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "net/message.h"

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31" /* RFC 8737 section 6.1 */
#define SUBJECT "ACME challenge"             /* informational: not checked by validators */
#define EARLIER_S (-24L * 60 * 60)           /* clocks differ */
#define LATER_S (7L * 24 * 60 * 60)
#define SERIAL_BITS 127
#define CERT_MAX 4096

DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(X509_EXTENSION, X509_EXTENSION_free)
DEFINE_AUTO(ASN1_OBJECT, ASN1_OBJECT_free)
DEFINE_AUTO(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
DEFINE_AUTO(BIGNUM, BN_free)
DEFINE_AUTO(GENERAL_NAME, GENERAL_NAME_free)
DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)

EVP_PKEY *alpn_key_new(void)
{
    return EVP_EC_gen("P-256");
}

/* ---- addresses ---- */

/* The bytes of an IP address, in the network's order; 0 when it is none. */
static size_t address_of(struct view identifier, unsigned char bytes[static 16])
{
    char text[INET6_ADDRSTRLEN] = { 0 };

    if (identifier.len >= sizeof text)
        return 0;
    memcpy(text, identifier.at, identifier.len);
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

void alpn_server_name(struct view identifier, struct buf *out)
{
    unsigned char bytes[16];
    size_t len = address_of(identifier, bytes), begun = out->len;

    if (len == 0) {
        buf_put(out, identifier);
        if (!out->failed)
            text_lower(out->at + begun);
        return;
    }
    for (size_t i = len; i > 0; i--) {
        unsigned byte = bytes[i - 1];

        if (len == 4)
            buf_putf(out, "%u.", byte); /* RFC 1035 section 3.5 */
        else
            buf_putf(out, "%x.%x.", byte & 15, byte >> 4); /* RFC 3596 section 2.5 */
    }
    buf_put_text(out, len == 4 ? "in-addr.arpa" : "ip6.arpa");
}

/* ---- the certificate ---- */

static bool set_serial(X509 *cert)
{
    AUTO(BN_free) BIGNUM *number = BN_new();

    return number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

static bool set_subject(X509 *cert)
{
    X509_NAME *name = X509_get_subject_name(cert);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)SUBJECT, -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1;
}

static ASN1_OCTET_STRING *octets_new(const void *bytes, size_t len)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

    if (octets != NULL && ASN1_OCTET_STRING_set(octets, bytes, (int)len) == 1)
        return octets;
    ASN1_OCTET_STRING_free(octets);
    return NULL;
}

static GENERAL_NAME *name_new(struct view identifier)
{
    unsigned char bytes[16];
    size_t len = address_of(identifier, bytes);
    AUTO(GENERAL_NAME_free) GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = len > 0 ? octets_new(bytes, len) : ASN1_IA5STRING_new();

    if (name == NULL || value == NULL ||
        (len == 0 && ASN1_STRING_set(value, identifier.at, (int)identifier.len) != 1)) {
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, len > 0 ? GEN_IPADD : GEN_DNS, value);
    return TAKE(name);
}

static bool add_name(X509 *cert, struct view identifier)
{
    AUTO(GENERAL_NAMES_free) GENERAL_NAMES *names = GENERAL_NAMES_new();
    AUTO(GENERAL_NAME_free) GENERAL_NAME *name = name_new(identifier);

    if (names == NULL || name == NULL || sk_GENERAL_NAME_push(names, name) <= 0)
        return false;
    name = NULL; /* names has it */
    return X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) == 1;
}

static bool add_digest(X509 *cert, struct view digest)
{
    AUTO(ASN1_OBJECT_free) ASN1_OBJECT *type = OBJ_txt2obj(ACME_IDENTIFIER, 1);
    AUTO(ASN1_OCTET_STRING_free) ASN1_OCTET_STRING *value = octets_new(digest.at, digest.len);
    AUTO(ASN1_OCTET_STRING_free) ASN1_OCTET_STRING *wrapped = NULL;
    AUTO(X509_EXTENSION_free) X509_EXTENSION *extension = NULL;
    unsigned char der[NET_DIGEST_SIZE + 16], *at = der;
    int len;

    if (type == NULL || value == NULL || digest.len != NET_DIGEST_SIZE)
        return false;
    len = i2d_ASN1_OCTET_STRING(value, &at); /* an OCTET STRING in the one that every extension has */
    wrapped = len > 0 ? octets_new(der, (size_t)len) : NULL;
    if (wrapped == NULL)
        return false;
    extension = X509_EXTENSION_create_by_OBJ(NULL, type, 1, wrapped);
    return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

static bool put_der(const X509 *cert, struct buf *out)
{
    int len = i2d_X509(cert, NULL);
    unsigned char *at = len > 0 && len <= CERT_MAX ? (unsigned char *)buf_room(out, (size_t)len) : NULL;

    if (at == NULL || i2d_X509(cert, &at) != len)
        return false;
    buf_grow(out, (size_t)len);
    return true;
}

bool alpn_cert_put(EVP_PKEY *key, struct view identifier, struct view digest, struct buf *out)
{
    AUTO(X509_free) X509 *cert = X509_new();

    return cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_subject(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), EARLIER_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), LATER_S) != NULL && X509_set_pubkey(cert, key) == 1 &&
           add_name(cert, identifier) && add_digest(cert, digest) && X509_sign(cert, key, EVP_sha256()) > 0 &&
           put_der(cert, out);
}
