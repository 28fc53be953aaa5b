/* Sealing and opening, against `openssl cms` where it can, and with everything changed or cut that could be. */
#include "crypto/seal.h"

#include <openssl/cms.h>

#include "crypto/fixture.h"

#define PASSPHRASE "correct horse battery staple"
#define OUT_MAX ((size_t)4 * 1024 * 1024)

static bool keep(void *context, struct view bytes, struct error *err)
{
    struct buf *out = context;

    buf_put(out, bytes);
    return !out->failed || error_set(err, ERROR_INTERNAL, "too much");
}

static bool refuse(void *context __attribute__((unused)), struct view bytes __attribute__((unused)), struct error *err)
{
    return error_set(err, ERROR_STORE, "disk full");
}

static struct {
    EVP_PKEY *pkey;
    struct cert *cert;
    struct key *key;
} ec, rsa, stranger;

static void key_set(EVP_PKEY *pkey, struct cert **cert, struct key **key)
{
    struct error err = { 0 };

    *cert = fixture_cert(&(struct fixture){ .key = pkey, .subject = "Backups", .serial = "0123" });
    (void)EVP_PKEY_up_ref(pkey);
    REQUIRE(key_wrap(pkey, "test", key, &err), "%s", err.why);
}

static void scene_set(void)
{
    if (ec.pkey != NULL)
        return;
    ec.pkey = fixture_key("P-256");
    rsa.pkey = fixture_key("RSA");
    stranger.pkey = fixture_key("P-256");
    key_set(ec.pkey, &ec.cert, &ec.key);
    key_set(rsa.pkey, &rsa.cert, &rsa.key);
    key_set(stranger.pkey, &stranger.cert, &stranger.key);
}

static void seal_text(const struct seal_to *to, struct view plain, struct buf *out)
{
    AUTO(seal_free) struct seal *seal = NULL;
    struct error err = { 0 };

    REQUIRE(seal_new(to, (struct seal_sink){ keep, out }, &seal, &err), "%s", err.why);
    REQUIRE(seal_put(seal, plain, &err) && seal_end(seal, &err), "%s", err.why);
}

/* For the certificate of the EC key: quick. */
static void seal_quick(struct view plain, struct buf *out)
{
    const struct cert *certs[] = { ec.cert };

    scene_set();
    certs[0] = ec.cert;
    seal_text(&(struct seal_to){ .certs = certs, .certs_len = 1 }, plain, out);
}

/* In pieces of that size. */
static bool open_pieces(
    const struct unseal_by *by, struct view sealed, size_t piece, struct buf *out, struct error *err)
{
    AUTO(unseal_free) struct unseal *unseal = NULL;

    TRY(unseal_new(by, (struct seal_sink){ keep, out }, &unseal, err));
    while (sealed.len > 0) {
        size_t len = sealed.len < piece ? sealed.len : piece;

        TRY(unseal_put(unseal, (struct view){ sealed.at, len }, err));
        sealed = (struct view){ sealed.at + len, sealed.len - len };
    }
    return unseal_end(unseal, err);
}

static bool open_with(struct key *key, const char *passphrase, struct view sealed, struct buf *out, struct error *err)
{
    const struct key *keys[] = { key };
    const struct unseal_by by = { .passphrase = view_of(passphrase), .keys = keys, .keys_len = key == NULL ? 0 : 1 };

    return open_pieces(&by, sealed, 4096, out, err);
}

static void put_pattern(struct buf *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_put_char(out, (char)(i * 31 + i / 251));
}

/* For the passphrase and both keys; made once, since deriving a key from a passphrase takes its time. */
static struct view sealed_for_all(void)
{
    static struct buf sealed = BUF(OUT_MAX);
    const struct cert *certs[2];

    scene_set();
    certs[0] = ec.cert;
    certs[1] = rsa.cert;
    if (sealed.len == 0)
        seal_text(&(struct seal_to){ .passphrase = view_of(PASSPHRASE), .certs = certs, .certs_len = 2 },
            view_of("all the keys"), &sealed);
    return buf_view(&sealed);
}

/* By the passphrase or either key; another one does not open it, and is told apart from a change of the file. */
TEST(recipients)
{
    struct view sealed = sealed_for_all();
    struct {
        const char *name, *passphrase;
        struct key *key;
        const char *why;
    } rows[5];

    memcpy(rows,
        (typeof(rows)){
            { "passphrase", PASSPHRASE, NULL, NULL },
            { "EC", NULL, ec.key, NULL },
            { "RSA", NULL, rsa.key, NULL },
            { "stranger", NULL, stranger.key, "not opened by any of these keys" },
            { "wrong passphrase", "correct horse battery stable", NULL, "not opened by this passphrase" },
        },
        sizeof rows);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX);
        struct error err = { 0 };
        bool ok = open_with(rows[i].key, rows[i].passphrase, sealed, &plain, &err);

        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK_TEXT(buf_text(&plain), ok ? "all the keys" : "", rows[i].name);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", rows[i].name);
    }
    CHECK(memmem(sealed.at, sealed.len, "all the keys", 12) == NULL);
}

/* Whatever its size and however it comes: the same bytes, in pieces of which none is larger than what was put in. */
TEST(sizes_and_pieces)
{
    static const size_t sizes[] = { 1, 15, 4096, 16384, 100001, 1000000 };

    scene_set();
    for (size_t i = 0; i < COUNT(sizes); i++) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX), sealed = BUF(OUT_MAX);
        const struct key *keys[] = { ec.key };
        const struct unseal_by by = { .keys = keys, .keys_len = 1 };

        put_pattern(&plain, sizes[i]);
        seal_quick(buf_view(&plain), &sealed);
        CHECK(sealed.len < plain.len + plain.len / 64 + 4096, "%zu: %zu", plain.len, sealed.len);
        CHECK(seal_is(buf_view(&sealed)));
        for (size_t piece = sizes[i] > 5000 ? 997 : 1; piece < 2 * OUT_MAX; piece = piece * 97 + 1) {
            AUTO(buf_clear) struct buf back = BUF(OUT_MAX);
            struct error err = { 0 };

            REQUIRE(open_pieces(&by, buf_view(&sealed), piece, &back, &err), "%zu/%zu: %s", sizes[i], piece, err.why);
            CHECK(view_equal(buf_view(&back), buf_view(&plain)), "%zu/%zu", sizes[i], piece);
        }
    }
}

/* A byte that changed anywhere, an end that comes too early or too late. */
TEST(every_change_is_found)
{
    AUTO(buf_clear) struct buf sealed = BUF(OUT_MAX);

    scene_set();
    seal_quick(view_of("what must not be changed"), &sealed);
    for (size_t i = 0; i < sealed.len; i++) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX);
        struct error err = { 0 };
        bool ok;

        sealed.at[i] ^= 0x01;
        ok = open_with(ec.key, NULL, buf_view(&sealed), &plain, &err);
        /* The version of the recipient, and the type of what is sealed, protect nothing. */
        CHECK(!ok || strcmp(buf_text(&plain), "what must not be changed") == 0, "byte %zu", i);
        CHECK(ok || (err.kind == ERROR_CONFIG && err.why[0] != '\0'), "byte %zu: %d %s", i, err.kind, err.why);
        sealed.at[i] ^= 0x01;
    }
    for (size_t len = 0; len < sealed.len; len++) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX);
        struct error err = { 0 };

        CHECK(!open_with(ec.key, NULL, (struct view){ sealed.at, len }, &plain, &err), "cut at %zu", len);
        CHECK(strstr(err.why, "cut short") != NULL, "cut at %zu: %s", len, err.why);
    }
    for (size_t more = 1; more < 64; more *= 2) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX), longer = BUF(OUT_MAX);
        struct error err = { 0 };

        buf_put(&longer, buf_view(&sealed));
        for (size_t i = 0; i < more; i++)
            buf_put_char(&longer, '\0');
        CHECK(!open_with(ec.key, NULL, buf_view(&longer), &plain, &err));
        CHECK(strstr(err.why, "behind its end") != NULL, "%zu: %s", more, err.why);
    }
}

/* Only the content is changed: found at the end, though its plain text was handed out before. */
TEST(a_change_within_the_content)
{
    AUTO(buf_clear) struct buf plain = BUF(OUT_MAX), sealed = BUF(OUT_MAX), back = BUF(OUT_MAX);
    AUTO(unseal_free) struct unseal *unseal = NULL;
    struct error err = { 0 };
    const struct key *keys[1];

    scene_set();
    keys[0] = ec.key;
    put_pattern(&plain, 50000);
    seal_quick(buf_view(&plain), &sealed);
    sealed.at[sealed.len / 2] ^= 0x40;
    REQUIRE(unseal_new(
        &(struct unseal_by){ .keys = keys, .keys_len = 1 }, (struct seal_sink){ keep, &back }, &unseal, &err));
    REQUIRE(unseal_put(unseal, buf_view(&sealed), &err), "%s", err.why);
    CHECK_INT(back.len, 50000, "handed out");
    CHECK(!unseal_end(unseal, &err) && strstr(err.why, "changed after it was sealed") != NULL, "%s", err.why);
    CHECK(!unseal_end(unseal, &err) && !unseal_put(unseal, view_of("x"), &err));
}

static const struct {
    const char *name, *passphrase;
    size_t certs;
    const char *why;
} wishes[] = {
    { "nobody", "", 0, "neither a passphrase nor a certificate" },
    { "short", "eleven char", 0, "less than 12" },
    { "too many", "", SEAL_RECIPIENTS_MAX, "more than 64" },
};

TEST(wishes_that_are_refused)
{
    const struct cert *certs[SEAL_RECIPIENTS_MAX];
    AUTO(buf_clear) struct buf out = BUF(OUT_MAX);
    struct error err = { 0 };
    struct seal *seal = NULL;
    struct unseal *unseal = NULL;

    scene_set();
    for (size_t i = 0; i < COUNT(certs); i++)
        certs[i] = ec.cert;
    REQUIRE(
        seal_new(&(struct seal_to){ .certs = certs, .certs_len = 1 }, (struct seal_sink){ keep, &out }, &seal, &err));
    CHECK(!seal_end(seal, &err) && strstr(err.why, "nothing to seal") != NULL, "%s", err.why);
    seal_free(TAKE(seal));
    for (size_t i = 0; i < COUNT(wishes); i++) {
        const struct seal_to to = { .passphrase = view_of(wishes[i].passphrase), certs, wishes[i].certs };

        CHECK(!seal_new(&to, (struct seal_sink){ keep, &out }, &seal, &err) && seal == NULL, "%s", wishes[i].name);
        CHECK(err.kind == ERROR_CONFIG && strstr(err.why, wishes[i].why) != NULL, "%s: %s", wishes[i].name, err.why);
    }
    CHECK(!unseal_new(&(struct unseal_by){ 0 }, (struct seal_sink){ keep, &out }, &unseal, &err) && unseal == NULL);
}

/* Keys that nothing can be sealed for. */
TEST(keys_that_are_refused)
{
    EVP_PKEY *keys[] = { EVP_RSA_gen(1024), fixture_key("ED25519") };
    static const char *why[] = { "less than 2048", "neither RSA nor EC" };

    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(buf_clear) struct buf out = BUF(OUT_MAX);
        struct cert *cert =
            fixture_cert(&(struct fixture){ .key = keys[i], .subject = "x", .digest = i == 1 ? "" : NULL });
        const struct cert *certs[] = { cert };
        struct error err = { 0 };
        struct seal *seal = NULL;

        CHECK(!seal_new(
            &(struct seal_to){ .certs = certs, .certs_len = 1 }, (struct seal_sink){ keep, &out }, &seal, &err));
        CHECK(strstr(err.why, why[i]) != NULL, "%s", err.why);
        cert_free(cert);
        EVP_PKEY_free(keys[i]);
    }
}

/* What the sink cannot take ends both. */
TEST(a_sink_that_fails)
{
    AUTO(buf_clear) struct buf sealed = BUF(OUT_MAX);
    AUTO(seal_free) struct seal *seal = NULL;
    AUTO(unseal_free) struct unseal *unseal = NULL;
    struct error err = { 0 };
    const struct cert *certs[1];
    const struct key *keys[1];

    scene_set();
    certs[0] = ec.cert;
    keys[0] = ec.key;
    REQUIRE(
        seal_new(&(struct seal_to){ .certs = certs, .certs_len = 1 }, (struct seal_sink){ refuse, NULL }, &seal, &err));
    CHECK((!seal_put(seal, view_of("x"), &err) || !seal_end(seal, &err)) && err.kind == ERROR_STORE);
    seal_quick(view_of("x"), &sealed);
    REQUIRE(unseal_new(
        &(struct unseal_by){ .keys = keys, .keys_len = 1 }, (struct seal_sink){ refuse, NULL }, &unseal, &err));
    CHECK(!unseal_put(unseal, buf_view(&sealed), &err) && err.kind == ERROR_STORE);
    CHECK(!unseal_end(unseal, &err));
}

/* OpenSSL reads what was sealed here, as a whole. */
TEST(openssl_opens)
{
    struct view sealed = sealed_for_all();
    unsigned char passphrase[] = PASSPHRASE;
    const unsigned char *at = view_bytes(sealed);
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)sealed.len);
    BIO *out = BIO_new(BIO_s_mem());
    char *back = NULL;

    REQUIRE(cms != NULL && CMS_decrypt_set1_password(cms, passphrase, sizeof passphrase - 1) == 1);
    REQUIRE(CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) == 1);
    CHECK(BIO_get_mem_data(out, &back) == 12 && memcmp(back, "all the keys", 12) == 0);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
}

/* What OpenSSL has sealed: with definite and with indefinite lengths, by its own choices for the key. */
TEST(openssl_seals)
{
    static const struct {
        const char *name, *cipher;
        unsigned flags;
        bool is_rsa, bare; /* bare: without authentication */
    } rows[] = {
        { "whole", "AES-256-GCM", 0, false, false },
        { "stream", "AES-256-GCM", CMS_STREAM, false, false },
        { "RSA, 128 bits", "AES-128-GCM", CMS_STREAM, true, false },
        { "CBC", "AES-256-CBC", 0, false, true },
    };

    scene_set();
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf plain = BUF(OUT_MAX);
        const struct cert *cert = rows[i].is_rsa ? rsa.cert : ec.cert;
        const unsigned char *der = view_bytes(buf_view(&cert->der));
        STACK_OF(X509) *certs = sk_X509_new_null();
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, rows[i].cipher, NULL);
        BIO *in = BIO_new_mem_buf("sealed elsewhere", -1), *out = BIO_new(BIO_s_mem());
        CMS_ContentInfo *cms;
        struct error err = { 0 };
        char *at = NULL;
        long len;
        bool ok;

        REQUIRE(sk_X509_push(certs, d2i_X509(NULL, &der, (long)cert->der.len)) == 1);
        cms = CMS_encrypt(certs, in, cipher, CMS_BINARY | rows[i].flags);
        REQUIRE(cms != NULL && i2d_CMS_bio_stream(out, cms, in, (int)rows[i].flags) == 1, "%s", rows[i].name);
        len = BIO_get_mem_data(out, &at);
        ok = open_with(rows[i].is_rsa ? rsa.key : ec.key, NULL, (struct view){ at, (size_t)len }, &plain, &err);
        CHECK(ok != rows[i].bare, "%s: %s", rows[i].name, err.why);
        CHECK_TEXT(buf_text(&plain), ok ? "sealed elsewhere" : "", rows[i].name);
        CHECK(ok || strstr(err.why, "no authentication") != NULL, "%s", err.why);
        CHECK(seal_is((struct view){ at, (size_t)len }), "%s", rows[i].name);
        CMS_ContentInfo_free(cms);
        BIO_free(in);
        BIO_free(out);
        EVP_CIPHER_free(cipher);
        sk_X509_pop_free(certs, X509_free);
    }
}

/* A passphrase whose derivation would keep a processor busy for hours is refused before it is tried. */
TEST(rounds_are_bounded)
{
    AUTO(buf_clear) struct buf sealed = BUF(OUT_MAX), plain = BUF(OUT_MAX);
    static const char rounds[] = "\x02\x03\x09\x27\xc0"; /* INTEGER 600000 */
    struct error err = { 0 };
    char *at;

    buf_put(&sealed, sealed_for_all());
    at = memmem(sealed.at, sealed.len, rounds, sizeof rounds - 1);
    REQUIRE(at != NULL);
    memcpy(at, "\x02\x03\x7f\xff\xff", 5);
    CHECK(!open_with(NULL, PASSPHRASE, buf_view(&sealed), &plain, &err));
    CHECK(strstr(err.why, "takes more than 8000000 rounds") != NULL, "%s", err.why);
}

TEST(what_is_sealed_is_known_by_its_beginning)
{
    AUTO(buf_clear) struct buf sealed = BUF(OUT_MAX);

    seal_quick(view_of("x"), &sealed);
    CHECK(seal_is((struct view){ sealed.at, 32 }));
    for (size_t len = 0; len < 16; len++)
        CHECK(!seal_is((struct view){ sealed.at, len }), "%zu", len);
    CHECK(!seal_is(view_of("\x1f\x8b\x08 and what gzip makes of it, of some length")));
    CHECK(!seal_is(view_of("conf/ustar, and so on for a good number of bytes")));
}

TEST_MAIN()
