#include "crypto/sign.h"

#include "crypto/key_private.h"

static bool set_padding(EVP_PKEY_CTX *ctx, enum sign_padding padding)
{
    if (padding == SIGN_PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool sign_rsa(const struct key *key, enum digest digest, enum sign_padding padding, struct view input, struct buf *out,
    struct error *err)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[SIGN_MAX];
    size_t len = sizeof signature;
    EVP_PKEY_CTX *key_ctx = NULL; /* ctx's */

    if (key->type != KEY_RSA)
        return error_set(err, ERROR_CONFIG, "an RSA key is needed to sign this");
    if (ctx == NULL || EVP_DigestSignInit_ex(ctx, &key_ctx, digest_name(digest), NULL, NULL, key->pkey, NULL) != 1 ||
        !set_padding(key_ctx, padding) || EVP_DigestSign(ctx, signature, &len, view_bytes(input), input.len) != 1)
        return error_openssl(err, ERROR_CONFIG, "cannot sign with %s", digest_name(digest));
    buf_put(out, (struct view){ (const char *)signature, len });
    return !out->failed || error_set(err, ERROR_INTERNAL, "a signature does not fit into %zu bytes", out->max);
}
