/* Making keys: what may be asked for, and what comes of it. */
#include <pthread.h>

#include "crypto/fixture.h"

static const struct {
    const char *name;
    struct key_params params;
    const char *why;
} params[] = {
    { "RSA 1024", { KEY_RSA, 1024, NULL }, "Unsupported RSA key length: 1024" },
    { "RSA 2047", { KEY_RSA, 2047, NULL }, "Unsupported RSA key length: 2047" },
    { "RSA 8193", { KEY_RSA, 8193, NULL }, "Unsupported RSA key length: 8193" },
    { "RSA 0", { KEY_RSA, 0, "secp256r1" }, "Unsupported RSA key length: 0" },
    { "no curve", { KEY_EC, 256, NULL }, "Unsupported elliptic curve" },
    { "another word for it", { KEY_EC, 0, "P-256" }, "Unsupported elliptic curve: P-256" },
    { "another curve", { KEY_EC, 0, "secp256k1" }, "Unsupported elliptic curve: secp256k1" },
    { "RSA 2048", { KEY_RSA, 2048, NULL }, NULL },
    { "RSA 8192", { KEY_RSA, 8192, NULL }, NULL },
    { "secp256r1", { KEY_EC, 0, "secp256r1" }, NULL },
    { "secp384r1", { KEY_EC, 0, "secp384r1" }, NULL },
    { "secp521r1", { KEY_EC, 2048, "secp521r1" }, NULL },
};

TEST(key_params_check)
{
    for (size_t i = 0; i < COUNT(params); i++) {
        struct error err = { 0 };
        struct key *key = NULL;
        bool ok = key_params_check(params[i].params, &err);

        CHECK(ok == (params[i].why == NULL), "%s: %s", params[i].name, err.why);
        if (ok)
            continue;
        CHECK_TEXT(err.next[0] != '\0' ? "hint" : "", "hint", params[i].name);
        CHECK(strstr(err.why, params[i].why) != NULL && err.kind == ERROR_CONFIG, "%s: %s", params[i].name, err.why);
        CHECK(!key_generate(params[i].params, &key, &err) && key == NULL, "%s", params[i].name);
        CHECK(strstr(err.why, params[i].why) != NULL, "%s: %s", params[i].name, err.why);
    }
}

TEST(key_generate)
{
    static const struct {
        struct key_params params;
        unsigned bits;
    } made[] = {
        { { KEY_RSA, 2048, NULL }, 2048 },
        { { KEY_EC, 0, "secp256r1" }, 256 },
        { { KEY_EC, 0, "secp384r1" }, 384 },
        { { KEY_EC, 0, "secp521r1" }, 521 },
    };

    for (size_t i = 0; i < COUNT(made); i++) {
        AUTO(key_free) struct key *key = NULL, *other = NULL;
        struct error err = { 0 };

        REQUIRE(key_generate(made[i].params, &key, &err), "%zu: %s", i, err.why);
        CHECK(key_get_type(key) == made[i].params.type && key_bits(key) == made[i].bits, "%zu", i);
        CHECK_TEXT(key_curve(key), made[i].params.curve, "curve");
        CHECK(key_equal(key, key));
        REQUIRE(key_generate(made[1].params, &other, &err), "%s", err.why);
        CHECK(!key_equal(key, other) && !key_equal(other, key), "%zu", i);
        CHECK(ERR_peek_error() == 0, "%zu: OpenSSL's queue is not empty", i);
    }
}

static void *generate_many(void *result)
{
    bool *ok = result;

    *ok = true;
    for (int i = 0; i < 20; i++) {
        AUTO(key_free) struct key *key = NULL;
        AUTO(buf_clear) struct buf pem = BUF_SECRET(4096);
        struct error err = { 0 };

        *ok = *ok && key_generate((struct key_params){ KEY_EC, 0, "secp256r1" }, &key, &err) &&
              key_to_pem(key, &pem, &err);
    }
    return NULL;
}

TEST(key_generate_in_threads)
{
    pthread_t threads[4];
    bool ok[COUNT(threads)];

    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, generate_many, &ok[i]) == 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(ok[i], "thread %zu", i);
    }
}

TEST_MAIN()
