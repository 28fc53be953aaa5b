/* Tests signatures by RSA: OpenSSL's own calls verify them with the parameters that the other side uses. */
#include "crypto/fixture.h"
#include "crypto/sign.h"

static bool verifies(struct key *key, const char *digest, bool pss, struct view text, struct view signature)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;

    REQUIRE(EVP_DigestVerifyInit_ex(ctx, &key_ctx, digest, NULL, NULL, key->pkey, NULL) == 1, "%s", digest);
    if (pss)
        REQUIRE(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST) == 1,
            "PSS");
    return EVP_DigestVerify(ctx, view_bytes(signature), signature.len, view_bytes(text), text.len) == 1;
}

TEST(signatures_are_what_others_verify)
{
    static const struct {
        const char *name;
        enum digest digest;
        enum sign_padding padding;
    } cases[] = {
        { "SHA256", DIGEST_SHA256, SIGN_PKCS1 },
        { "SHA512", DIGEST_SHA512, SIGN_PKCS1 },
        { "SHA256", DIGEST_SHA256, SIGN_PSS },
    };
    AUTO(key_free) struct key *key = NULL;
    struct view text = view_of("a text");
    struct error err = { 0 };

    REQUIRE(key_wrap(fixture_key("RSA"), "RSA", &key, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf signature = BUF(SIGN_MAX);
        bool pss = cases[i].padding == SIGN_PSS;

        CHECK(sign_rsa(key, cases[i].digest, cases[i].padding, text, &signature, &err), "%s", err.why);
        CHECK(verifies(key, cases[i].name, pss, text, buf_view(&signature)), "%s, PSS %d", cases[i].name, pss);
        CHECK(!verifies(key, cases[i].name, pss, view_of("another"), buf_view(&signature)), "another text");
        CHECK(!verifies(key, cases[i].name, !pss, text, buf_view(&signature)), "the other padding");
    }
}

TEST(a_key_of_another_kind_is_refused)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf signature = BUF(SIGN_MAX);
    struct error err = { 0 };

    REQUIRE(key_wrap(fixture_key("P-256"), "EC", &key, &err), "%s", err.why);
    CHECK(!sign_rsa(key, DIGEST_SHA256, SIGN_PKCS1, view_of(""), &signature, &err) && err.kind == ERROR_CONFIG, " ");
    CHECK_INT((int64_t)signature.len, 0, "nothing was appended");
}

TEST_MAIN()
