/* Certificates: our reader against OpenSSL's, and against bytes that nobody should send. */
#include "crypto/cert.h"
#include "crypto/fixture.h"

static const struct {
    const char *name, *key;
    struct fixture from;
    const char *names; /* as they are to be listed */
    const char *serial;
    bool known, staple;
} made[] = {
    { "P-256, CN among the names", "P-256",
        { .subject = "b.example",
            .san = "DNS:a.example,DNS:b.example,IP:2001:db8::1,DNS:*.c.example,IP:192.0.2.1",
            .serial = "00EA10" },
        "b.example,a.example,*.c.example,2001:db8::1,192.0.2.1", "ea10", true, false },
    { "RSA, no CN", "RSA", { .issuer = "CA", .san = "DNS:a.example", .serial = "0123456789ABCDEF" }, "a.example",
        "123456789abcdef", true, false },
    { "CN that no SAN has", "P-384", { .subject = "x.example", .san = "DNS:a.example" }, "x.example,a.example", "1",
        true, false },
    { "CN only", "P-521", { .subject = "x.example" }, "x.example", "1", true, false },
    { "address as CN", "P-256", { .subject = "192.0.2.1", .san = "IP:192.0.2.1" }, "192.0.2.1", "1", true, false },
    { "repeated names", "P-256", { .san = "DNS:a.example,DNS:b.example,DNS:a.example,email:me@a.example" },
        "a.example,b.example", "1", true, false },
    { "no name", "P-256", { .issuer = "CA" }, "", "1", true, false },
    { "capitals stay", "P-256", { .san = "DNS:A.Example" }, "A.Example", "1", true, false },
    { "20 bytes of serial, first bit set", "P-256",
        { .san = "DNS:a.example", .serial = "FF00112233445566778899AABBCCDDEEFF001122" }, "a.example",
        "ff00112233445566778899aabbccddeeff001122", true, false },
    { "31 bytes of serial", "P-256",
        { .san = "DNS:a.example", .serial = "7F00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDD" },
        "a.example", "7f00112233445566778899aabbccddeeff00112233445566778899aabbccdd", true, false },
    { "serial 0", "P-256", { .san = "DNS:a.example", .serial = "00" }, "a.example", "0", true, false },
    { "both time types", "P-256",
        { .san = "DNS:a.example", .not_before = "491231235959Z", .not_after = "20500101000000Z" }, "a.example", "1",
        true, false },
    { "no end of validity", "P-256", { .san = "DNS:a.example", .not_after = "99991231235959Z" }, "a.example", "1", true,
        false },
    { "must staple", "P-256", { .san = "DNS:a.example", .must_staple = true }, "a.example", "1", true, true },
    { "URLs", "P-256",
        { .san = "DNS:a.example",
            .ocsp = "caIssuers;URI:http://i.example/,OCSP;URI:http://o.example/",
            .crl = "URI:ldap://l.example/,URI:http://c.example/1" },
        "a.example", "1", true, false },
    { "AKI", "RSA", { .san = "DNS:a.example", .authority_key = "69885B6B87464041E1B37B847BA0AE2CDE01C8D4" },
        "a.example", "1", true, false },
    { "Ed25519", "ED25519", { .san = "DNS:a.example", .digest = "" }, "a.example", "1", false, false },
    { "secp256k1", "secp256k1", { .san = "DNS:a.example" }, "a.example", "1", false, false },
    { "UTF-8 CN", "P-256", { .subject = "M\xc3\xbcnchen CA" }, "M\xc3\xbcnchen CA", "1", true, false },
};

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;

    REQUIRE(ASN1_TIME_to_tm(time, &tm) == 1);
    return timegm(&tm);
}

static void check_against_openssl(const char *name, const struct cert *cert, X509 *x509)
{
    EVP_PKEY *pkey = X509_get0_pubkey(x509);
    unsigned char *spki = NULL;
    int len;

    CHECK_INT(cert->not_before, seconds(X509_get0_notBefore(x509)), name);
    CHECK_INT(cert->not_after, seconds(X509_get0_notAfter(x509)), name);
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    CHECK(view_equal((struct view){ cert->der.at + cert->spki_at, cert->spki_len },
              (struct view){ (char *)spki, (size_t)len }),
        "%s: SPKI", name);
    if (cert->key_known)
        CHECK_INT(cert->key_bits, EVP_PKEY_get_bits(pkey), name);
    if (cert->key_known)
        CHECK(cert->key_type == (EVP_PKEY_is_a(pkey, "RSA") ? KEY_RSA : KEY_EC), "%s", name);
    OPENSSL_free(spki);
    ERR_clear_error();
}

TEST(cert_reads_what_openssl_reads)
{
    for (size_t i = 0; i < COUNT(made); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key(made[i].key);
        AUTO(X509_free) X509 *x509 = NULL;
        AUTO(cert_free) struct cert *cert = NULL;
        AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
        AUTO(free) char *names = NULL;
        struct fixture from = made[i].from;
        const unsigned char *at;
        struct error err = { 0 };

        from.key = pkey;
        fixture_der(&from, &der);
        at = view_bytes(buf_view(&der));
        REQUIRE((x509 = d2i_X509(NULL, &at, (long)der.len)) != NULL, "%s", made[i].name);
        REQUIRE(cert_from_der(buf_view(&der), made[i].name, &cert, &err), "%s: %s", made[i].name, err.why);
        names = list_join(&cert->names, ",");
        CHECK_TEXT(names, made[i].names, made[i].name);
        CHECK_TEXT(cert->serial, made[i].serial, made[i].name);
        CHECK_TEXT(cert->common_name, from.subject, made[i].name);
        CHECK_TEXT(cert->issuer_common_name, from.issuer == NULL ? from.subject : from.issuer, made[i].name);
        CHECK(cert->key_known == made[i].known && cert->must_staple == made[i].staple, "%s", made[i].name);
        CHECK_TEXT(cert->ocsp_url, from.ocsp == NULL ? NULL : "http://o.example/", made[i].name);
        CHECK_TEXT(cert->crl_url, from.crl == NULL ? NULL : "http://c.example/1", made[i].name);
        CHECK_INT((int64_t)cert->key_identifier.len, from.authority_key == NULL ? 0 : 20, made[i].name);
        check_against_openssl(made[i].name, cert, x509);
    }
}

TEST(names_keep_the_types_of_their_sans)
{
    static const struct {
        const char *common, *san, *typed;
    } rows[] = {
        { "b.example", "IP:2001:db8::1,DNS:a.example,DNS:b.example", "dns b.example,dns a.example,ip 2001:db8::1" },
        { "192.0.2.1", "DNS:a.example,IP:192.0.2.1", "ip 192.0.2.1,dns a.example" },
        { "192.0.2.1", NULL, "ip 192.0.2.1" },
        { NULL, "DNS:192.0.2.1,IP:192.0.2.2", "dns 192.0.2.1,ip 192.0.2.2" },
        { NULL, "DNS:*.a.example", "dns *.a.example" },
    };
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture from = { .key = pkey, .issuer = "CA", .subject = rows[i].common, .san = rows[i].san };
        AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER), typed = BUF(1000);
        AUTO(identifiers_clear) struct identifiers all = { 0 };
        AUTO(cert_free) struct cert *cert = NULL;
        struct error err = { 0 };

        fixture_der(&from, &der);
        REQUIRE(cert_from_der(buf_view(&der), "x", &cert, &err), "%s", err.why);
        all = cert_identifiers(cert);
        for (size_t k = 0; k < all.len; k++)
            buf_putf(&typed, "%s%s %s", k > 0 ? "," : "", identifier_type_name(all.at[k].type), all.at[k].value);
        CHECK_TEXT(buf_text(&typed), rows[i].typed, rows[i].typed);
    }
}

TEST(cert_ari_id_rfc9773) /* section 4.1 */
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    struct fixture from = {
        .key = pkey, .subject = "x", .serial = "87654321", .authority_key = "69885B6B87464041E1B37B847BA0AE2CDE01C8D4"
    };
    AUTO(cert_free) struct cert *cert = NULL, *without = NULL;
    AUTO(buf_clear) struct buf pem = BUF(8192), other = BUF(8192), id = BUF(128), print = BUF(128);
    struct error err = { 0 };

    fixture_pem(&from, &pem);
    REQUIRE(cert_from_pem(buf_view(&pem), "x", &cert, &err), "%s", err.why);
    CHECK(cert_ari_id(cert, &id));
    CHECK_TEXT(buf_text(&id), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "the example");
    REQUIRE(cert_fingerprint(cert, &print, &err), "%s", err.why);
    CHECK_INT((int64_t)print.len, 64, "fingerprint");

    from.authority_key = NULL;
    fixture_pem(&from, &other);
    REQUIRE(cert_from_pem(buf_view(&other), "x", &without, &err), "%s", err.why);
    buf_clear(&id);
    CHECK(!cert_ari_id(without, &id) && id.len == 0);
}

static void put_der(struct buf *der, const char *key, const char *san)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key(key);

    fixture_der(&(struct fixture){ .key = pkey,
                    .subject = "a.example",
                    .san = san,
                    .must_staple = true,
                    .ocsp = "OCSP;URI:http://o.example/",
                    .crl = "URI:http://c.example/1",
                    .authority_key = "0011" },
        der);
}

TEST(cert_cut_anywhere)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);

    put_der(&der, "P-256", "DNS:a.example,IP:192.0.2.1");
    for (size_t len = 0; len < der.len; len++) {
        AUTO(free) char *exact = xcalloc(len + 1, 1); /* a read past the end is seen by the sanitizer */
        struct cert *cert = NULL;
        struct error err = { 0 };

        exact = xrealloc(exact, len > 0 ? len : 1, 1);
        memcpy(exact, der.at, len);
        CHECK(!cert_from_der((struct view){ exact, len }, "cut", &cert, &err) && cert == NULL, "%zu bytes", len);
        CHECK(
            err.kind == ERROR_CONFIG && err.why[0] != '\0' && strstr(err.what, "cut") != NULL, "%zu: %s", len, err.why);
    }
}

/* With any byte changed: a result, with no view outside of the certificate. */
TEST(cert_changed_anywhere)
{
    static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0x82, 0x84, 0xff, 0x30, 0x1f, 0x0c };
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    size_t refused = 0;

    put_der(&der, "P-256", "DNS:a.example,IP:192.0.2.1");
    for (size_t at = 0; at < der.len; at++) {
        for (size_t v = 0; v < COUNT(values); v++) {
            AUTO(cert_free) struct cert *cert = NULL;
            char before = der.at[at];
            struct error err = { 0 };

            der.at[at] = (char)values[v];
            if (cert_from_der(buf_view(&der), "changed", &cert, &err)) {
                CHECK(cert->spki_at + cert->spki_len <= cert->der.len, "byte %zu", at);
                CHECK(cert->issuer_at + cert->issuer_len <= cert->der.len, "byte %zu", at);
            } else {
                refused++;
                CHECK(err.why[0] != '\0' && cert == NULL, "byte %zu", at);
            }
            der.at[at] = before;
        }
    }
    CHECK(refused > der.len, "only %zu were refused", refused);
}

/* Names of one length, so that a certificate can be changed without its lengths changing. */
static const struct {
    const char *name, *from, *to;
    size_t len;
    const char *why;
} swaps[] = {
    { "NUL in a DNS name", "bank.example.evil.test", "bank.example\0evil.test", 22, "\"bank.example?evil.test\"" },
    { "line feed in a DNS name", "bank.example.evil.test", "bank.example\nevil.test", 22, "no DNS name has" },
    { "blank in a DNS name", "bank.example.evil.test", "bank.example evil.test", 22, "no DNS name has" },
    { "8 bits in a DNS name", "bank.example.evil.test",
        "bank.example\xff"
        "evil.test",
        22, "no DNS name has" },
    { "escape in the CN", "cn.example.test", "cn\x1b[2Jmple.test", 15, "\"cn?[2Jmple.test\" of the subject" },
    { "NUL in the CN", "cn.example.test", "cn\0example.test", 15, "\"cn?example.test\" of the subject" },
    { "bad UTF-8 in the CN", "cn.example.test",
        "cn\xc3"
        "example.test",
        15, "of the subject" },
    { "address of 3 bytes", "\x87\x04\xc0\x00\x02\x01", "\x87\x03\xc0\x00\x02\x05", 6, "IP address of 3 bytes" },
    { "indefinite length", "\x30\x82", "\x30\x80", 2, "indefinite" },
    { "a month too many", "261101000000Z", "261301000000Z", 13, "does not exist" },
    { "bytes where digits belong", "261101000000Z", "2611010000\x00\x30Z", 13, "other characters" },
    { "serial negative", "\x02\x01\x01\x30", "\x02\x01\x81\x30", 4, "serial number: a negative number" },
    { "the same extension twice", "\x06\x03\x55\x1d\x1f", "\x06\x03\x55\x1d\x11", 5, "stands there twice" },
};

TEST(cert_hostile)
{
    for (size_t i = 0; i < COUNT(swaps); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
        AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
        struct cert *cert = NULL;
        struct error err = { 0 };
        char *at;

        fixture_der(&(struct fixture){ .key = pkey,
                        .subject = "cn.example.test",
                        .issuer = "CA",
                        .san = "DNS:bank.example.evil.test,IP:192.0.2.1",
                        .crl = "URI:http://c.example/1" },
            &der);
        at = memmem(der.at, der.len, swaps[i].from, swaps[i].len);
        REQUIRE(at != NULL, "%s", swaps[i].name);
        memcpy(at, swaps[i].to, swaps[i].len);
        CHECK(!cert_from_der(buf_view(&der), "hostile", &cert, &err) && cert == NULL, "%s", swaps[i].name);
        CHECK(strstr(err.why, swaps[i].why) != NULL && err.kind == ERROR_CONFIG, "%s: %s", swaps[i].name, err.why);
    }
}

TEST(cert_more_behind_it)
{
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER), large = BUF(1 << 20);
    struct cert *cert = NULL;
    struct error err = { 0 };

    put_der(&der, "P-256", "DNS:a.example");
    buf_put_char(&der, 'x');
    CHECK(!cert_from_der(buf_view(&der), "x", &cert, &err) && strstr(err.why, "1 bytes too many"), "%s", err.why);
    for (size_t i = 0; i <= PEM_MAX_DER; i++)
        buf_put_char(&large, '0');
    CHECK(!cert_from_der(buf_view(&large), "x", &cert, &err) && strstr(err.why, "larger than"), "%s", err.why);
    CHECK(!cert_from_pem(view_of("no certificate"), "my.pem", &cert, &err) && strstr(err.why, "no PEM block"), "%s",
        err.why);
    CHECK(strstr(err.what, "my.pem") != NULL, "%s", err.what);
}

TEST(cert_serial_too_long)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
    struct cert *cert = NULL;
    struct error err = { 0 };

    fixture_der(
        &(struct fixture){
            .key = pkey, .subject = "x", .serial = "7F00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEE" },
        &der);
    CHECK(!cert_from_der(buf_view(&der), "x", &cert, &err) && strstr(err.why, "longer than 31"), "%s", err.why);
}

TEST_MAIN()
