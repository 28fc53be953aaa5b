/*
 * Whether a certificate, or what else a CA signs, was signed by another: the one thing about certificates that OpenSSL
 * does for us.
 */
#include <string.h>

#include "base/mem.h"
#include "base/mutex.h"
#include "crypto/cert.h"
#include "crypto/der.h"
#include "crypto/openssl.h"
#include "crypto/signed_data.h"

/*
 * Verification keys of issuers, found by their SubjectPublicKeyInfo. Decoding one takes OpenSSL longer than
 * verifying with it, and thousands of certificates share a handful of issuers. The oldest makes room for a
 * new one.
 */
#define KEYS_MAX 32
static struct {
    struct mutex lock;
    struct {
        struct buf spki;
        EVP_PKEY *pkey;
    } at[KEYS_MAX];
    size_t count, next;
} keys = { .lock = MUTEX_INIT };

static EVP_PKEY *keys_find(struct view spki)
{
    EVP_PKEY *found = NULL;
    MUTEX_HOLD(&keys.lock);

    for (size_t i = 0; i < keys.count && found == NULL; i++) {
        if (view_equal(buf_view(&keys.at[i].spki), spki) && EVP_PKEY_up_ref(keys.at[i].pkey) == 1)
            found = keys.at[i].pkey;
    }
    return found;
}

static void keys_add(struct view spki, EVP_PKEY *pkey)
{
    size_t slot;

    if (EVP_PKEY_up_ref(pkey) != 1)
        return;
    MUTEX_HOLD(&keys.lock);
    slot = keys.next;
    keys.next = (keys.next + 1) % KEYS_MAX;
    EVP_PKEY_free(keys.at[slot].pkey);
    buf_clear(&keys.at[slot].spki);
    keys.at[slot].spki = BUF(spki.len);
    buf_put(&keys.at[slot].spki, spki);
    keys.at[slot].pkey = pkey;
    if (keys.count < KEYS_MAX)
        keys.count++;
}

static bool keys_get(const struct cert *issuer, EVP_PKEY **out, struct error *err)
{
    struct view spki = { issuer->der.at + issuer->spki_at, issuer->spki_len };
    const unsigned char *at = view_bytes(spki);
    EVP_PKEY *pkey = keys_find(spki);

    if (pkey == NULL) {
        pkey = d2i_PUBKEY(NULL, &at, (long)spki.len);
        if (pkey == NULL)
            return error_openssl(err, ERROR_STORE, "the issuer's public key cannot be used");
        ERR_clear_error();
        keys_add(spki, pkey);
    }
    *out = pkey;
    return true;
}

struct algorithm {
    const char *oid;
    size_t oid_len;
    const char *key;    /* OpenSSL's word for the kind of key */
    const char *digest; /* NULL: part of the algorithm */
    bool pss;           /* digest and salt stand in the parameters */
};
#define ALGORITHM(oid) oid, sizeof(oid) - 1

static const struct algorithm algorithms[] = {
    { ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "RSA", "SHA256", false }, /* 1.2.840.113549.1.1.11 */
    { ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), "RSA", "SHA384", false },
    { ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), "RSA", "SHA512", false },
    { ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), "RSA", NULL, true },
    { ALGORITHM("\x2a\x86\x48\xce\x3d\x04\x03\x02"), "EC", "SHA256", false }, /* 1.2.840.10045.4.3.2 */
    { ALGORITHM("\x2a\x86\x48\xce\x3d\x04\x03\x03"), "EC", "SHA384", false },
    { ALGORITHM("\x2a\x86\x48\xce\x3d\x04\x03\x04"), "EC", "SHA512", false },
    { ALGORITHM("\x2b\x65\x70"), "ED25519", NULL, false }, /* 1.3.101.112 */
};

static const struct algorithm *algorithm_find(struct view oid)
{
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        if (view_equal(oid, (struct view){ algorithms[i].oid, algorithms[i].oid_len }))
            return &algorithms[i];
    }
    return NULL;
}

/* The parameters to verify a signature with, from an AlgorithmIdentifier (RFC 5280 section 4.1.1.2). */
struct scheme {
    const struct algorithm *algorithm;
    const char *digest;
    int salt_len; /* PSS */
};

static bool digest_of(struct view *fields, const char **out, struct error *err)
{
    static const struct {
        struct view oid;
        const char *name;
    } digests[] = {
        { { "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9 }, "SHA256" }, /* 2.16.840.1.101.3.4.2.1 */
        { { "\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9 }, "SHA384" },
        { { "\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9 }, "SHA512" },
    };
    struct view algorithm, oid;

    TRY(der_take(fields, DER_SEQUENCE, &algorithm, "PSS digest", err));
    TRY(der_take(&algorithm, DER_OID, &oid, "PSS digest", err));
    for (size_t i = 0; i < COUNT(digests); i++) {
        if (view_equal(oid, digests[i].oid)) {
            *out = digests[i].name;
            return true;
        }
    }
    return error_set(err, ERROR_CONFIG, "PSS digest: neither SHA-256 nor SHA-384 nor SHA-512");
}

/* RSASSA-PSS-params, RFC 8017 appendix A.2.3. The defaults would be SHA-1, which we do not take. */
static bool read_pss(struct view rest, struct scheme *out, struct error *err)
{
    struct view fields, field, mask, oid, salt;
    const char *mask_digest = NULL;

    TRY(der_take(&rest, DER_SEQUENCE, &fields, "PSS parameters", err));
    TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(0), &field, "PSS digest", err));
    TRY(digest_of(&field, &out->digest, err));
    TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(1), &field, "PSS mask", err));
    TRY(der_take(&field, DER_SEQUENCE, &mask, "PSS mask", err));
    TRY(der_take(&mask, DER_OID, &oid, "PSS mask", err));
    TRY(digest_of(&mask, &mask_digest, err));
    if (!view_equal(oid, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")) || strcmp(mask_digest, out->digest) != 0)
        return error_set(err, ERROR_CONFIG, "PSS mask: not MGF1 with the digest of the signature");
    out->salt_len = 20;
    if (der_is(fields, DER_CONTEXT_CONSTRUCTED(2))) {
        TRY(der_take(&fields, DER_CONTEXT_CONSTRUCTED(2), &field, "PSS salt", err));
        TRY(der_unsigned(&field, &salt, "PSS salt", err));
        if (salt.len > 1)
            return error_set(err, ERROR_CONFIG, "PSS salt: longer than 255 bytes");
        out->salt_len = salt.len == 0 ? 0 : (unsigned char)salt.at[0];
    }
    return true;
}

static bool read_scheme(struct view identifier, struct scheme *out, struct error *err)
{
    char text[DER_OID_TEXT_SIZE];
    struct view oid;

    TRY(der_take(&identifier, DER_OID, &oid, "signature algorithm", err));
    out->algorithm = algorithm_find(oid);
    if (out->algorithm == NULL) {
        der_oid_text(oid, text);
        return error_set(err, ERROR_CONFIG, "the signature algorithm %s is not supported", text);
    }
    out->digest = out->algorithm->digest;
    return !out->algorithm->pss || read_pss(identifier, out, err);
}

static bool verify(
    EVP_PKEY *pkey, const struct scheme *scheme, struct view signature, struct view signed_part, struct error *err)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL; /* ctx owns it */
    bool pss_key = scheme->algorithm->pss && EVP_PKEY_is_a(pkey, "RSA-PSS") == 1;

    if (!pss_key && EVP_PKEY_is_a(pkey, scheme->algorithm->key) != 1)
        return error_set(err, ERROR_STORE, "the signature is of another kind than the issuer's key");
    if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, &pkey_ctx, scheme->digest, NULL, NULL, pkey, NULL) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot check a signature");
    if (scheme->algorithm->pss && (EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
                                      EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, scheme->salt_len) != 1))
        return error_openssl(err, ERROR_STORE, "the issuer's key does not allow this signature");
    if (EVP_DigestVerify(ctx, view_bytes(signature), signature.len, view_bytes(signed_part), signed_part.len) != 1) {
        ERR_clear_error();
        return error_set(err, ERROR_STORE, "the signature does not fit");
    }
    return true;
}

bool signed_data_take(struct view *fields, struct signed_data *out, const char *what, struct error *err)
{
    struct signed_data data;

    TRY(der_whole(fields, DER_SEQUENCE, &data.content, what, err));
    TRY(der_take(fields, DER_SEQUENCE, &data.algorithm, "signature algorithm", err));
    TRY(der_bits(fields, &data.signature, "signature", err));
    *out = data;
    return true;
}

bool signed_data_check(const struct signed_data *data, const struct cert *signer, struct error *err)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    struct scheme scheme = { NULL };

    TRY(read_scheme(data->algorithm, &scheme, err));
    TRY(keys_get(signer, &pkey, err));
    return verify(pkey, &scheme, data->signature, data->content, err);
}

bool cert_check_signed_by(const struct cert *cert, const struct cert *issuer, struct error *err)
{
    struct view name = { cert->der.at + cert->issuer_at, cert->issuer_len };
    struct view subject = { issuer->der.at + issuer->subject_at, issuer->subject_len };
    struct view rest = buf_view(&cert->der), whole;
    struct signed_data data;

    if (!view_equal(name, subject))
        return error_set(err, ERROR_STORE, "issued by \"%s\", not by \"%s\"",
            cert->issuer_common_name == NULL ? "" : cert->issuer_common_name,
            issuer->common_name == NULL ? "" : issuer->common_name);
    TRY(der_take(&rest, DER_SEQUENCE, &whole, "certificate", err));
    TRY(signed_data_take(&whole, &data, "certificate's content", err));
    return signed_data_check(&data, issuer, err);
}
