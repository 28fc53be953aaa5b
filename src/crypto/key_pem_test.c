/* Key files: every form that users have, and what is no key. */
#include <openssl/pem.h>

#include "base/text.h"
#include "crypto/fixture.h"

enum form { PKCS8, OWN, PKCS8_ENCRYPTED, OWN_ENCRYPTED };

/* A key file as OpenSSL's tools write it. */
static void write_pem(EVP_PKEY *pkey, enum form form, struct buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = form == PKCS8_ENCRYPTED || form == OWN_ENCRYPTED ? EVP_aes_128_cbc() : NULL;
    const unsigned char pass[] = "pw";
    unsigned char *pass_arg = cipher == NULL ? NULL : (unsigned char *)(uintptr_t)pass;
    char *text;
    long len;
    int ok = form == PKCS8 || form == PKCS8_ENCRYPTED
                 ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, (char *)pass_arg, cipher ? 2 : 0, NULL, NULL)
                 : PEM_write_bio_PrivateKey_traditional(bio, pkey, cipher, pass_arg, cipher ? 2 : 0, NULL, NULL);

    REQUIRE(ok == 1);
    len = BIO_get_mem_data(bio, &text);
    buf_put(pem, (struct view){ text, (size_t)len });
    BIO_free(bio);
}

TEST(key_from_pem_forms)
{
    static const struct {
        const char *kind;
        enum form form;
        const char *label, *why;
    } cases[] = {
        { "RSA", PKCS8, "BEGIN PRIVATE KEY", NULL },
        { "RSA", OWN, "BEGIN RSA PRIVATE KEY", NULL },
        { "P-256", PKCS8, "BEGIN PRIVATE KEY", NULL },
        { "P-256", OWN, "BEGIN EC PRIVATE KEY", NULL },
        { "P-521", OWN, "BEGIN EC PRIVATE KEY", NULL },
        { "RSA", PKCS8_ENCRYPTED, "BEGIN ENCRYPTED PRIVATE KEY", "is protected by a passphrase" },
        { "RSA", OWN_ENCRYPTED, "Proc-Type", "is protected by a passphrase" },
        { "P-256", OWN_ENCRYPTED, "Proc-Type", "is protected by a passphrase" },
        { "ED25519", PKCS8, "BEGIN PRIVATE KEY", "neither an RSA nor an EC key" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key(cases[i].kind);
        AUTO(buf_clear) struct buf pem = BUF_SECRET(1 << 16), again = BUF_SECRET(1 << 16);
        AUTO(key_free) struct key *key = NULL, *back = NULL;
        struct error err = { 0 };
        bool ok;

        buf_put_text(&pem, "a comment\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
        write_pem(pkey, cases[i].form, &pem);
        REQUIRE(strstr(buf_text(&pem), cases[i].label) != NULL, "%s", cases[i].label);
        ok = key_from_pem(buf_view(&pem), "my.key", &key, &err);
        CHECK(ok == (cases[i].why == NULL), "%zu: %s", i, err.why);
        CHECK(ok || (strstr(err.why, cases[i].why) != NULL && key == NULL), "%zu: %s", i, err.why);
        CHECK(ok || (strstr(err.what, "my.key") != NULL && err.kind == ERROR_CONFIG), "%zu: %s", i, err.what);
        if (!ok)
            continue;
        CHECK(EVP_PKEY_eq(pkey, key->pkey) == 1, "%zu", i);
        CHECK(ERR_peek_error() == 0, "%zu: OpenSSL's queue is not empty", i);
        REQUIRE(key_to_pem(key, &again, &err), "%s", err.why);
        CHECK(view_starts(buf_view(&again), "-----BEGIN PRIVATE KEY-----\n"), "%s", "PKCS#8");
        REQUIRE(key_from_pem(buf_view(&again), "again", &back, &err), "%s", err.why);
        CHECK(key_equal(key, back), "%zu", i);
    }
}

TEST(key_to_pem_size)
{
    static const struct {
        const char *curve;
        size_t min, max;
    } cases[] = { { "secp256r1", 200, 250 }, { "secp384r1", 280, 320 } }; /* what Certbot's own tests expect */

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(key_free) struct key *key = NULL;
        AUTO(buf_clear) struct buf pem = BUF_SECRET(4096), small = BUF_SECRET(100);
        struct error err = { 0 };

        REQUIRE(key_generate((struct key_params){ KEY_EC, 0, cases[i].curve }, &key, &err), "%s", err.why);
        REQUIRE(key_to_pem(key, &pem, &err), "%s", err.why);
        CHECK(pem.len >= cases[i].min && pem.len <= cases[i].max, "%zu bytes", pem.len);
        CHECK(!key_to_pem(key, &small, &err) && strstr(err.why, "larger than 100") != NULL, "%s", err.why);
    }
}

static const struct {
    const char *name, *pem, *why;
} broken[] = {
    { "nothing", "", "no private key in PEM form found" },
    { "DER", "\x30\x03\x02\x01", "no private key in PEM form found" },
    { "a public key", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "no private key in PEM form" },
    { "no end", "-----BEGIN PRIVATE KEY-----\nMAA=\n", "has no end" },
    { "empty SEQUENCE", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "cannot be decoded" },
    { "SEC 1 that is none", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
        "cannot be decoded" },
    { "PKCS#1 that is none", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
        "cannot be decoded" },
};

TEST(key_from_pem_broken)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct key *key = NULL;
        struct error err = { 0 };

        CHECK(!key_from_pem(view_of(broken[i].pem), "f", &key, &err) && key == NULL, "%s", broken[i].name);
        CHECK(strstr(err.why, broken[i].why) != NULL && err.kind == ERROR_CONFIG, "%s: %s", broken[i].name, err.why);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", broken[i].name);
    }
}

TEST(key_from_pem_with_more_behind_it)
{
    AUTO(buf_clear) struct buf der = BUF_SECRET(1 << 16), pem = BUF_SECRET(1 << 16);
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    struct key *key = NULL;
    struct error err = { 0 };
    enum private_form form;

    write_pem(pkey, OWN, &pem);
    REQUIRE(key_pem_find(buf_view(&pem), &der, &form, &err), "%s", err.why);
    buf_put_text(&der, "xx");
    CHECK(!key_from_private_der(buf_view(&der), form, "f", &key, &err) && key == NULL);
    CHECK(strstr(err.why, "2 bytes too many") != NULL, "%s", err.why);
}

TEST(key_public_pem)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_clear) struct buf pem = BUF(4096), der = BUF(4096), inner = BUF(4096);
    struct error err = { 0 };
    struct view rest;
    struct pem_block block;

    REQUIRE(key_generate((struct key_params){ KEY_EC, 0, "secp256r1" }, &key, &err), "%s", err.why);
    REQUIRE(key_public_pem(key, &pem, &err) && key_public_der(key, &der, &err), "%s", err.why);
    CHECK_INT((int64_t)der.len, 91, "P-256 SubjectPublicKeyInfo");
    rest = buf_view(&pem);
    CHECK(pem_find(&rest, "PUBLIC KEY", NULL, &block, &err) && pem_decode(&block, &inner, &err), "%s", err.why);
    CHECK(view_equal(buf_view(&inner), buf_view(&der)));
    CHECK(text_ends(buf_text(&pem), "-----END PUBLIC KEY-----\n"));
}

TEST_MAIN()
