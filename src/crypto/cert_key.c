/*
 * The key of a certificate, and whether a private key belongs to it.
 */
#include "base/log.h"
#include "base/text.h"
#include "crypto/cert.h"
#include "crypto/key_private.h"

static struct view spki_of(const struct cert *cert)
{
    return (struct view){ cert->der.at + cert->spki_at, cert->spki_len };
}

#define CERT_KEY_HASH_SIZE 65

static bool matches(const struct cert *cert, const struct key *key)
{
    struct view spki = spki_of(cert);
    const unsigned char *at = view_bytes(spki);
    AUTO(EVP_PKEY_free) EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    bool equal = public_key != NULL && EVP_PKEY_eq(public_key, key->pkey) == 1;

    ERR_clear_error();
    return equal;
}

char *cert_key_hash(const struct cert *cert)
{
    AUTO(buf_clear) struct buf digest = BUF(CERT_KEY_HASH_SIZE);
    AUTO(buf_clear) struct buf hex = BUF(CERT_KEY_HASH_SIZE);
    struct error err = { 0 };

    if (digest_sha256(spki_of(cert), &digest, &err))
        buf_put_hex(&hex, buf_view(&digest));
    else
        log_debug("%s", err.why);
    return buf_take(&hex);
}

bool cert_matches_key(const struct cert *cert, const struct key *key)
{
    AUTO(buf_clear) struct buf public_der = BUF(PEM_MAX_DER);
    struct error ignored = { 0 };

    /* One encoding is usual; where the bytes differ OpenSSL compares the numbers. */
    if (key_public_der(key, &public_der, &ignored) && view_equal(buf_view(&public_der), spki_of(cert)))
        return true;
    return matches(cert, key);
}

static bool check_key(const struct cert *cert, struct view pem, const char *name, struct error *err)
{
    AUTO(buf_clear) struct buf der = BUF_SECRET(PEM_MAX_DER);
    AUTO(key_free) struct key *key = NULL;
    struct public_part of_cert, of_key;
    enum private_form form;
    bool comparable, same;

    TRY(key_pem_find(pem, &der, &form, err));
    TRY(public_part_of_private(buf_view(&der), form, &of_key, err));
    TRY(public_part_of_spki(spki_of(cert), &of_cert, err));
    same = public_part_equal(&of_key, &of_cert, &comparable);
    if (!comparable) {
        TRY(key_from_private_der(buf_view(&der), form, name, &key, err));
        same = matches(cert, key);
    }
    return same || error_set(err, ERROR_STORE, "the private key does not belong to the certificate");
}

bool cert_check_key_pem(const struct cert *cert, struct view pem, const char *name, struct error *err)
{
    return check_key(cert, pem, name, err) || error_in(err, "private key %s", name);
}
