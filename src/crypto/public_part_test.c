/* The public half of keys: our reader against OpenSSL's encodings. */
#include <openssl/encoder.h>

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/fixture.h"

/* structure: "PrivateKeyInfo" or "type-specific" (PKCS#1, SEC 1). */
static void encode(EVP_PKEY *pkey, int selection, const char *structure, struct buf *der)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(pkey, selection, "DER", structure, NULL);
    unsigned char *encoded = NULL;
    size_t len = 0;

    REQUIRE(OSSL_ENCODER_to_data(ctx, &encoded, &len) == 1, "%s", structure);
    OSSL_ENCODER_CTX_free(ctx);
    buf_put(der, (struct view){ (char *)encoded, len });
    OPENSSL_free(encoded);
}

static const struct {
    const char *kind;
    bool known;
    enum key_type type;
    unsigned bits;
} kinds[] = {
    { "RSA", true, KEY_RSA, 2048 },
    { "P-256", true, KEY_EC, 256 },
    { "P-384", true, KEY_EC, 384 },
    { "P-521", true, KEY_EC, 521 },
    { "secp256k1", false, KEY_EC, 0 },
    { "ED25519", false, KEY_EC, 0 },
};

TEST(public_part_of_all_forms)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        AUTO(buf_clear) struct buf spki = BUF(PEM_MAX_DER), pkcs8 = BUF(PEM_MAX_DER), own = BUF(PEM_MAX_DER);
        AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key(kinds[i].kind);
        struct public_part a, b;
        struct error err = { 0 };
        bool comparable, ed = strcmp(kinds[i].kind, "ED25519") == 0;

        encode(pkey, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", &spki);
        encode(pkey, EVP_PKEY_KEYPAIR, "PrivateKeyInfo", &pkcs8);
        REQUIRE(public_part_of_spki(buf_view(&spki), &a, &err), "%s: %s", kinds[i].kind, err.why);
        CHECK(a.known == kinds[i].known, "%s", kinds[i].kind);
        if (a.known)
            CHECK(a.type == kinds[i].type && a.bits == kinds[i].bits, "%s: %u", kinds[i].kind, a.bits);
        REQUIRE(public_part_of_private(buf_view(&pkcs8), PRIVATE_PKCS8, &b, &err), "%s: %s", kinds[i].kind, err.why);
        CHECK(public_part_equal(&a, &b, &comparable) == kinds[i].known && comparable == kinds[i].known, "%s",
            kinds[i].kind);
        if (ed)
            continue;
        encode(pkey, EVP_PKEY_KEYPAIR, "type-specific", &own);
        REQUIRE(public_part_of_private(buf_view(&own), i == 0 ? PRIVATE_PKCS1 : PRIVATE_SEC1, &b, &err), "%s: %s",
            kinds[i].kind, err.why);
        CHECK(public_part_equal(&a, &b, &comparable) == kinds[i].known, "%s", kinds[i].kind);
    }
}

TEST(public_part_tells_keys_apart)
{
    AUTO(buf_clear) struct buf a = BUF(PEM_MAX_DER), b = BUF(PEM_MAX_DER), c = BUF(PEM_MAX_DER);
    AUTO(EVP_PKEY_free) EVP_PKEY *first = fixture_key("P-256"), *second = fixture_key("P-256");
    AUTO(EVP_PKEY_free) EVP_PKEY *rsa = fixture_key("RSA");
    struct public_part pa, pb, pc;
    struct error err = { 0 };
    bool comparable;

    encode(first, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", &a);
    encode(second, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", &b);
    encode(rsa, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", &c);
    REQUIRE(public_part_of_spki(buf_view(&a), &pa, &err) && public_part_of_spki(buf_view(&b), &pb, &err) &&
                public_part_of_spki(buf_view(&c), &pc, &err),
        "%s", err.why);
    CHECK(!public_part_equal(&pa, &pb, &comparable) && comparable);
    CHECK(!public_part_equal(&pa, &pc, &comparable) && comparable);
    pb = pa;
    pb.point.len = 33; /* compressed: only OpenSSL can tell */
    CHECK(!public_part_equal(&pa, &pb, &comparable) && !comparable);
}

TEST(public_part_of_cut_keys)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("RSA");
    struct public_part part = { .bits = 77 };

    encode(pkey, EVP_PKEY_KEYPAIR, "PrivateKeyInfo", &der);
    for (size_t len = 0; len < der.len; len++) {
        struct error err = { 0 };

        CHECK(!public_part_of_private((struct view){ der.at, len }, PRIVATE_PKCS8, &part, &err), "%zu", len);
        CHECK(err.why[0] != '\0' && part.bits == 77, "%zu", len);
    }
}

TEST(public_part_hostile)
{
    static const struct {
        const char *name, *hex, *why;
    } cases[] = {
        { "bits that are no key", "3014300d06092a864886f70d0101010500030300ffff", "RSA public key" },
        { "modulus 0", "301b300d06092a864886f70d0101010500030a003007020100020203e9", "it is zero" },
        { "no algorithm", "30003000", "too many" },
        { "empty", "", "missing" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(256);
        struct public_part part;
        struct error err = { 0 };

        REQUIRE(buf_put_unhex(&der, view_of(cases[i].hex)));
        CHECK(!public_part_of_spki(buf_view(&der), &part, &err), "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST(private_form_of_label)
{
    enum private_form form = PRIVATE_SEC1;

    CHECK(private_form_of_label(view_of("PRIVATE KEY"), &form) && form == PRIVATE_PKCS8);
    CHECK(private_form_of_label(view_of("RSA PRIVATE KEY"), &form) && form == PRIVATE_PKCS1);
    CHECK(private_form_of_label(view_of("EC PRIVATE KEY"), &form) && form == PRIVATE_SEC1);
    CHECK(!private_form_of_label(view_of("PUBLIC KEY"), &form));
    CHECK(!private_form_of_label(view_of("EC PARAMETERS"), &form));
}

TEST_MAIN()
