/*
 * Digests of whole texts.
 */
#include <pthread.h>

#include "crypto/key.h"
#include "crypto/openssl.h"

static bool digest_with(const EVP_MD *md, const char *name, struct view data, struct buf *out, struct error *err)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (md == NULL || EVP_Digest(data.at, data.len, value, &len, md, NULL) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot compute the %s digest", name);
    buf_put(out, (struct view){ (const char *)value, len });
    return !out->failed || error_set(err, ERROR_INTERNAL, "a %s digest does not fit into %zu bytes", name, out->max);
}

static bool digest(const char *name, const char *properties, struct view data, struct buf *out, struct error *err)
{
    AUTO(EVP_MD_free) EVP_MD *md = EVP_MD_fetch(NULL, name, properties);

    return digest_with(md, name, data, out, err);
}

static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* kept to the end: fetching it takes longer than a certificate's digest */

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

bool digest_sha256(struct view data, struct buf *out, struct error *err)
{
    (void)pthread_once(&sha256_once, fetch_sha256);
    return digest_with(sha256, "SHA256", data, out, err);
}

bool digest_sha1(struct view data, struct buf *out, struct error *err)
{
    return digest("SHA1", "-fips", data, out, err); /* names things, protects nothing: also under FIPS */
}

bool digest_md5(struct view data, struct buf *out, struct error *err)
{
    return digest("MD5", "-fips", data, out, err); /* protects nothing: also under FIPS */
}

bool digest_sha3_256(struct view data, struct buf *out, struct error *err)
{
    return digest("SHA3-256", NULL, data, out, err);
}
