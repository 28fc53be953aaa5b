#include "acme/signed.h"

#include "acme/script.h"

#define HEADER_REST "ImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL25ldy1hY2N0In0"
#define JWK64                                                                                                          \
    "eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6IkFRQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEiLC"           \
    "J5IjoiQWdB"                                                                                                       \
    "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQSJ9"

static const struct { /* computed by an independent implementation of HMAC, for the key "secret key" */
    const char *alg, *header64, *mac64; /* mac64 NULL: refused */
} bindings[] = {
    { "none", NULL, NULL },
    { "RS256", NULL, NULL },
    { "", NULL, NULL },
    { "HS256", "eyJhbGciOiJIUzI1NiIs" HEADER_REST, "mtVnpM7sBPSObfyqZUClXkw3nyhG9kcnHseP12hixaA" },
    { "HS384", "eyJhbGciOiJIUzM4NCIs" HEADER_REST, "ii1FhP9YmhOUDv8nViqST-InqHy8cLwmVzdZRW4LOKKZf-CoHmhGscBHkicJrwm7" },
    { "HS512", "eyJhbGciOiJIUzUxMiIs" HEADER_REST,
        "lneZpncZKkwFRTAK9BHAtFexwYgR9QnxXYPFBCv2hpaFBIO8awCyqBiR9OcnP-GldPIqvkJNTMuhtAeBxhDdqw" },
};

TEST(signed_binding)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(bindings); i++) {
        struct external_account external = { "kid-1", bindings[i].alg, view_of("secret key") };
        AUTO(buf_clear) struct buf body = BUF(65536);
        AUTO(free) char *want = NULL;
        struct error err = { 0 };
        bool ok = signed_binding(&external, signer.jwk, CA "/new-acct", &body, &err);

        CHECK(ok == (bindings[i].mac64 != NULL), "%s: %s", bindings[i].alg, err.why);
        if (!ok) {
            CHECK_INT(err.kind, ERROR_CONFIG, bindings[i].alg);
            CHECK_INT((int64_t)body.len, 0, bindings[i].alg);
            continue;
        }
        want = xprintf("{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", bindings[i].header64, JWK64,
            bindings[i].mac64);
        CHECK_TEXT(buf_text(&body), want, bindings[i].alg);
    }
}

TEST(a_binding_that_is_too_long)
{
    struct signer signer = script_signer();
    AUTO(buf_clear) struct buf kid = BUF(100000);
    AUTO(buf_clear) struct buf body = BUF(1 << 20);
    struct external_account external = { NULL, "HS256", view_of("secret key") };
    struct error err = { 0 };

    for (int i = 0; i < 20000; i++)
        buf_put_char(&kid, 'k');
    external.kid = buf_text(&kid);
    CHECK(!signed_binding(&external, signer.jwk, CA "/new-acct", &body, &err), "made");
    CHECK(strstr(err.why, "too long") != NULL, "%s", err.why);
}

static bool failing_sign(void *self, struct view input, struct buf *signature, struct error *err)
{
    (void)self, (void)input, (void)signature;
    return error_set(err, ERROR_STORE, "the token was pulled out");
}

TEST(a_signer_that_fails)
{
    struct signer signer = script_signer();
    AUTO(buf_clear) struct buf body = BUF(65536);
    struct error err = { 0 };

    signer.sign = failing_sign;
    CHECK(!signed_body((struct identity){ &signer, KID }, "n", CA "/x", view_of("{}"), &body, &err), "signed");
    CHECK(strstr(err.why, "pulled out") != NULL, "%s", err.why);
    CHECK_INT((int64_t)body.len, 0, "body");
}

/* One request with a real key, so that signer and JSON are seen to fit together. */
TEST(a_real_signer)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(buf_clear) struct buf body = BUF(65536);
    AUTO(buf_clear) struct buf signature = BUF(1024);
    AUTO(buf_clear) struct buf header = BUF(1024);
    struct signer signer = { 0 };
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp384r1" }, &key, &err), "%s", err.why);
    REQUIRE(signer_open(key, &signer, &err), "%s", err.why);
    CHECK(signed_body((struct identity){ &signer, NULL }, "n", CA "/x", view_of(""), &body, &err), "%s", err.why);
    signer_close(&signer);
    REQUIRE(doc_read(buf_view(&body), "body", &doc, &err), "%s", err.why);
    CHECK_TEXT(node_text(node_member(doc_root(doc), "payload")), "", "POST-as-GET");
    CHECK(buf_put_unbase64url(&signature, view_of(node_text(node_member(doc_root(doc), "signature")))), "base64url");
    CHECK_INT((int64_t)signature.len, 96, "r and s, not DER (RFC 7518 section 3.4)");
    CHECK(buf_put_unbase64url(&header, view_of(node_text(node_member(doc_root(doc), "protected")))), "base64url");
    CHECK(strncmp(buf_text(&header), "{\"alg\":\"ES384\",\"jwk\":{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"", 48) == 0,
        "%s", buf_text(&header));
    CHECK(strstr(buf_text(&header), "\"d\"") == NULL, "the private key is in the header");
}

TEST_MAIN()
