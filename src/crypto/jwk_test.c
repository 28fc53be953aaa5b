/* Keys as JSON Web Keys: what is complete, what can be completed, and what does not belong together. */
#include "crypto/jwk_examples.h"
#include "crypto/openssl.h"

static bool same_member(const struct jwk *a, const struct jwk *b, size_t i)
{
    return strcmp(a->members[i].name, b->members[i].name) == 0 &&
           view_equal(buf_view(&a->members[i].value), buf_view(&b->members[i].value));
}

TEST(jwk_examples_round)
{
    static const struct jwk_example *const examples[] = { &jwk_rsa, &jwk_ec };

    for (size_t i = 0; i < COUNT(examples); i++) {
        AUTO(jwk_clear) struct jwk jwk = { .kty = NULL }, back = { .kty = NULL };
        AUTO(key_free) struct key *key = NULL;
        struct error err = { 0 };

        jwk_build(examples[i], NULL, &jwk);
        REQUIRE(key_from_jwk(&jwk, &key, &err), "%s: %s", jwk.kty, err.why);
        REQUIRE(key_to_jwk(key, &back, &err), "%s: %s", jwk.kty, err.why);
        CHECK_TEXT(back.kty, jwk.kty, jwk.kty);
        CHECK_TEXT(back.crv, jwk.crv, jwk.kty);
        REQUIRE(back.count == jwk.count, "%s: %zu members", jwk.kty, back.count);
        for (size_t m = 0; m < jwk.count; m++) {
            CHECK(same_member(&jwk, &back, m), "%s: %s", jwk.kty, jwk.members[m].name);
            CHECK(back.members[m].value.secret, "%s: %s is not wiped", jwk.kty, jwk.members[m].name);
        }
        CHECK(ERR_peek_error() == 0, "OpenSSL's queue is not empty");
    }
}

TEST(jwk_of_generated_keys)
{
    static const struct {
        const char *curve, *crv;
        size_t width;
    } cases[] = { { "secp256r1", "P-256", 32 }, { "secp384r1", "P-384", 48 }, { "secp521r1", "P-521", 66 } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int n = 0; n < 20; n++) { /* coordinates with a leading zero are written in full width */
            AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
            AUTO(key_free) struct key *key = NULL, *back = NULL;
            struct error err = { 0 };

            REQUIRE(key_generate((struct key_params){ KEY_EC, 0, cases[i].curve }, &key, &err), "%s", err.why);
            REQUIRE(key_to_jwk(key, &jwk, &err), "%s", err.why);
            CHECK_TEXT(jwk.crv, cases[i].crv, cases[i].curve);
            for (size_t m = 0; m < jwk.count; m++)
                CHECK_INT((int64_t)jwk.members[m].value.len, (int64_t)cases[i].width, jwk.members[m].name);
            REQUIRE(key_from_jwk(&jwk, &back, &err), "%s", err.why);
            CHECK(key_equal(key, back), "%s", cases[i].curve);
        }
    }
}

static const struct {
    const char *name;
    const struct jwk_example *example;
    const char *without[6];
    const char *why;
} missing[] = {
    { "no n", &jwk_rsa, { "n" }, "does not have \"n\"" },
    { "no d", &jwk_rsa, { "d" }, "does not have \"d\"" },
    { "no primes", &jwk_rsa, { "p", "q", "dp", "dq", "qi" }, "does not have \"p\"" },
    { "no q", &jwk_rsa, { "q" }, "does not have \"q\"" },
    { "no x", &jwk_ec, { "x" }, "does not have \"x\"" },
    { "no y", &jwk_ec, { "y" }, "does not have \"y\"" },
    { "no private number", &jwk_ec, { "d" }, "does not have \"d\"" },
    { "no dp", &jwk_rsa, { "dp" }, NULL },
    { "nothing for the Chinese remainders", &jwk_rsa, { "dp", "dq", "qi" }, NULL },
};

TEST(jwk_missing_members)
{
    for (size_t i = 0; i < COUNT(missing); i++) {
        AUTO(jwk_clear) struct jwk jwk = { .kty = NULL }, whole = { .kty = NULL }, back = { .kty = NULL };
        AUTO(key_free) struct key *key = NULL;
        struct error err = { 0 };
        bool ok;

        jwk_build(missing[i].example, missing[i].without, &jwk);
        ok = key_from_jwk(&jwk, &key, &err);
        CHECK(ok == (missing[i].why == NULL), "%s: %s", missing[i].name, err.why);
        CHECK(ok || (strstr(err.why, missing[i].why) && key == NULL && err.kind == ERROR_CONFIG), "%s: %s",
            missing[i].name, err.why);
        if (!ok)
            continue;
        jwk_build(missing[i].example, NULL, &whole);
        REQUIRE(key_to_jwk(key, &back, &err), "%s: %s", missing[i].name, err.why);
        for (size_t m = 0; m < whole.count; m++)
            CHECK(same_member(&whole, &back, m), "%s: %s", missing[i].name, whole.members[m].name);
    }
}

/* Every member, with its lowest bit turned, no longer fits the others. */
TEST(jwk_inconsistent_members)
{
    static const struct jwk_example *const examples[] = { &jwk_rsa, &jwk_ec };

    for (size_t i = 0; i < COUNT(examples); i++) {
        for (size_t m = 0; m < COUNT(examples[i]->members) && examples[i]->members[m][0] != NULL; m++) {
            AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
            struct key *key = NULL;
            struct error err = { 0 };

            jwk_build(examples[i], NULL, &jwk);
            jwk.members[m].value.at[jwk.members[m].value.len - 1] ^= 1;
            CHECK(!key_from_jwk(&jwk, &key, &err) && key == NULL, "%s %s", jwk.kty, jwk.members[m].name);
            CHECK(strstr(err.why, "belong together") != NULL || strstr(err.why, "not a valid key") != NULL, "%s %s: %s",
                jwk.kty, jwk.members[m].name, err.why);
            CHECK(err.kind == ERROR_CONFIG && ERR_peek_error() == 0, "%s %s", jwk.kty, jwk.members[m].name);
        }
    }
}

TEST(jwk_odd_shapes)
{
    static const struct {
        const char *name, *kty, *crv, *member;
        size_t len;
        char byte;
        const char *why;
    } cases[] = {
        { "unknown type", "OKP", NULL, NULL, 0, 0, "unknown type \"OKP\"" },
        { "no type", NULL, NULL, NULL, 0, 0, "unknown type \"\"" },
        { "unknown curve", "EC", "P-192", NULL, 0, 0, "unknown curve \"P-192\"" },
        { "no curve", "EC", NULL, NULL, 0, 0, "unknown curve \"\"" },
        { "x too short", "EC", "P-256", "x", 31, 1, "has 31 bytes, not 32" },
        { "x too long", "EC", "P-256", "x", 33, 1, "has 33 bytes, not 32" },
        { "d is zero", "EC", "P-256", "d", 32, 0, "is zero" },
        { "d beyond the order", "EC", "P-256", "d", 32, (char)0xff, "JSON Web Key" },
        { "d too large", "EC", "P-256", "d", 3000, 1, "too large" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
        struct key *key = NULL;
        struct error err = { 0 };

        jwk_build(&jwk_ec, NULL, &jwk);
        jwk.kty = cases[i].kty;
        jwk.crv = cases[i].crv;
        for (size_t m = 0; m < jwk.count; m++) {
            if (cases[i].member == NULL || strcmp(jwk.members[m].name, cases[i].member) != 0)
                continue;
            buf_clear(&jwk.members[m].value);
            jwk.members[m].value.max = 4096;
            for (size_t n = 0; n < cases[i].len; n++)
                buf_put_char(&jwk.members[m].value, cases[i].byte);
        }
        CHECK(!key_from_jwk(&jwk, &key, &err) && key == NULL, "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL && err.kind == ERROR_CONFIG, "%s: %s", cases[i].name, err.why);
    }
}

TEST_MAIN()
