/* Tests the contents of the certificates (RFC 8737) with OpenSSL's readers. */
#include "netd/alpn_cert.h"

#include <openssl/x509v3.h>

#include "base/test.h"

DEFINE_AUTO(X509, X509_free)
DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)
DEFINE_AUTO(ASN1_OBJECT, ASN1_OBJECT_free)

#define DIGEST                                                                                                         \
    "\0"                                                                                                               \
    "123456789abcdef0123456789abcde\xff"

static const struct {
    const char *identifier, *server_name;
    int type; /* of the name in the certificate */
    const char *name;
    int name_len;
} cases[] = {
    { "a.example", "a.example", GEN_DNS, "a.example", 9 },
    { "A.Example", "a.example", GEN_DNS, "A.Example", 9 },
    { "192.0.2.1", "1.2.0.192.in-addr.arpa", GEN_IPADD, "\xc0\0\2\1", 4 },
    { "255.0.10.100", "100.10.0.255.in-addr.arpa", GEN_IPADD, "\xff\0\x0a\x64", 4 },
    { "2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", GEN_IPADD,
        "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\x05\x67\x89\xab", 16 }, /* RFC 3596 section 2.5 has one like it */
    { "::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", GEN_IPADD,
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16 },
};

TEST(alpn_server_name)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf name = BUF(253);

        alpn_server_name(view_of(cases[i].identifier), &name);
        CHECK_TEXT(buf_text(&name), cases[i].server_name, cases[i].identifier);
    }
}

static void check_name(const X509 *cert, size_t i)
{
    int critical = -1;
    AUTO(GENERAL_NAMES_free)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    const ASN1_STRING *value;
    int type;

    REQUIRE(names != NULL && sk_GENERAL_NAME_num(names) == 1, "%s: one name", cases[i].identifier);
    value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type);
    CHECK_INT(type, cases[i].type, cases[i].identifier);
    CHECK(ASN1_STRING_length(value) == cases[i].name_len &&
              memcmp(ASN1_STRING_get0_data(value), cases[i].name, (size_t)cases[i].name_len) == 0,
        "%s: the name", cases[i].identifier);
}

/* RFC 8737 section 3: critical, an OCTET STRING of 32 bytes, and no more. */
static void check_digest(const X509 *cert, const char *identifier)
{
    AUTO(ASN1_OBJECT_free) ASN1_OBJECT *type = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    int at = X509_get_ext_by_OBJ(cert, type, -1);
    X509_EXTENSION *extension = at < 0 ? NULL : X509_get_ext(cert, at);
    const ASN1_OCTET_STRING *data = extension == NULL ? NULL : X509_EXTENSION_get_data(extension);

    REQUIRE(data != NULL, "%s: acmeIdentifier", identifier);
    CHECK(X509_EXTENSION_get_critical(extension) == 1, "%s: critical", identifier);
    CHECK(ASN1_STRING_length(data) == 34 && memcmp(ASN1_STRING_get0_data(data), "\x04\x20" DIGEST, 34) == 0,
        "%s: the digest", identifier);
    CHECK(X509_get_ext_by_OBJ(cert, type, at) < 0, "%s: one", identifier);
}

TEST(alpn_cert)
{
    EVP_PKEY *key = alpn_key_new();

    REQUIRE(key != NULL && EVP_PKEY_get_bits(key) == 256, "a key");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(4096);
        AUTO(X509_free) X509 *cert = NULL;
        const unsigned char *at;

        REQUIRE(alpn_cert_put(key, view_of(cases[i].identifier), (struct view){ DIGEST, 32 }, &der), "%s",
            cases[i].identifier);
        at = (const unsigned char *)der.at;
        cert = d2i_X509(NULL, &at, (long)der.len);
        REQUIRE(cert != NULL && at == (const unsigned char *)der.at + der.len, "%s", cases[i].identifier);
        CHECK_INT(X509_get_version(cert), X509_VERSION_3, "version");
        CHECK(X509_self_signed(cert, 1) == 1, "%s: self-signed", cases[i].identifier);
        CHECK(
            X509_cmp_current_time(X509_get0_notBefore(cert)) < 0 && X509_cmp_current_time(X509_get0_notAfter(cert)) > 0,
            "%s: valid now", cases[i].identifier);
        CHECK_INT(X509_get_ext_count(cert), 2, "no further extensions");
        check_name(cert, i);
        check_digest(cert, cases[i].identifier);
    }
    EVP_PKEY_free(key);
}

TEST(alpn_cert_wants_a_whole_digest)
{
    AUTO(buf_clear) struct buf der = BUF(4096);
    EVP_PKEY *key = alpn_key_new();

    CHECK(!alpn_cert_put(key, view_of("a.example"), (struct view){ DIGEST, 31 }, &der), "31 bytes");
    CHECK_INT(der.len, 0, "nothing");
    EVP_PKEY_free(key);
}

TEST_MAIN()
