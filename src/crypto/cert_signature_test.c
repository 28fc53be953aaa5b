/* Signatures: every algorithm that CAs use, and signatures that do not fit. */
#include <pthread.h>

#include "crypto/cert.h"
#include "crypto/fixture.h"

static const struct {
    const char *name, *key, *digest;
    bool pss;
    const char *why;
} algorithms[] = {
    { "RSA SHA-256", "RSA", "SHA256", false, NULL },
    { "RSA SHA-384", "RSA", "SHA384", false, NULL },
    { "RSA SHA-512", "RSA", "SHA512", false, NULL },
    { "RSA-PSS SHA-256", "RSA", "SHA256", true, NULL },
    { "RSA-PSS SHA-512", "RSA", "SHA512", true, NULL },
    { "ECDSA SHA-256", "P-256", "SHA256", false, NULL },
    { "ECDSA SHA-384", "P-384", "SHA384", false, NULL },
    { "ECDSA SHA-512", "P-521", "SHA512", false, NULL },
    { "Ed25519", "ED25519", "", false, NULL },
    { "RSA SHA-1", "RSA", "SHA1", false, "signature algorithm 1.2.840.113549.1.1.5 is not supported" },
    { "ECDSA SHA-1", "P-256", "SHA1", false, "signature algorithm 1.2.840.10045.4.1 is not supported" },
    { "RSA-PSS SHA-224", "RSA", "SHA224", true, "neither SHA-256" },
};

TEST(cert_check_signed_by)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *leaf_key = fixture_key("P-256");

    for (int round = 0; round < 2; round++) { /* the second one meets kept keys */
        for (size_t i = 0; i < COUNT(algorithms); i++) {
            AUTO(EVP_PKEY_free) EVP_PKEY *ca_key = fixture_key(algorithms[i].key);
            AUTO(EVP_PKEY_free)
            EVP_PKEY *wrong_key = fixture_key(*algorithms[i].digest ? "P-384" : "ED25519");
            struct fixture from = { .key = leaf_key,
                .signer = ca_key,
                .issuer = "CA",
                .digest = algorithms[i].digest,
                .pss = algorithms[i].pss };
            AUTO(cert_free) struct cert *leaf = fixture_cert(&from);
            AUTO(cert_free) struct cert *ca = NULL, *wrong = NULL;
            struct error err = { 0 };
            bool ok;

            from = (struct fixture){
                .key = ca_key, .subject = "CA", .digest = strcmp(algorithms[i].key, "ED25519") == 0 ? "" : NULL
            };
            ca = fixture_cert(&from);
            ok = cert_check_signed_by(leaf, ca, &err);
            CHECK(ok == (algorithms[i].why == NULL), "%s: %s", algorithms[i].name, err.why);
            CHECK(ok || strstr(err.why, algorithms[i].why) != NULL, "%s: %s", algorithms[i].name, err.why);
            CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", algorithms[i].name);
            if (!ok)
                continue;

            from.key = wrong_key;
            from.digest = *algorithms[i].digest ? NULL : "";
            wrong = fixture_cert(&from);
            CHECK(!cert_check_signed_by(leaf, wrong, &err) && err.kind == ERROR_STORE, "%s", algorithms[i].name);
            leaf->der.at[leaf->der.len - 1] ^= 1; /* in the signature */
            CHECK(!cert_check_signed_by(leaf, ca, &err) && strstr(err.why, "does not fit"), "%s: %s",
                algorithms[i].name, err.why);
            leaf->der.at[leaf->der.len - 1] ^= 1;
            leaf->der.at[leaf->spki_at + leaf->spki_len - 1] ^= 1; /* in what is signed */
            CHECK(!cert_check_signed_by(leaf, ca, &err) && strstr(err.why, "does not fit"), "%s: %s",
                algorithms[i].name, err.why);
            CHECK(err.kind == ERROR_STORE && ERR_peek_error() == 0, "%s", algorithms[i].name);
        }
    }
}

TEST(cert_check_signed_by_names)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256");
    AUTO(cert_free)
    struct cert *leaf = fixture_cert(&(struct fixture){ .key = key, .subject = "a", .issuer = "One CA" });
    AUTO(cert_free) struct cert *other = fixture_cert(&(struct fixture){ .key = key, .subject = "Other CA" });
    struct error err = { 0 };

    CHECK(!cert_check_signed_by(leaf, other, &err) && err.kind == ERROR_STORE);
    CHECK_TEXT(err.why, "issued by \"One CA\", not by \"Other CA\"", "the same key under another name");
}

struct work {
    const struct cert *leaf, *ca[40];
    bool ok;
};

static void *check_many(void *arg)
{
    struct work *work = arg;

    work->ok = true;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT(work->ca); i++) {
            struct error err = { 0 };

            work->ok = work->ok && cert_check_signed_by(work->leaf, work->ca[i], &err) == (i == 7);
        }
    }
    return NULL;
}

/* More issuers than are kept, from several threads. */
TEST(cert_check_signed_by_in_threads)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *leaf_key = fixture_key("P-256");
    struct cert *ca[COUNT(((struct work *)NULL)->ca)] = { NULL }, *leaf = NULL;
    struct work work[4];
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT(ca); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *ca_key = fixture_key("P-256");

        ca[i] = fixture_cert(&(struct fixture){ .key = ca_key, .subject = "CA" });
        if (i == 7)
            leaf = fixture_cert(&(struct fixture){ .key = leaf_key, .signer = ca_key, .issuer = "CA" });
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        work[i].leaf = leaf;
        memcpy(work[i].ca, ca, sizeof ca);
        REQUIRE(pthread_create(&threads[i], NULL, check_many, &work[i]) == 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(work[i].ok, "thread %zu", i);
    }
    for (size_t i = 0; i < COUNT(ca); i++)
        cert_free(ca[i]);
    cert_free(leaf);
}

TEST_MAIN()
