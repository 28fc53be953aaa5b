/*
 * Private keys: the kinds there are, and making new ones.
 */
#include "crypto/key.h"

#include "base/mem.h"
#include "crypto/key_private.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192

const struct curve curves[3] = {
    { "secp256r1", "P-256", "prime256v1", "ES256", "SHA256", 256, 32 },
    { "secp384r1", "P-384", "secp384r1", "ES384", "SHA384", 384, 48 },
    { "secp521r1", "P-521", "secp521r1", "ES512", "SHA512", 521, 66 },
};

static const struct curve *curve_by_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < COUNT(curves); i++) {
        if (view_is(view_of(name), curves[i].name))
            return &curves[i];
    }
    return NULL;
}

static const struct curve *curve_of(const EVP_PKEY *pkey)
{
    char group[64] = "";

    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1) {
        ERR_clear_error(); /* explicit parameters: a curve without a name */
        return NULL;
    }
    for (size_t i = 0; i < COUNT(curves); i++) {
        if (view_is(view_of(group), curves[i].group) || view_is(view_of(group), curves[i].jwk))
            return &curves[i];
    }
    return NULL;
}

bool key_params_check(struct key_params params, struct error *err)
{
    if (params.type == KEY_RSA) {
        if (params.bits >= RSA_MIN_BITS && params.bits <= RSA_MAX_BITS)
            return true;
        (void)error_set(err, ERROR_CONFIG, "Unsupported RSA key length: %u", params.bits);
        return error_next(err, "choose an RSA key size between %d and %d bits", RSA_MIN_BITS, RSA_MAX_BITS);
    }
    if (curve_by_name(params.curve) != NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "Unsupported elliptic curve: %s", params.curve == NULL ? "" : params.curve);
    return error_next(err, "choose secp256r1, secp384r1 or secp521r1");
}

bool key_generate(struct key_params params, struct key **out, struct error *err)
{
    EVP_PKEY *pkey;

    TRY(key_params_check(params, err));
    if (params.type == KEY_RSA) {
        pkey = EVP_RSA_gen(params.bits);
    } else {
        pkey = EVP_EC_gen(curve_by_name(params.curve)->group);
    }
    if (pkey == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot make a private key");
    return key_wrap(pkey, "the new key", out, err);
}

bool key_wrap(EVP_PKEY *pkey, const char *name, struct key **out, struct error *err)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *owned = pkey;
    struct key *key;
    bool rsa = EVP_PKEY_is_a(pkey, "RSA") == 1;

    if (!rsa && EVP_PKEY_is_a(pkey, "EC") != 1)
        return error_set(err, ERROR_CONFIG, "%s is neither an RSA nor an EC key", name);
    key = xcalloc(1, sizeof *key);
    key->type = rsa ? KEY_RSA : KEY_EC;
    key->bits = (unsigned)EVP_PKEY_get_bits(pkey);
    key->curve = rsa ? NULL : curve_of(pkey);
    key->pkey = TAKE(owned);
    *out = key;
    return true;
}

enum key_type key_get_type(const struct key *key)
{
    return key->type;
}

unsigned key_bits(const struct key *key)
{
    return key->bits;
}

const char *key_curve(const struct key *key)
{
    return key->curve == NULL ? NULL : key->curve->name;
}

bool key_equal(const struct key *a, const struct key *b)
{
    bool equal = EVP_PKEY_eq(a->pkey, b->pkey) == 1;

    ERR_clear_error(); /* keys of two kinds leave an entry */
    return equal;
}

void key_free(struct key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey); /* OpenSSL wipes the private numbers */
    free(key);
}
