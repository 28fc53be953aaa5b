/*
 * Keys to JSON Web Keys and back (RFC 7517, RFC 7518 section 6): numbers, without the JSON around them.
 */
#include <string.h>

#include "base/mem.h"
#include "crypto/key_private.h"

#define NUMBER_MAX 2048 /* bytes: RSA of 16384 bits */

enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_COUNT };

static const struct {
    const char *name, *param;
    bool secret;
} rsa_members[RSA_COUNT] = {
    { "n", OSSL_PKEY_PARAM_RSA_N, false },
    { "e", OSSL_PKEY_PARAM_RSA_E, false },
    { "d", OSSL_PKEY_PARAM_RSA_D, true },
    { "p", OSSL_PKEY_PARAM_RSA_FACTOR1, true },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2, true },
    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true },
    { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true },
}, ec_members[] = {
    { "x", OSSL_PKEY_PARAM_EC_PUB_X, false },
    { "y", OSSL_PKEY_PARAM_EC_PUB_Y, false },
    { "d", OSSL_PKEY_PARAM_PRIV_KEY, true },
};

void jwk_clear(struct jwk *jwk)
{
    for (size_t i = 0; i < jwk->count; i++)
        buf_clear(&jwk->members[i].value);
    *jwk = (struct jwk){ .kty = NULL };
}

/* Adds one number of the key. width 0: as many bytes as it needs (RFC 7518 section 2, Base64urlUInt). */
static bool add_number(
    const EVP_PKEY *pkey, const char *param, const char *name, size_t width, struct jwk *jwk, struct error *err)
{
    AUTO(BN_clear_free) BIGNUM *number = NULL;
    struct jwk_member *member = &jwk->members[jwk->count];
    unsigned char native[NUMBER_MAX]; /* ours, not OpenSSL's, so that it is wiped */
    OSSL_PARAM params[] = { OSSL_PARAM_construct_BN(param, native, sizeof native), OSSL_PARAM_construct_end() };
    bool ok = EVP_PKEY_get_params(pkey, params) == 1 && OSSL_PARAM_modified(&params[0]) &&
              OSSL_PARAM_get_BN(&params[0], &number) == 1;
    size_t len;
    char *to;

    wipe(native, sizeof native);
    if (!ok)
        return error_openssl(err, ERROR_CONFIG, "the key does not have its number \"%s\"", name);
    len = width > 0 ? width : (size_t)BN_num_bytes(number);
    *member = (struct jwk_member){ name, BUF_SECRET(NUMBER_MAX) };
    jwk->count++; /* from here on the caller's clean-up sees it */
    to = buf_room(&member->value, len);
    if (to == NULL || BN_bn2binpad(number, (unsigned char *)to, (int)len) != (int)len)
        return error_set(err, ERROR_CONFIG, "the key's number \"%s\" is too large", name);
    buf_grow(&member->value, len);
    return true;
}

bool key_to_jwk(const struct key *key, struct jwk *out, struct error *err)
{
    AUTO(jwk_clear) struct jwk jwk = { .kty = key->type == KEY_RSA ? "RSA" : "EC" };

    if (key->type == KEY_RSA) {
        for (size_t i = 0; i < COUNT(rsa_members); i++)
            TRY(add_number(key->pkey, rsa_members[i].param, rsa_members[i].name, 0, &jwk, err));
    } else {
        if (key->curve == NULL)
            return error_set(err, ERROR_CONFIG, "the key's curve has no name in JSON Web Keys");
        jwk.crv = key->curve->jwk;
        for (size_t i = 0; i < COUNT(ec_members); i++)
            TRY(add_number(key->pkey, ec_members[i].param, ec_members[i].name, key->curve->field_bytes, &jwk, err));
    }
    *out = jwk;
    jwk = (struct jwk){ .kty = NULL };
    return true;
}

static const struct buf *member_value(const struct jwk *jwk, const char *name)
{
    for (size_t i = 0; i < jwk->count; i++) {
        if (strcmp(jwk->members[i].name, name) == 0)
            return jwk->members[i].value.len > 0 ? &jwk->members[i].value : NULL;
    }
    return NULL;
}

/* The number of that name; *out stays NULL when the JWK does not have it. */
static bool read_number(const struct jwk *jwk, const char *name, BIGNUM **out, struct error *err)
{
    const struct buf *value = member_value(jwk, name);
    AUTO(BN_clear_free) BIGNUM *number = NULL;

    if (value == NULL)
        return true;
    if (value->len > NUMBER_MAX)
        return error_set(err, ERROR_CONFIG, "the number \"%s\" of the JSON Web Key is too large", name);
    number = BN_secure_new(); /* OSSL_PARAM_free wipes only what came from secure numbers */
    if (number == NULL || BN_bin2bn(view_bytes(buf_view(value)), (int)value->len, number) == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot read a number");
    if (BN_is_zero(number))
        return error_set(err, ERROR_CONFIG, "the number \"%s\" of the JSON Web Key is zero", name);
    BN_set_flags(number, BN_FLG_CONSTTIME);
    *out = TAKE(number);
    return true;
}

static bool build(const char *type, OSSL_PARAM_BLD *bld, struct key **out, struct error *err)
{
    AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    AUTO(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        return error_openssl(err, ERROR_INTERNAL, "cannot build a key");
    if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1) {
        EVP_PKEY_free(pkey);
        return error_openssl(err, ERROR_CONFIG, "the JSON Web Key is not a valid key");
    }
    return key_wrap(pkey, "the JSON Web Key", out, err);
}

static bool numbers_new(BIGNUM **numbers, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        numbers[i] = BN_secure_new();
        ok = ok && numbers[i] != NULL;
    }
    return ok;
}

static void numbers_free(BIGNUM **numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        BN_clear_free(numbers[i]);
}

/*
 * Fills in dp, dq and qi where they are missing, and tells whether all numbers fit together: n = p q, d
 * inverts e modulo p - 1 and q - 1, and the three others follow. OpenSSL's own check also proves p and q
 * prime; it takes tens of milliseconds, and the file is our own.
 */
static bool rsa_complete(BIGNUM **k, BIGNUM **t, BN_CTX *ctx, bool *fits)
{
    BIGNUM *p1 = t[0], *q1 = t[1], *dp = t[2], *dq = t[3], *qi = t[4], *a = t[5];
    const struct {
        BIGNUM **have, *want;
    } derived[] = { { &k[RSA_DP], dp }, { &k[RSA_DQ], dq }, { &k[RSA_QI], qi } };

    *fits = false;
    if (BN_is_one(k[RSA_P]) || BN_is_one(k[RSA_Q]) || BN_num_bits(k[RSA_E]) > 64)
        return true;
    if (!BN_sub(p1, k[RSA_P], BN_value_one()) || !BN_sub(q1, k[RSA_Q], BN_value_one()) ||
        !BN_mul(a, k[RSA_P], k[RSA_Q], ctx))
        return false;
    if (BN_cmp(a, k[RSA_N]) != 0 || !BN_mod_inverse(qi, k[RSA_Q], k[RSA_P], ctx))
        return true;
    if (!BN_mod(dp, k[RSA_D], p1, ctx) || !BN_mod(dq, k[RSA_D], q1, ctx) || !BN_mod_mul(a, dp, k[RSA_E], p1, ctx))
        return false;
    if (!BN_is_one(a))
        return true;
    if (!BN_mod_mul(a, dq, k[RSA_E], q1, ctx))
        return false;
    if (!BN_is_one(a))
        return true;
    for (size_t i = 0; i < COUNT(derived); i++) {
        if (*derived[i].have == NULL && (*derived[i].have = BN_dup(derived[i].want)) == NULL)
            return false;
        if (BN_cmp(*derived[i].have, derived[i].want) != 0)
            return true;
    }
    *fits = true;
    return true;
}

static bool rsa_check(BIGNUM **numbers, struct error *err)
{
    AUTO(BN_CTX_free) BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *scratch[6];
    bool ok = numbers_new(scratch, COUNT(scratch)), fits = false;

    ok = ok && ctx != NULL && rsa_complete(numbers, scratch, ctx, &fits);
    numbers_free(scratch, COUNT(scratch));
    if (!ok)
        return error_openssl(err, ERROR_INTERNAL, "cannot check the numbers of an RSA key");
    ERR_clear_error();
    return fits || error_set(err, ERROR_CONFIG, "the numbers of the JSON Web Key do not belong together");
}

static bool rsa_numbers(const struct jwk *jwk, BIGNUM **numbers, struct error *err)
{
    for (size_t i = 0; i < RSA_COUNT; i++) {
        TRY(read_number(jwk, rsa_members[i].name, &numbers[i], err));
        if (i < RSA_DP && numbers[i] == NULL) /* the last three can be derived */
            return error_set(err, ERROR_CONFIG, "the JSON Web Key does not have \"%s\"", rsa_members[i].name);
    }
    return rsa_check(numbers, err);
}

static bool rsa_from_jwk(const struct jwk *jwk, struct key **out, struct error *err)
{
    AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[RSA_COUNT] = { NULL };
    bool ok = rsa_numbers(jwk, numbers, err);
    bool pushed = bld != NULL;

    for (size_t i = 0; ok && pushed && i < RSA_COUNT; i++)
        pushed = OSSL_PARAM_BLD_push_BN(bld, rsa_members[i].param, numbers[i]) == 1;
    if (ok && !pushed)
        ok = error_openssl(err, ERROR_INTERNAL, "cannot build an RSA key");
    ok = ok && build("RSA", bld, out, err);
    numbers_free(numbers, RSA_COUNT);
    return ok;
}

/* The point as OpenSSL wants it: 04, x, y. */
static bool ec_point(const struct jwk *jwk, size_t width, unsigned char *point, struct error *err)
{
    point[0] = 0x04;
    for (size_t i = 0; i < 2; i++) {
        const char *name = ec_members[i].name;
        const struct buf *value = member_value(jwk, name);

        if (value == NULL)
            return error_set(err, ERROR_CONFIG, "the JSON Web Key does not have \"%s\"", name);
        if (value->len != width)
            return error_set(
                err, ERROR_CONFIG, "\"%s\" of the JSON Web Key has %zu bytes, not %zu", name, value->len, width);
        memcpy(point + 1 + i * width, value->at, width);
    }
    return true;
}

static bool ec_check(const struct key *key, struct error *err)
{
    AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);

    if (ctx == NULL || EVP_PKEY_check(ctx) != 1)
        return error_openssl(err, ERROR_CONFIG, "the numbers of the JSON Web Key do not belong together");
    return true;
}

static bool ec_from_jwk(const struct jwk *jwk, struct key **out, struct error *err)
{
    AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    AUTO(BN_clear_free) BIGNUM *secret = NULL;
    AUTO(key_free) struct key *key = NULL;
    const struct curve *curve = NULL;
    unsigned char point[1 + 2 * 66];

    for (size_t i = 0; jwk->crv != NULL && i < COUNT(curves); i++) {
        if (strcmp(jwk->crv, curves[i].jwk) == 0)
            curve = &curves[i];
    }
    if (curve == NULL)
        return error_set(
            err, ERROR_CONFIG, "the JSON Web Key has the unknown curve \"%s\"", jwk->crv == NULL ? "" : jwk->crv);
    TRY(ec_point(jwk, curve->field_bytes, point, err));
    TRY(read_number(jwk, "d", &secret, err));
    if (secret == NULL)
        return error_set(err, ERROR_CONFIG, "the JSON Web Key does not have \"d\"");
    if (bld == NULL || !OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * curve->field_bytes) ||
        !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, secret))
        return error_openssl(err, ERROR_INTERNAL, "cannot build an EC key");
    TRY(build("EC", bld, &key, err));
    TRY(ec_check(key, err));
    *out = TAKE(key);
    return true;
}

bool key_from_jwk(const struct jwk *jwk, struct key **out, struct error *err)
{
    if (jwk->kty != NULL && strcmp(jwk->kty, "RSA") == 0)
        return rsa_from_jwk(jwk, out, err);
    if (jwk->kty != NULL && strcmp(jwk->kty, "EC") == 0)
        return ec_from_jwk(jwk, out, err);
    return error_set(
        err, ERROR_CONFIG, "the JSON Web Key has the unknown type \"%s\"", jwk->kty == NULL ? "" : jwk->kty);
}
