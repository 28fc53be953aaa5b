/* JSON Web Signatures: the examples of RFC 7515 and RFC 7638, to the byte. */
#include "crypto/jwk_examples.h"
#include "crypto/jws.h"
#include "crypto/openssl.h"

/* RFC 7515 appendix A.2 */
static const char a2_payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
static const char a2_payload64[] =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char a2_signature64[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
    "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQB"
    "MHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeY"
    "I2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

TEST(jwk_thumbprint_rfc7638)
{
    static const struct jwk_example example = {
        /* RFC 7638 section 3.1 */
        "RSA",
        NULL,
        {
            { "n", "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
                   "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
                   "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
                   "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" },
            { "e", "AQAB" },
        },
    };
    AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
    AUTO(buf_clear) struct buf json = BUF(4096), thumbprint = BUF(64), small = BUF(8);
    struct error err = { 0 };

    jwk_build(&example, NULL, &jwk);
    REQUIRE(jwk_public_json(&jwk, &json, &err) && jwk_thumbprint(&jwk, &thumbprint, &err), "%s", err.why);
    CHECK(text_starts(buf_text(&json), "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7"), "%s", buf_text(&json));
    CHECK_TEXT(buf_text(&thumbprint), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638");
    CHECK(!jwk_thumbprint(&jwk, &small, &err) && strstr(err.why, "8 bytes") != NULL, "%s", err.why);
    buf_clear(&jwk.members[0].value);
    jwk.members[0].name = "other";
    CHECK(!jwk_public_json(&jwk, &json, &err) && strstr(err.why, "\"n\"") != NULL, "%s", err.why);
}

TEST(jwk_public_json_has_nothing_private)
{
    AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
    AUTO(buf_clear) struct buf json = BUF(4096);
    struct error err = { 0 };

    jwk_build(&jwk_ec, NULL, &jwk);
    REQUIRE(jwk_public_json(&jwk, &json, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&json),
        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        "EC");
}

TEST(jws_sign_rfc7515_rs256)
{
    AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf header = BUF(4096), payload = BUF(4096), signature = BUF(4096), small = BUF(8);
    struct signer signer;
    struct error err = { 0 };

    jwk_build(&jwk_rsa, NULL, &jwk);
    REQUIRE(key_from_jwk(&jwk, &key, &err) && signer_open(key, &signer, &err), "%s", err.why);
    CHECK_TEXT(signer.alg, "RS256", "alg");
    CHECK_INT((int64_t)signer.jwk->count, 2, "only the public members");
    REQUIRE(jws_sign(&signer, view_of("{\"alg\":\"RS256\"}"), view_of(a2_payload), &header, &payload, &signature, &err),
        "%s", err.why);
    CHECK_TEXT(buf_text(&header), "eyJhbGciOiJSUzI1NiJ9", "header");
    CHECK_TEXT(buf_text(&payload), a2_payload64, "payload");
    CHECK_TEXT(buf_text(&signature), a2_signature64, "signature");
    CHECK(!jws_sign(&signer, view_of("{}"), view_of(""), &header, &payload, &small, &err));
    CHECK(strstr(err.why, "does not fit") != NULL, "%s", err.why);
    signer_close(&signer);
}

static bool verify_raw(const struct key *key, const char *digest, struct view input, struct view raw)
{
    AUTO(buf_clear) struct buf der = BUF(4096);
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = ECDSA_SIG_new();
    const unsigned char *at = view_bytes(raw);
    unsigned char *encoded = NULL;
    struct error err = { 0 };
    int half = (int)raw.len / 2, len;
    bool ok;

    REQUIRE(key_public_der(key, &der, &err), "%s", err.why);
    REQUIRE(ECDSA_SIG_set0(sig, BN_bin2bn(at, half, NULL), BN_bin2bn(at + half, half, NULL)) == 1);
    len = i2d_ECDSA_SIG(sig, &encoded);
    at = view_bytes(buf_view(&der));
    pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    REQUIRE(EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) == 1);
    ok = EVP_DigestVerify(ctx, encoded, (size_t)len, view_bytes(input), input.len) == 1;
    OPENSSL_free(encoded);
    return ok;
}

TEST(jws_sign_ecdsa)
{
    static const struct {
        const char *curve, *alg, *digest;
        size_t raw_len;
    } cases[] = {
        { "secp256r1", "ES256", "SHA256", 64 },
        { "secp384r1", "ES384", "SHA384", 96 },
        { "secp521r1", "ES512", "SHA512", 132 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(key_free) struct key *key = NULL;
        struct signer signer;
        struct error err = { 0 };

        REQUIRE(key_generate((struct key_params){ KEY_EC, 0, cases[i].curve }, &key, &err), "%s", err.why);
        REQUIRE(signer_open(key, &signer, &err), "%s", err.why);
        CHECK_TEXT(signer.alg, cases[i].alg, cases[i].curve);
        for (int n = 0; n < 40; n++) { /* often enough to meet an r or s with a leading zero byte */
            AUTO(buf_clear)
            struct buf header = BUF(256), payload = BUF(256), signature = BUF(256), raw = BUF(256);
            AUTO(buf_clear) struct buf input = BUF(512);

            REQUIRE(jws_sign(&signer, view_of("{}"), view_of(""), &header, &payload, &signature, &err), "%s", err.why);
            CHECK(payload.len == 0, "POST-as-GET");
            REQUIRE(buf_put_unbase64url(&raw, buf_view(&signature)), "%s", buf_text(&signature));
            CHECK_INT((int64_t)raw.len, (int64_t)cases[i].raw_len, cases[i].curve);
            buf_putf(&input, "%s.", buf_text(&header));
            CHECK(verify_raw(key, cases[i].digest, buf_view(&input), buf_view(&raw)), "%s", cases[i].curve);
        }
        signer_close(&signer);
    }
}

TEST(verify_raw_rfc7515_es256) /* that the check above can tell right from wrong */
{
    static const char input[] =
        "eyJhbGciOiJFUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    AUTO(jwk_clear) struct jwk jwk = { .kty = NULL };
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf raw = BUF(128);
    struct error err = { 0 };

    jwk_build(&jwk_ec, NULL, &jwk);
    REQUIRE(key_from_jwk(&jwk, &key, &err), "%s", err.why);
    REQUIRE(buf_put_unbase64url(&raw, view_of("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf"
                                              "KTUJqPP3-Kg6NU1Q")));
    CHECK(verify_raw(key, "SHA256", view_of(input), buf_view(&raw)));
    CHECK(!verify_raw(key, "SHA256", view_of("x"), buf_view(&raw)));
    ERR_clear_error();
}

TEST(jws_hmac)
{
    static const char input[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const char key64[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    static const struct {
        const char *alg;
        size_t len;
        const char *mac64, *why;
    } cases[] = {
        { "HS1", 0, NULL, "HS1 is not an HMAC algorithm" },
        { "none", 0, NULL, "none is not an HMAC algorithm" },
        { "HS256", 32, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", NULL }, /* RFC 7515 appendix A.1 */
        { "HS384", 48, NULL, NULL },
        { "HS512", 64, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf key = BUF_SECRET(256), mac = BUF(128), mac64 = BUF(128);
        struct error err = { 0 };
        bool ok;

        REQUIRE(buf_put_unbase64url(&key, view_of(key64)));
        ok = jws_hmac(cases[i].alg, buf_view(&key), view_of(input), &mac, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].alg, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].alg, err.why);
        CHECK_INT((int64_t)mac.len, (int64_t)cases[i].len, cases[i].alg);
        buf_put_base64url(&mac64, buf_view(&mac));
        if (cases[i].mac64 != NULL)
            CHECK_TEXT(buf_text(&mac64), cases[i].mac64, cases[i].alg);
        CHECK(!jws_hmac("HS256", view_of(""), view_of(input), &mac, &err) && strstr(err.why, "empty"), "%s", err.why);
    }
}

TEST(jws_sign_bounds)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf a = BUF(JWS_MAX), b = BUF(JWS_MAX), c = BUF(JWS_MAX);
    AUTO(free) char *large = xcalloc(JWS_MAX, 1);
    struct signer signer;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ KEY_EC, 0, "secp256r1" }, &key, &err), "%s", err.why);
    REQUIRE(signer_open(key, &signer, &err), "%s", err.why);
    CHECK(!jws_sign(&signer, view_of("{}"), (struct view){ large, JWS_MAX }, &a, &b, &c, &err));
    CHECK(strstr(err.why, "larger than") != NULL && a.len == 0, "%s", err.why);
    signer_close(&signer);
}

TEST_MAIN()
