/*
 * Reads certificates (RFC 5280) with our own DER reader: names, dates, key, and the few extensions that
 * matter to somebody who renews. Whether a signature is right is asked elsewhere (cert_signature.c).
 */
#include "crypto/cert.h"

#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/cert_names.h"
#include "crypto/csr.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/public_part.h"

#define SERIAL_MAX 31 /* bytes; RFC 5280 section 4.1.2.2 has 20 */
#define URL_MAX 2048

/* The extensions that are read, each at most once (RFC 5280 section 4.2). */
enum { EXT_NAMES, EXT_AUTHORITY_KEY, EXT_AUTHORITY_INFO, EXT_CRL, EXT_KEY_USAGES, EXT_TLS_FEATURE, EXT_COUNT };

static bool read_serial(struct cert *cert, struct view *tbs, struct error *err)
{
    AUTO(buf_clear) struct buf hex = BUF(2 * SERIAL_MAX);
    struct view again = *tbs, magnitude, content;
    const char *text;

    TRY(der_unsigned(tbs, &magnitude, "serial number", err));
    if (magnitude.len > SERIAL_MAX)
        return error_set(err, ERROR_CONFIG, "serial number: longer than %d bytes", SERIAL_MAX);
    TRY(der_take(&again, DER_INTEGER, &content, "serial number", err));
    buf_put(&cert->serial_der, content);
    buf_put_hex(&hex, magnitude);
    text = buf_text(&hex);
    text += text[0] == '0'; /* as a number is printed */
    (void)strncat(cert->serial, text[0] == '\0' ? "0" : text, sizeof cert->serial - 1);
    return true;
}

static bool read_name(const struct cert *cert, struct view *tbs, size_t *at, size_t *len, char **common,
    const char *what, struct error *err)
{
    struct view whole, content;

    TRY(der_whole(tbs, DER_SEQUENCE, &whole, what, err));
    *at = (size_t)(whole.at - cert->der.at);
    *len = whole.len;
    TRY(der_take(&whole, DER_SEQUENCE, &content, what, err));
    return names_common(content, common, what, err);
}

static bool read_validity(struct cert *cert, struct view *tbs, struct error *err)
{
    struct view validity;

    TRY(der_take(tbs, DER_SEQUENCE, &validity, "validity", err));
    TRY(der_time(&validity, &cert->not_before, "start of the validity", err));
    TRY(der_time(&validity, &cert->not_after, "end of the validity", err));
    return der_end(validity, "validity", err);
}

static bool read_key(struct cert *cert, struct view *tbs, struct error *err)
{
    struct public_part part;
    struct view spki;

    TRY(der_whole(tbs, DER_SEQUENCE, &spki, "public key", err));
    TRY(public_part_of_spki(spki, &part, err));
    cert->spki_at = (size_t)(spki.at - cert->der.at);
    cert->spki_len = spki.len;
    cert->key_known = part.known;
    cert->key_type = part.type;
    cert->key_bits = part.bits;
    return true;
}

/* The first http or https URL among GeneralNames. One with blanks or control characters in it is none. */
static bool read_url(struct view names, char **out, const char *what, struct error *err)
{
    struct view name;
    unsigned tag;

    while (names.len > 0) {
        bool plain = true;

        TRY(der_any(&names, &tag, &name, what, err));
        if (tag != DER_CONTEXT(6) || *out != NULL || name.len > URL_MAX ||
            (!view_starts(name, "http://") && !view_starts(name, "https://")))
            continue;
        for (size_t i = 0; i < name.len; i++)
            plain = plain && name.at[i] > ' ' && name.at[i] < 0x7f;
        if (plain)
            *out = view_dup(name);
    }
    return true;
}

/* RFC 5280 section 4.2.1.1 */
static bool read_authority_key(struct cert *cert, struct view value, struct error *err)
{
    struct view fields, identifier;

    TRY(der_take(&value, DER_SEQUENCE, &fields, "authority key identifier", err));
    TRY(der_end(value, "authority key identifier", err));
    if (!der_is(fields, DER_CONTEXT(0)))
        return true;
    TRY(der_take(&fields, DER_CONTEXT(0), &identifier, "authority key identifier", err));
    buf_put(&cert->key_identifier, identifier);
    return !cert->key_identifier.failed ||
           error_set(err, ERROR_CONFIG, "authority key identifier: longer than %zu bytes", cert->key_identifier.max);
}

/* RFC 5280 section 4.2.2.1 */
static bool read_authority_info(struct cert *cert, struct view value, struct error *err)
{
    struct view list, entry, method;

    TRY(der_take(&value, DER_SEQUENCE, &list, "authority information", err));
    while (list.len > 0) {
        TRY(der_take(&list, DER_SEQUENCE, &entry, "authority information", err));
        TRY(der_take(&entry, DER_OID, &method, "authority information", err));
        if (view_equal(method, OID("\x2b\x06\x01\x05\x05\x07\x30\x01"))) /* 1.3.6.1.5.5.7.48.1, OCSP */
            TRY(read_url(entry, &cert->ocsp_url, "authority information", err));
        else if (view_equal(method, OID("\x2b\x06\x01\x05\x05\x07\x30\x02"))) /* 1.3.6.1.5.5.7.48.2, caIssuers */
            TRY(read_url(entry, &cert->issuer_url, "authority information", err));
    }
    return true;
}

/* RFC 5280 section 4.2.1.13 */
static bool read_crl(struct cert *cert, struct view value, struct error *err)
{
    static const char what[] = "CRL distribution points";
    struct view list, point, name, full;

    TRY(der_take(&value, DER_SEQUENCE, &list, what, err));
    while (list.len > 0) {
        TRY(der_take(&list, DER_SEQUENCE, &point, what, err));
        if (!der_is(point, DER_CONTEXT_CONSTRUCTED(0)))
            continue;
        TRY(der_take(&point, DER_CONTEXT_CONSTRUCTED(0), &name, what, err));
        if (!der_is(name, DER_CONTEXT_CONSTRUCTED(0)))
            continue; /* relative to the issuer */
        TRY(der_take(&name, DER_CONTEXT_CONSTRUCTED(0), &full, what, err));
        TRY(read_url(full, &cert->crl_url, what, err));
    }
    return true;
}

/* RFC 5280 section 4.2.1.12 */
static bool read_key_usages(struct cert *cert, struct view value, struct error *err)
{
    struct view list, usage;

    TRY(der_take(&value, DER_SEQUENCE, &list, "extended key usage", err));
    while (list.len > 0) {
        TRY(der_take(&list, DER_OID, &usage, "extended key usage", err));
        if (view_equal(usage, OID("\x2b\x06\x01\x05\x05\x07\x03\x09"))) /* 1.3.6.1.5.5.7.3.9 */
            cert->signs_ocsp = true;
    }
    return true;
}

/* Index of the extension, EXT_COUNT for those that are ignored. */
static unsigned extension_of(struct view oid)
{
    static const char arc[] = "\x55\x1d"; /* 2.5.29 */

    if (oid.len == 3 && memcmp(oid.at, arc, 2) == 0) {
        switch (oid.at[2]) {
        case 17:
            return EXT_NAMES;
        case 31:
            return EXT_CRL;
        case 35:
            return EXT_AUTHORITY_KEY;
        case 37:
            return EXT_KEY_USAGES;
        }
    }
    if (view_equal(oid, OID("\x2b\x06\x01\x05\x05\x07\x01\x01"))) /* 1.3.6.1.5.5.7.1.1 */
        return EXT_AUTHORITY_INFO;
    return view_equal(oid, names_tls_feature_oid) ? EXT_TLS_FEATURE : EXT_COUNT;
}

static bool read_extension(struct cert *cert, unsigned which, struct view value, struct error *err)
{
    switch (which) {
    case EXT_NAMES:
        return names_alternative(value, &cert->dns, &cert->ips, err);
    case EXT_AUTHORITY_KEY:
        return read_authority_key(cert, value, err);
    case EXT_AUTHORITY_INFO:
        return read_authority_info(cert, value, err);
    case EXT_CRL:
        return read_crl(cert, value, err);
    case EXT_KEY_USAGES:
        return read_key_usages(cert, value, err);
    case EXT_TLS_FEATURE:
        return names_must_staple(value, &cert->must_staple, err);
    }
    return true;
}

static bool read_extensions(struct cert *cert, struct view wrapped, struct error *err)
{
    struct view list, oid, value;
    bool seen[EXT_COUNT + 1] = { false };

    TRY(der_take(&wrapped, DER_SEQUENCE, &list, "extensions", err));
    TRY(der_end(wrapped, "extensions", err));
    while (list.len > 0) {
        unsigned which;

        TRY(names_extension(&list, &oid, NULL, &value, err));
        which = extension_of(oid);
        if (which != EXT_COUNT && seen[which])
            return error_set(err, ERROR_CONFIG, "extensions: one of them stands there twice");
        seen[which] = true;
        TRY(read_extension(cert, which, value, err));
    }
    return true;
}

/* TBSCertificate, RFC 5280 section 4.1 */
static bool read_tbs(struct cert *cert, struct view tbs, struct error *err)
{
    struct view skipped;

    if (der_is(tbs, DER_CONTEXT_CONSTRUCTED(0)))
        TRY(der_take(&tbs, DER_CONTEXT_CONSTRUCTED(0), &skipped, "version", err));
    TRY(read_serial(cert, &tbs, err));
    TRY(der_take(&tbs, DER_SEQUENCE, &skipped, "signature algorithm", err));
    TRY(read_name(cert, &tbs, &cert->issuer_at, &cert->issuer_len, &cert->issuer_common_name, "issuer", err));
    TRY(read_validity(cert, &tbs, err));
    TRY(read_name(cert, &tbs, &cert->subject_at, &cert->subject_len, &cert->common_name, "subject", err));
    TRY(read_key(cert, &tbs, err));
    for (unsigned number = 1; number <= 2; number++) { /* unique identifiers (RFC 5280 section 4.1.2.8), not used */
        if (der_is(tbs, DER_CONTEXT(number)))
            TRY(der_take(&tbs, DER_CONTEXT(number), &skipped, "unique identifier", err));
    }
    if (der_is(tbs, DER_CONTEXT_CONSTRUCTED(3))) {
        TRY(der_take(&tbs, DER_CONTEXT_CONSTRUCTED(3), &skipped, "extensions", err));
        TRY(read_extensions(cert, skipped, err));
    }
    return der_end(tbs, "certificate", err);
}

static bool read_cert(struct cert *cert, struct error *err)
{
    struct view rest = buf_view(&cert->der), whole, tbs, algorithm, signature;

    TRY(der_take(&rest, DER_SEQUENCE, &whole, "certificate", err));
    TRY(der_end(rest, "certificate", err));
    TRY(der_take(&whole, DER_SEQUENCE, &tbs, "certificate's content", err));
    TRY(der_take(&whole, DER_SEQUENCE, &algorithm, "signature algorithm", err));
    TRY(der_bits(&whole, &signature, "signature", err));
    TRY(der_end(whole, "certificate", err));
    TRY(read_tbs(cert, tbs, err));
    names_join(cert->common_name, &cert->dns, &cert->ips, &cert->names);
    return true;
}

bool cert_from_der(struct view der, const char *name, struct cert **out, struct error *err)
{
    AUTO(cert_free) struct cert *cert = xcalloc(1, sizeof *cert);

    cert->der = BUF(PEM_MAX_DER);
    cert->serial_der = BUF(SERIAL_MAX + 1);
    cert->key_identifier = BUF(256);
    buf_put(&cert->der, der);
    if (cert->der.failed)
        (void)error_set(err, ERROR_CONFIG, "larger than %d bytes", PEM_MAX_DER);
    if (cert->der.failed || !read_cert(cert, err))
        return error_in(err, "certificate %s", name);
    *out = TAKE(cert);
    return true;
}

bool cert_from_pem(struct view pem, const char *name, struct cert **out, struct error *err)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    struct pem_block block;

    if (!pem_find(&pem, "CERTIFICATE", NULL, &block, err) || !pem_decode(&block, &der, err))
        return error_in(err, "certificate %s", name);
    return cert_from_der(buf_view(&der), name, out, err);
}

struct identifiers cert_identifiers(const struct cert *cert)
{
    struct identifiers all = { 0 };
    char address[64];

    for (size_t i = 0; i < cert->names.len; i++) {
        const char *name = cert->names.at[i];
        bool is_ip =
            list_has(&cert->ips, name) || (i == 0 && !list_has(&cert->dns, name) && address_canonical(name, address));

        identifiers_add(&all, is_ip ? IDENTIFIER_IP : IDENTIFIER_DNS, name);
    }
    return all;
}

void cert_free(struct cert *cert)
{
    if (cert == NULL)
        return;
    buf_clear(&cert->der);
    buf_clear(&cert->serial_der);
    buf_clear(&cert->key_identifier);
    list_clear(&cert->names);
    list_clear(&cert->dns);
    list_clear(&cert->ips);
    free(cert->common_name);
    free(cert->issuer_common_name);
    free(cert->ocsp_url);
    free(cert->crl_url);
    free(cert->issuer_url);
    free(cert);
}

bool cert_ari_id(const struct cert *cert, struct buf *out)
{
    if (cert->key_identifier.len == 0)
        return false;
    buf_put_base64url(out, buf_view(&cert->key_identifier));
    buf_put_char(out, '.');
    buf_put_base64url(out, buf_view(&cert->serial_der));
    return !out->failed;
}

bool cert_fingerprint(const struct cert *cert, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    TRY(digest_sha256(buf_view(&cert->der), &digest, err));
    buf_put_hex(out, buf_view(&digest));
    return !out->failed || error_set(err, ERROR_INTERNAL, "a fingerprint does not fit into %zu bytes", out->max);
}
