/*
 * Certificate signing requests: made with OpenSSL, read with our own reader, their self-signature checked by
 * OpenSSL.
 */
#include "crypto/csr.h"

#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/cert_names.h"
#include "crypto/alternative_names.h"
#include "crypto/der.h"
#include "crypto/key_private.h"

#define CSR_MAX PEM_MAX_DER

/* Takes ext over in any case. */
static bool push_extension(STACK_OF(X509_EXTENSION) * exts, X509_EXTENSION *ext)
{
    if (ext != NULL && sk_X509_EXTENSION_push(exts, ext) > 0)
        return true;
    X509_EXTENSION_free(ext);
    return false;
}

static X509_EXTENSION *must_staple_extension(void)
{
    static const unsigned char features[] = { 0x30, 0x03, 0x02, 0x01, 0x05 }; /* status_request (5) */
    AUTO(ASN1_OCTET_STRING_free) ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

    if (value == NULL || ASN1_OCTET_STRING_set(value, features, sizeof features) != 1)
        return NULL;
    return X509_EXTENSION_create_by_NID(NULL, NID_tlsfeature, 0, value);
}

static bool add_extensions(X509_REQ *req, const struct identifiers *identifiers, bool must_staple, struct error *err)
{
    AUTO(GENERAL_NAMES_free) GENERAL_NAMES *names = NULL;
    AUTO(exts_free) STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();

    if (exts == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot make a certificate signing request");
    TRY(alternative_names_make(identifiers, &names, err));
    if (!push_extension(exts, X509V3_EXT_i2d(NID_subject_alt_name, 0, names)) ||
        (must_staple && !push_extension(exts, must_staple_extension())) || X509_REQ_add_extensions(req, exts) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot add extensions to a certificate signing request");
    return true;
}

bool csr_make(
    const struct key *key, const struct identifiers *identifiers, bool must_staple, struct buf *der, struct error *err)
{
    AUTO(X509_REQ_free) X509_REQ *req = X509_REQ_new();
    unsigned char *encoded = NULL;
    int len;

    if (identifiers->len == 0)
        return error_set(err, ERROR_INTERNAL, "a certificate signing request without names");
    if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, key->pkey) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot make a certificate signing request");
    TRY(add_extensions(req, identifiers, must_staple, err));
    if (X509_REQ_sign(req, key->pkey, EVP_sha256()) <= 0 || (len = i2d_X509_REQ(req, &encoded)) <= 0)
        return error_openssl(err, ERROR_INTERNAL, "cannot sign a certificate signing request");
    buf_put(der, (struct view){ (const char *)encoded, (size_t)len });
    OPENSSL_free(encoded);
    return !der->failed ||
           error_set(err, ERROR_INTERNAL, "a certificate signing request larger than %zu bytes", der->max);
}

/* Extensions asked for (RFC 2985 section 5.4.2). */
static bool read_extensions(struct csr *csr, struct view extensions, struct error *err)
{
    struct view list, oid, value;

    TRY(der_take(&extensions, DER_SEQUENCE, &list, "extensions", err));
    while (list.len > 0) {
        TRY(names_extension(&list, &oid, NULL, &value, err));
        if (view_equal(oid, OID("\x55\x1d\x11"))) /* 2.5.29.17 */
            TRY(names_alternative(value, &csr->dns, &csr->ips, err));
        if (view_equal(oid, names_tls_feature_oid))
            TRY(names_must_staple(value, &csr->must_staple, err));
    }
    return true;
}

static bool read_attributes(struct csr *csr, struct view attributes, struct error *err)
{
    struct view attribute, oid, values;

    while (attributes.len > 0) {
        TRY(der_take(&attributes, DER_SEQUENCE, &attribute, "attribute", err));
        TRY(der_take(&attribute, DER_OID, &oid, "attribute", err));
        if (!view_equal(oid, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"))) /* 1.2.840.113549.1.9.14 */
            continue;
        TRY(der_take(&attribute, DER_SET, &values, "attribute", err));
        TRY(read_extensions(csr, values, err));
    }
    return true;
}

/* CertificationRequest, RFC 2986 section 4 */
static bool read_request(struct csr *csr, char **common, struct error *err)
{
    struct view rest = buf_view(&csr->der), whole, info, number, subject, skipped;

    TRY(der_take(&rest, DER_SEQUENCE, &whole, "certificate signing request", err));
    TRY(der_end(rest, "certificate signing request", err));
    TRY(der_take(&whole, DER_SEQUENCE, &info, "certificate signing request's content", err));
    TRY(der_unsigned(&info, &number, "version", err));
    TRY(der_take(&info, DER_SEQUENCE, &subject, "subject", err));
    TRY(names_common(subject, common, "subject", err));
    TRY(der_take(&info, DER_SEQUENCE, &skipped, "public key", err));
    if (der_is(info, DER_CONTEXT_CONSTRUCTED(0))) {
        TRY(der_take(&info, DER_CONTEXT_CONSTRUCTED(0), &skipped, "attributes", err));
        TRY(read_attributes(csr, skipped, err));
    }
    return der_end(info, "certificate signing request's content", err);
}

static bool verify(const struct csr *csr, struct error *err)
{
    const unsigned char *at = view_bytes(buf_view(&csr->der));
    AUTO(X509_REQ_free) X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)csr->der.len);
    EVP_PKEY *pkey = req == NULL ? NULL : X509_REQ_get0_pubkey(req);

    if (pkey == NULL)
        return error_openssl(err, ERROR_CONFIG, "the certificate signing request cannot be decoded");
    if (X509_REQ_verify(req, pkey) != 1) {
        ERR_clear_error();
        return error_set(err, ERROR_CONFIG, "its signature does not fit its own key");
    }
    ERR_clear_error();
    return true;
}

/* Puts the names in order, in lower case. A common name that only repeats an address is no DNS name. */
static void join_names(struct csr *csr, char *common)
{
    AUTO(list_clear) struct list dns = { NULL, 0 }, ips = { NULL, 0 };
    const struct list none = { NULL, 0 };
    char address[64];

    if (common != NULL)
        text_lower(common);
    for (size_t i = 0; i < csr->dns.len; i++)
        text_lower(csr->dns.at[i]);
    if (common != NULL && address_canonical(common, address) && list_has(&csr->ips, address)) {
        names_join(address, &csr->dns, &csr->ips, &csr->names);
        common = NULL;
    } else {
        names_join(common, &csr->dns, &csr->ips, &csr->names);
    }
    names_join(common, &csr->dns, &none, &dns);
    names_join(NULL, &none, &csr->ips, &ips);
    list_clear(&csr->dns);
    list_clear(&csr->ips);
    csr->dns = dns;
    csr->ips = ips;
    dns = ips = none;
}

static bool read_der(struct csr *csr, struct view data, struct error *err)
{
    struct pem_block block;

    if (der_is(data, DER_SEQUENCE)) { /* '0': a PEM text that starts with this digit would be an odd one */
        buf_put(&csr->der, data);
        return !csr->der.failed || error_set(err, ERROR_CONFIG, "larger than %d bytes", CSR_MAX);
    }
    TRY(pem_find(&data, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", &block, err));
    return pem_decode(&block, &csr->der, err);
}

static bool read_all(struct csr *csr, struct view data, struct error *err)
{
    AUTO(free) char *common = NULL;

    TRY(read_der(csr, data, err));
    TRY(read_request(csr, &common, err));
    TRY(verify(csr, err));
    join_names(csr, common);
    return true;
}

bool csr_read(struct view data, const char *name, struct csr **out, struct error *err)
{
    AUTO(csr_free) struct csr *csr = xcalloc(1, sizeof *csr);

    csr->der = BUF(CSR_MAX);
    if (!read_all(csr, data, err))
        return error_in(err, "certificate signing request %s", name);
    *out = TAKE(csr);
    return true;
}

void csr_free(struct csr *csr)
{
    if (csr == NULL)
        return;
    buf_clear(&csr->der);
    list_clear(&csr->names);
    list_clear(&csr->dns);
    list_clear(&csr->ips);
    free(csr);
}
