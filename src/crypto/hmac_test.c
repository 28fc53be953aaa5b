/* Keyed digests, by the examples of RFC 2202 (MD5, SHA-1) and RFC 4231 (SHA-2). */
#include "crypto/hmac.h"

#include "base/test.h"
#include "base/text.h"
#include "crypto/openssl.h"

static const struct {
    const char *name;
    enum digest digest;
    const char *key, *data, *hmac;
} cases[] = {
    { "RFC 2202 2", DIGEST_MD5, "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738" },
    { "RFC 2202 2", DIGEST_SHA1, "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
    { "RFC 4231 4.3", DIGEST_SHA224, "Jefe", "what do ya want for nothing?",
        "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44" },
    { "RFC 4231 4.3", DIGEST_SHA256, "Jefe", "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "RFC 4231 4.3", DIGEST_SHA384, "Jefe", "what do ya want for nothing?",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
    { "RFC 4231 4.3", DIGEST_SHA512, "Jefe", "what do ya want for nothing?",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
        "caeab1a34d4a6b4b636e070a38bce737" },
    { "RFC 4231 4.2, key of 20 bytes", DIGEST_SHA256,
        "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "nothing, with no key", DIGEST_SHA256, "", "",
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
};

TEST(hmacs)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf value = BUF(DIGEST_MAX), hex = BUF(256);
        struct error err = { 0 };

        REQUIRE(hmac_of(cases[i].digest, view_of(cases[i].key), view_of(cases[i].data), &value, &err), "%s: %s",
            cases[i].name, err.why);
        CHECK_INT((int64_t)value.len, (int64_t)digest_size(cases[i].digest), cases[i].name);
        buf_put_hex(&hex, buf_view(&value));
        CHECK_TEXT(buf_text(&hex), cases[i].hmac, cases[i].name);
    }
}

TEST(plain_digests)
{
    static const struct { /* RFC 1321 appendix A.5, FIPS 180-4 */
        enum digest digest;
        const char *of_abc;
    } plain[] = {
        { DIGEST_MD5, "900150983cd24fb0d6963f7d28e17f72" },
        { DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { DIGEST_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
        { DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    };

    for (size_t i = 0; i < COUNT(plain); i++) {
        AUTO(buf_clear) struct buf value = BUF(DIGEST_MAX), hex = BUF(256), small = BUF(8);
        struct error err = { 0 };

        REQUIRE(digest_of(plain[i].digest, view_of("abc"), &value, &err), "%s", err.why);
        buf_put_hex(&hex, buf_view(&value));
        CHECK_TEXT(buf_text(&hex), plain[i].of_abc, digest_name(plain[i].digest));
        CHECK(!digest_of(plain[i].digest, view_of("abc"), &small, &err) && strstr(err.why, "fit"), "%s", err.why);
    }
}

TEST(names)
{
    enum digest found;

    for (unsigned i = 0; i < DIGEST_COUNT; i++) {
        REQUIRE(digest_find(view_of(digest_name((enum digest)i)), &found), "%s", digest_name((enum digest)i));
        CHECK_INT(found, i, digest_name((enum digest)i));
    }
    CHECK(digest_find(view_of("sha384"), &found) && found == DIGEST_SHA384);
    CHECK(!digest_find(view_of("SHA"), &found) && !digest_find(view_of("SHA2567"), &found));
    CHECK(!digest_find(view_of(""), &found));
}

TEST(comparison)
{
    CHECK(hmac_equal(view_of("abc"), view_of("abc")) && hmac_equal(view_of(""), (struct view){ NULL, 0 }));
    CHECK(!hmac_equal(view_of("abc"), view_of("abd")) && !hmac_equal(view_of("abc"), view_of("ab")));
}

/* Where FIPS is asked for, and no provider of it is there that could have MD5. */
TEST(fips)
{
    AUTO(buf_clear) struct buf value = BUF(DIGEST_MAX);
    struct error err = { 0 };

    REQUIRE(EVP_default_properties_enable_fips(NULL, 1) == 1);
    CHECK(!hmac_of(DIGEST_MD5, view_of("Jefe"), view_of("x"), &value, &err));
    CHECK_INT(err.kind, ERROR_CONFIG, err.why);
    CHECK(strstr(err.why, "does not allow HMAC-MD5") && strstr(err.next, "FIPS mode"), "%s %s", err.why, err.next);
    CHECK(!digest_of(DIGEST_MD5, view_of("x"), &value, &err) && strstr(err.why, "allow MD5"), "%s", err.why);
    REQUIRE(EVP_default_properties_enable_fips(NULL, 0) == 1);
}

TEST_MAIN()
