/*
 * JSON Web Signatures: thumbprints, signing input, signatures of keys in memory, HMAC.
 */
#include "crypto/jws.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/key_private.h"

#define SIGNATURE_MAX 2048 /* RSA of 16384 bits */

bool jwk_public_json(const struct jwk *jwk, struct buf *out, struct error *err)
{
    static const char *const rsa[] = { "e", NULL, "n" }; /* NULL: where kty goes */
    static const char *const ec[] = { NULL, "x", "y" };
    bool is_rsa = strcmp(jwk->kty, "RSA") == 0;
    const char *const *names = is_rsa ? rsa : ec;

    buf_put_char(out, '{');
    if (!is_rsa)
        buf_putf(out, "\"crv\":\"%s\",", jwk->crv);
    for (size_t i = 0; i < 3; i++) {
        const struct jwk_member *found = NULL;

        if (i > 0)
            buf_put_char(out, ',');
        if (names[i] == NULL) {
            buf_putf(out, "\"kty\":\"%s\"", jwk->kty);
            continue;
        }
        for (size_t m = 0; m < jwk->count; m++) {
            if (strcmp(jwk->members[m].name, names[i]) == 0)
                found = &jwk->members[m];
        }
        if (found == NULL)
            return error_set(err, ERROR_INTERNAL, "the JSON Web Key does not have \"%s\"", names[i]);
        buf_putf(out, "\"%s\":\"", names[i]);
        buf_put_base64url(out, buf_view(&found->value));
        buf_put_char(out, '"');
    }
    buf_put_char(out, '}');
    return !out->failed || error_set(err, ERROR_INTERNAL, "the JSON Web Key is larger than %zu bytes", out->max);
}

bool jwk_thumbprint(const struct jwk *jwk, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf json = BUF(JWS_MAX), digest = BUF(64);

    TRY(jwk_public_json(jwk, &json, err));
    TRY(digest_sha256(buf_view(&json), &digest, err));
    buf_put_base64url(out, buf_view(&digest));
    return !out->failed || error_set(err, ERROR_INTERNAL, "a thumbprint does not fit into %zu bytes", out->max);
}

bool jws_sign(const struct signer *signer, struct view header, struct view payload, struct buf *header64,
    struct buf *payload64, struct buf *signature64, struct error *err)
{
    AUTO(buf_clear) struct buf input = BUF(JWS_MAX); /* RFC 7515 section 5.1: ASCII(header . payload) */
    AUTO(buf_clear) struct buf signature = BUF(SIGNATURE_MAX);
    size_t dot;

    buf_put_base64url(&input, header);
    dot = input.len;
    buf_put_char(&input, '.');
    buf_put_base64url(&input, payload);
    if (input.failed)
        return error_set(err, ERROR_INTERNAL, "a JWS signing input is larger than %zu bytes", input.max);
    TRY(signer->sign(signer->self, buf_view(&input), &signature, err));
    buf_put(header64, (struct view){ input.at, dot });
    buf_put(payload64, (struct view){ input.at + dot + 1, input.len - dot - 1 });
    buf_put_base64url(signature64, buf_view(&signature));
    if (header64->failed || payload64->failed || signature64->failed)
        return error_set(err, ERROR_INTERNAL, "a JWS does not fit into its buffers");
    return true;
}

struct key_signer {
    const struct key *key;
    const char *digest;
    struct jwk jwk; /* public members only */
};

/* RFC 7518 section 3.4: r and s side by side, each as wide as the curve, not DER as OpenSSL makes it. */
static bool put_raw_ecdsa(const unsigned char *der, size_t len, size_t width, struct buf *out, struct error *err)
{
    const unsigned char *at = der;
    AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    unsigned char raw[2 * 66];

    if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)width) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + width, (int)width) < 0)
        return error_openssl(err, ERROR_INTERNAL, "cannot convert an ECDSA signature");
    buf_put(out, (struct view){ (const char *)raw, 2 * width });
    return true;
}

static bool key_sign(void *self, struct view input, struct buf *signature, struct error *err)
{
    const struct key_signer *signer = self;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[SIGNATURE_MAX];
    size_t len = sizeof der;

    if (ctx == NULL || EVP_DigestSignInit_ex(ctx, NULL, signer->digest, NULL, NULL, signer->key->pkey, NULL) != 1 ||
        EVP_DigestSign(ctx, der, &len, view_bytes(input), input.len) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot sign");
    if (signer->key->type == KEY_EC) {
        TRY(put_raw_ecdsa(der, len, signer->key->curve->field_bytes, signature, err));
    } else {
        buf_put(signature, (struct view){ (const char *)der, len });
    }
    return !signature->failed || error_set(err, ERROR_INTERNAL, "a signature does not fit");
}

/* The public members of a whole JWK, the others being wiped. */
static void keep_public(struct jwk *jwk)
{
    size_t kept = 0;

    for (size_t i = 0; i < jwk->count; i++) {
        if (strchr("nexy", jwk->members[i].name[0]) != NULL && jwk->members[i].name[1] == '\0') {
            jwk->members[kept++] = jwk->members[i];
        } else {
            buf_clear(&jwk->members[i].value);
        }
    }
    jwk->count = kept;
}

bool signer_open(const struct key *key, struct signer *out, struct error *err)
{
    struct jwk jwk;
    struct key_signer *self;

    if (key->type == KEY_RSA && key->bits > SIGNATURE_MAX * 8)
        return error_set(err, ERROR_CONFIG, "Unsupported RSA key length: %u", key->bits);
    TRY(key_to_jwk(key, &jwk, err));
    keep_public(&jwk);
    self = xcalloc(1, sizeof *self);
    *self = (struct key_signer){ key, key->type == KEY_RSA ? "SHA256" : key->curve->digest, jwk };
    *out = (struct signer){
        .alg = key->type == KEY_RSA ? "RS256" : key->curve->alg,
        .sign = key_sign,
        .jwk = &self->jwk,
        .self = self,
    };
    return true;
}

void signer_close(struct signer *signer)
{
    struct key_signer *self = signer->self;

    if (self != NULL) {
        jwk_clear(&self->jwk);
        free(self);
    }
    *signer = (struct signer){ .self = NULL };
}

bool jws_hmac(const char *alg, struct view key, struct view input, struct buf *mac, struct error *err)
{
    static const struct {
        const char *alg, *digest;
    } algs[] = { { "HS256", "SHA256" }, { "HS384", "SHA384" }, { "HS512", "SHA512" } };
    unsigned char value[EVP_MAX_MD_SIZE];
    const char *digest = NULL;
    size_t len = 0;

    for (size_t i = 0; i < COUNT(algs); i++) {
        if (strcmp(alg, algs[i].alg) == 0)
            digest = algs[i].digest;
    }
    if (digest == NULL)
        return error_set(err, ERROR_CONFIG, "%s is not an HMAC algorithm for external account binding", alg);
    if (key.len == 0)
        return error_set(err, ERROR_CONFIG, "the HMAC key for external account binding is empty");
    if (EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key.at, key.len, view_bytes(input), input.len, value, sizeof value,
            &len) == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot compute an HMAC");
    buf_put(mac, (struct view){ (const char *)value, len });
    return !mac->failed || error_set(err, ERROR_INTERNAL, "an HMAC does not fit into %zu bytes", mac->max);
}
