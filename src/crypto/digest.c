/*
 * Digests of whole texts.
 */
#include "crypto/key.h"
#include "crypto/openssl.h"

static bool digest(const char *name, const char *properties, struct view data, struct buf *out, struct error *err)
{
    AUTO(EVP_MD_free) EVP_MD *md = EVP_MD_fetch(NULL, name, properties);
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (md == NULL || EVP_Digest(data.at, data.len, value, &len, md, NULL) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot compute the %s digest", name);
    buf_put(out, (struct view){ (const char *)value, len });
    return !out->failed || error_set(err, ERROR_INTERNAL, "a %s digest does not fit into %zu bytes", name, out->max);
}

bool digest_sha256(struct view data, struct buf *out, struct error *err)
{
    return digest("SHA256", NULL, data, out, err);
}

bool digest_sha1(struct view data, struct buf *out, struct error *err)
{
    return digest("SHA1", "-fips", data, out, err); /* names things, protects nothing: also under FIPS */
}

bool digest_md5(struct view data, struct buf *out, struct error *err)
{
    return digest("MD5", "-fips", data, out, err); /* protects nothing: also under FIPS */
}
