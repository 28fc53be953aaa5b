#include "crypto/hash.h"

#include "base/mem.h"
#include "base/text.h"
#include "crypto/openssl.h"

struct hash {
    EVP_MD *kind;
    EVP_MD_CTX *context;
};

static bool begin(struct hash *hash, struct error *err)
{
    return EVP_DigestInit_ex(hash->context, hash->kind, NULL) == 1 ||
           error_openssl(err, ERROR_INTERNAL, "cannot begin a SHA-256");
}

bool hash_new(struct hash **out, struct error *err)
{
    AUTO(hash_free) struct hash *hash = xcalloc(1, sizeof *hash);

    hash->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->kind == NULL || hash->context == NULL)
        return error_openssl(err, ERROR_INTERNAL, "OpenSSL has no SHA-256");
    TRY(begin(hash, err));
    *out = TAKE(hash);
    return true;
}

bool hash_put(struct hash *hash, struct view bytes, struct error *err)
{
    return EVP_DigestUpdate(hash->context, bytes.at, bytes.len) == 1 ||
           error_openssl(err, ERROR_INTERNAL, "cannot go on with a SHA-256");
}

bool hash_end(struct hash *hash, char out[static HASH_HEX_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf hex = BUF(HASH_HEX_SIZE);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestFinal_ex(hash->context, digest, &len) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot end a SHA-256");
    buf_put_hex(&hex, (struct view){ (const char *)digest, len });
    (void)snprintf(out, HASH_HEX_SIZE, "%s", buf_text(&hex));
    return begin(hash, err);
}

void hash_free(struct hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->kind);
    free(hash);
}
