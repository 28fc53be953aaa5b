/* Whether a key belongs to a certificate, for every form of key file. */
#include <openssl/encoder.h>

#include "crypto/cert.h"
#include "crypto/fixture.h"

static void put_pem(EVP_PKEY *pkey, const char *structure, struct buf *pem)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(pkey, EVP_PKEY_KEYPAIR, "PEM", structure, NULL);
    unsigned char *text = NULL;
    size_t len = 0;

    REQUIRE(OSSL_ENCODER_to_data(ctx, &text, &len) == 1, "%s", structure);
    OSSL_ENCODER_CTX_free(ctx);
    buf_put(pem, (struct view){ (char *)text, len });
    OPENSSL_free(text);
}

static struct cert *cert_for(EVP_PKEY *pkey)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    struct cert *cert = NULL;
    struct error err = { 0 };

    fixture_der(&(struct fixture){ .key = pkey, .subject = "a.example" }, &der);
    REQUIRE(cert_from_der(buf_view(&der), "x", &cert, &err), "%s", err.why);
    return cert;
}

TEST(cert_check_key_pem_forms)
{
    static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "secp256k1" };
    static const char *const forms[] = { "PrivateKeyInfo", "type-specific" };

    for (size_t k = 0; k < COUNT(kinds); k++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key(kinds[k]), *other = fixture_key("P-256");
        AUTO(cert_free) struct cert *cert = cert_for(pkey), *other_cert = cert_for(other);

        for (size_t f = 0; f < COUNT(forms); f++) {
            AUTO(buf_clear) struct buf pem = BUF_SECRET(1 << 16);
            AUTO(key_free) struct key *key = NULL;
            struct error err = { 0 };

            put_pem(pkey, forms[f], &pem);
            CHECK(cert_check_key_pem(cert, buf_view(&pem), "my.key", &err), "%s %s: %s", kinds[k], forms[f], err.why);
            REQUIRE(key_from_pem(buf_view(&pem), "my.key", &key, &err), "%s", err.why);
            CHECK(cert_matches_key(cert, key), "%s", kinds[k]);
            CHECK(!cert_matches_key(other_cert, key), "%s", kinds[k]);
            CHECK(!cert_check_key_pem(other_cert, buf_view(&pem), "my.key", &err), "%s", kinds[k]);
            CHECK(err.kind == ERROR_STORE && strstr(err.why, "does not belong") && strstr(err.what, "my.key"), "%s: %s",
                kinds[k], err.why);
            CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", kinds[k]);
        }
    }
}

/* SEC 1 and PKCS#8 may leave the public half out; then it is computed. */
TEST(cert_check_key_pem_without_public_half)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256"), *other = fixture_key("P-256");
    AUTO(cert_free) struct cert *cert = cert_for(pkey), *other_cert = cert_for(other);
    AUTO(buf_clear) struct buf pem = BUF_SECRET(1 << 16), der = BUF_SECRET(1 << 16);
    struct public_part part;
    struct error err = { 0 };
    enum private_form form;

    REQUIRE(EVP_PKEY_set_int_param(pkey, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 0) == 1);
    put_pem(pkey, "PrivateKeyInfo", &pem);
    REQUIRE(key_pem_find(buf_view(&pem), &der, &form, &err) &&
                public_part_of_private(buf_view(&der), form, &part, &err) && !part.known,
        "%s", err.why);
    CHECK(cert_check_key_pem(cert, buf_view(&pem), "f", &err), "%s", err.why);
    CHECK(!cert_check_key_pem(other_cert, buf_view(&pem), "f", &err) && err.kind == ERROR_STORE, "%s", err.why);
}

TEST(cert_with_compressed_point)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(buf_clear) struct buf pem = BUF_SECRET(1 << 16);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    put_pem(pkey, "PrivateKeyInfo", &pem);
    REQUIRE(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed") == 1);
    cert = cert_for(pkey);
    CHECK(cert_check_key_pem(cert, buf_view(&pem), "f", &err), "%s", err.why);
    REQUIRE(key_from_pem(buf_view(&pem), "f", &key, &err), "%s", err.why);
    CHECK(cert_matches_key(cert, key));
}

TEST(cert_check_key_pem_broken)
{
    static const struct {
        const char *name, *pem, *why;
    } cases[] = {
        { "nothing", "", "no private key" },
        { "encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "is protected by a passphrase" },
        { "not DER", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key" },
        { "not base64", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n", "not valid base64" },
    };
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    AUTO(cert_free) struct cert *cert = cert_for(pkey);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        CHECK(!cert_check_key_pem(cert, view_of(cases[i].pem), "my.key", &err), "%s", cases[i].name);
        CHECK(err.kind == ERROR_CONFIG && strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(strstr(err.what, "my.key") != NULL, "%s: %s", cases[i].name, err.what);
    }
}

TEST_MAIN()
