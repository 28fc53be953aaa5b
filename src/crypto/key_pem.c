/*
 * Private keys as PEM, and public halves as DER and PEM.
 *
 * Key files are found and decoded by our own PEM reader: OpenSSL's would ask for a passphrase on the
 * terminal.
 */
#include "crypto/key_private.h"

#define PRIVATE_MAX (32 * 1024) /* an RSA key of 16384 bits takes 9 KiB */

bool key_pem_find(struct view pem, struct buf *der, enum private_form *form, struct error *err)
{
    struct pem_block block;
    enum private_form found;

    do { /* passes over "EC PARAMETERS" and certificates in the same file */
        TRY(pem_next(&pem, &block, err));
        if (block.label.at == NULL)
            return error_set(err, ERROR_CONFIG, "no private key in PEM form found");
    } while (!private_form_of_label(block.label, &found));
    if (block.encrypted) {
        (void)error_set(err, ERROR_CONFIG, "the private key is protected by a passphrase");
        return error_next(err, "give a key without passphrase: a renewal that nobody watches could not use this one");
    }
    TRY(pem_decode(&block, der, err));
    *form = found;
    return true;
}

bool key_pem_is_encrypted(struct view pem)
{
    struct pem_block block;
    struct error err = { 0 };

    while (pem_next(&pem, &block, &err) && block.label.at != NULL)
        if (block.encrypted)
            return true;
    return false;
}

static EVP_PKEY *decode_pkcs8(const unsigned char **at, long len)
{
    AUTO(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, at, len);

    return info == NULL ? NULL : EVP_PKCS82PKEY(info);
}

bool key_from_private_der(
    struct view der, enum private_form form, const char *name, struct key **out, struct error *err)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    const unsigned char *at = view_bytes(der);

    switch (form) {
    case PRIVATE_PKCS8:
        pkey = decode_pkcs8(&at, (long)der.len);
        break;
    case PRIVATE_PKCS1:
        pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
        break;
    case PRIVATE_SEC1:
        pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.len);
        break;
    }
    if (pkey == NULL)
        return error_openssl(err, ERROR_CONFIG, "the private key cannot be decoded");
    if (at != view_bytes(der) + der.len)
        return error_set(
            err, ERROR_CONFIG, "the private key has %zu bytes too many", (size_t)(view_bytes(der) + der.len - at));
    ERR_clear_error(); /* decoders that did not fit leave entries although another one did */
    return key_wrap(TAKE(pkey), name, out, err);
}

bool key_from_pem(struct view pem, const char *name, struct key **out, struct error *err)
{
    AUTO(buf_clear) struct buf der = BUF_SECRET(PRIVATE_MAX);
    enum private_form form;

    if (!key_pem_find(pem, &der, &form, err) || !key_from_private_der(buf_view(&der), form, name, out, err))
        return error_in(err, "private key %s", name);
    return true;
}

/* Appends what an i2d function returned and frees it. */
static bool put_der(struct buf *out, unsigned char *der, int len, struct error *err)
{
    if (len <= 0 || der == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot encode the key");
    buf_put(out, (struct view){ (const char *)der, (size_t)len });
    OPENSSL_clear_free(der, (size_t)len);
    return !out->failed || error_set(err, ERROR_INTERNAL, "the encoded key is larger than %zu bytes", out->max);
}

bool key_to_pem(const struct key *key, struct buf *out, struct error *err)
{
    AUTO(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    AUTO(buf_clear) struct buf der = BUF_SECRET(PRIVATE_MAX);
    unsigned char *encoded = NULL;
    int len;

    if (info == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot encode the private key");
    len = i2d_PKCS8_PRIV_KEY_INFO(info, &encoded);
    TRY(put_der(&der, encoded, len, err));
    pem_put(out, "PRIVATE KEY", buf_view(&der));
    return !out->failed || error_set(err, ERROR_INTERNAL, "the private key is larger than %zu bytes", out->max);
}

bool key_public_der(const struct key *key, struct buf *out, struct error *err)
{
    unsigned char *encoded = NULL;
    int len = i2d_PUBKEY(key->pkey, &encoded);

    return put_der(out, encoded, len, err);
}

bool key_public_pem(const struct key *key, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf der = BUF(PRIVATE_MAX);

    TRY(key_public_der(key, &der, err));
    pem_put(out, "PUBLIC KEY", buf_view(&der));
    return !out->failed || error_set(err, ERROR_INTERNAL, "the public key is larger than %zu bytes", out->max);
}
