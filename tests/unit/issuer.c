#include "issuer.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"

DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(X509_REQ, X509_REQ_free)
DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(BIO, BIO_free_all)

#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("OpenSSL: %s", #condition);                                                                       \
    } while (0)

#define LONG_AGO INT64_C(1700000000) /* 2023 */
#define LATE INT64_C(4000000000)     /* 2096 */

static struct {
    pthread_mutex_t lock;
    EVP_PKEY *key, *other, *root;
    long serial;
} issuer = { .lock = PTHREAD_MUTEX_INITIALIZER };

__attribute__((destructor)) static void forget(void)
{
    EVP_PKEY_free(issuer.key);
    EVP_PKEY_free(issuer.other);
    EVP_PKEY_free(issuer.root);
}

/* Keys are made when the first is needed. */
static long next_serial(void)
{
    long serial;

    (void)pthread_mutex_lock(&issuer.lock);
    if (issuer.key == NULL) {
        NEED((issuer.key = EVP_EC_gen("P-256")) != NULL);
        NEED((issuer.other = EVP_EC_gen("P-256")) != NULL);
        NEED((issuer.root = EVP_EC_gen("P-256")) != NULL);
    }
    serial = ++issuer.serial;
    (void)pthread_mutex_unlock(&issuer.lock);
    return serial;
}

/* As a text, since the time_t of a library of 32 bits may not be ours. */
static void set_time(ASN1_TIME *to, int64_t at)
{
    char compact[CLOCK_TEXT_SIZE], text[32];

    clock_format_compact(at, compact);
    (void)snprintf(text, sizeof text, "%.8s%.7s", compact, compact + 9);
    NEED(ASN1_TIME_set_string_X509(to, text) == 1);
}

static void set_name(X509_NAME *name, const char *common_name)
{
    NEED(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1);
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    NEED(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* Renewal information names a certificate by this (RFC 9773 section 4.1). */
static void add_authority(X509 *x509)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();

    NEED(id != NULL && (id->keyid = ASN1_OCTET_STRING_new()) != NULL);
    NEED(ASN1_OCTET_STRING_set(id->keyid, (const unsigned char *)"test-issuer", 11) == 1);
    NEED(X509_add1_ext_i2d(x509, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1);
    AUTHORITY_KEYID_free(id);
}

static X509 *x509_of(const char *subject, const char *issued_by, EVP_PKEY *key, int64_t from, int64_t to)
{
    X509 *x509 = X509_new();

    NEED(x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1);
    NEED(ASN1_INTEGER_set(X509_get_serialNumber(x509), next_serial()) == 1);
    if (subject != NULL)
        set_name(X509_get_subject_name(x509), subject);
    set_name(X509_get_issuer_name(x509), issued_by);
    set_time(X509_getm_notBefore(x509), from);
    set_time(X509_getm_notAfter(x509), to);
    NEED(X509_set_pubkey(x509, key) == 1);
    return x509;
}

static void put_pem(X509 *x509, struct buf *pem)
{
    AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    NEED(bio != NULL && PEM_write_bio_X509(bio, x509) == 1);
    len = BIO_get_mem_data(bio, &text);
    NEED(len > 0);
    buf_put(pem, (struct view){ text, (size_t)len });
}

/* The names of the request and, with them, "must staple". */
static void copy_extensions(X509_REQ *request, X509 *x509, bool with_names)
{
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(request);

    for (int i = 0; i < sk_X509_EXTENSION_num(all); i++) {
        X509_EXTENSION *extension = sk_X509_EXTENSION_value(all, i);

        if (with_names || OBJ_obj2nid(X509_EXTENSION_get_object(extension)) != NID_subject_alt_name)
            NEED(X509_add_ext(x509, extension, -1) == 1);
    }
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
}

void issuer_sign(const struct certificate_order *order, struct buf *pem)
{
    AUTO(X509_REQ_free) X509_REQ *request = NULL;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    AUTO(X509_free) X509 *x509 = NULL;
    const unsigned char *at = (const unsigned char *)order->csr.at;
    char access[256];

    if (order->csr.len > 0) {
        NEED((request = d2i_X509_REQ(NULL, &at, (long)order->csr.len)) != NULL);
        key = X509_REQ_get_pubkey(request);
    } else {
        key = EVP_EC_gen("P-256");
    }
    NEED(key != NULL);
    x509 = x509_of(NULL, ISSUER_NAME, key, order->from, order->to);
    if (request != NULL)
        copy_extensions(request, x509, order->names == NULL);
    if (order->names != NULL)
        add_extension(x509, NID_subject_alt_name, order->names);
    if (order->is_ca)
        add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    if (order->issuer_url != NULL) {
        (void)snprintf(access, sizeof access, "caIssuers;URI:%s", order->issuer_url);
        add_extension(x509, NID_info_access, access);
    }
    add_authority(x509);
    NEED(X509_sign(x509, order->other_issuer ? issuer.other : issuer.key, EVP_sha256()) > 0);
    put_pem(x509, pem);
}

void issuer_certificate(bool cross, struct buf *pem)
{
    AUTO(X509_free) X509 *x509 = NULL;

    (void)next_serial();
    x509 = x509_of(ISSUER_NAME, cross ? ISSUER_CROSS_NAME : ISSUER_NAME, issuer.key, LONG_AGO, LATE);
    add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    NEED(X509_sign(x509, cross ? issuer.root : issuer.key, EVP_sha256()) > 0);
    put_pem(x509, pem);
}
