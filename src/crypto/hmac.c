#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <strings.h>

#include "crypto/openssl.h"

DEFINE_AUTO(EVP_MAC, EVP_MAC_free)
DEFINE_AUTO(EVP_MAC_CTX, EVP_MAC_CTX_free)

static const struct {
    const char *name;
    size_t size;
} digests[DIGEST_COUNT] = {
    [DIGEST_MD5] = { "MD5", 16 },
    [DIGEST_SHA1] = { "SHA1", 20 },
    [DIGEST_SHA224] = { "SHA224", 28 },
    [DIGEST_SHA256] = { "SHA256", 32 },
    [DIGEST_SHA384] = { "SHA384", 48 },
    [DIGEST_SHA512] = { "SHA512", 64 },
};

const char *digest_name(enum digest digest)
{
    return digests[digest].name;
}

size_t digest_size(enum digest digest)
{
    return digests[digest].size;
}

bool digest_find(struct view name, enum digest *out)
{
    for (size_t i = 0; i < COUNT(digests); i++)
        if (strlen(digests[i].name) == name.len && strncasecmp(digests[i].name, name.at, name.len) == 0) {
            *out = (enum digest)i;
            return true;
        }
    return false;
}

/* Where the machine is bound to FIPS, its providers know no MD5; a program that is not told so would look broken. */
static bool not_here(enum digest digest, const char *what, struct error *err)
{
    (void)error_openssl(
        err, ERROR_CONFIG, "this machine's cryptography does not allow %s%s", what, digest_name(digest));
    return error_next(err, "use SHA256 or better%s",
        EVP_default_properties_is_fips_enabled(NULL) ? "; OpenSSL is in its FIPS mode here" : "");
}

static bool put(struct buf *out, const unsigned char *value, size_t len, struct error *err)
{
    buf_put(out, (struct view){ (const char *)value, len });
    return !out->failed || error_set(err, ERROR_INTERNAL, "a digest does not fit into %zu bytes", out->max);
}

bool digest_of(enum digest digest, struct view data, struct buf *out, struct error *err)
{
    AUTO(EVP_MD_free) EVP_MD *md = EVP_MD_fetch(NULL, digest_name(digest), NULL);
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (md == NULL || EVP_Digest(data.at, data.len, value, &len, md, NULL) != 1)
        return not_here(digest, "", err);
    return put(out, value, len, err);
}

static bool compute(EVP_MAC_CTX *context, enum digest digest, struct view key, struct view data,
    unsigned char value[static DIGEST_MAX], size_t *len)
{
    char name[8];
    OSSL_PARAM params[2];
    const unsigned char *bytes = key.len > 0 ? view_bytes(key) : (const unsigned char *)""; /* NULL: none is set */

    (void)snprintf(name, sizeof name, "%s", digest_name(digest));
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    return EVP_MAC_init(context, bytes, key.len, params) == 1 &&
           (data.len == 0 || EVP_MAC_update(context, view_bytes(data), data.len) == 1) &&
           EVP_MAC_final(context, value, len, DIGEST_MAX) == 1;
}

bool hmac_of(enum digest digest, struct view key, struct view data, struct buf *out, struct error *err)
{
    AUTO(EVP_MAC_free) EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    AUTO(EVP_MAC_CTX_free) EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    unsigned char value[DIGEST_MAX];
    size_t len = 0;
    bool done;

    if (context == NULL || !compute(context, digest, key, data, value, &len))
        return not_here(digest, "HMAC-", err);
    done = put(out, value, len, err);
    OPENSSL_cleanse(value, sizeof value); /* it may be the key of a next step */
    return done;
}

bool hmac_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
