/* Certificate signing requests: ours as others read them, others' as we read them. */
#include "base/text.h"
#include "crypto/csr.h"
#include "crypto/fixture.h"

static void list_of(const char *comma_separated, struct list *out)
{
    struct view rest = view_of(comma_separated), part;

    while (view_cut(&rest, ',', &part)) {
        if (part.len > 0)
            list_add_view(out, part);
    }
}

static struct key *new_key(struct key_params params)
{
    struct key *key = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate(params, &key, &err), "%s", err.why);
    return key;
}

static const struct {
    const char *name, *dns, *ips;
    const char *san; /* as OpenSSL prints it */
    bool staple;
} made[] = {
    { "one name", "a.example", "", "DNS:a.example", false },
    { "order is kept", "b.example,a.example,*.c.example", "", "DNS:b.example, DNS:a.example, DNS:*.c.example", false },
    { "addresses", "", "192.0.2.1,2001:db8::1", "IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1", false },
    { "all of it", "a.example", "::1", "DNS:a.example, IP Address:0:0:0:0:0:0:0:1", true },
};

static void check_request(size_t i, struct view der)
{
    const unsigned char *at = view_bytes(der);
    AUTO(X509_REQ_free) X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
    AUTO(exts_free) STACK_OF(X509_EXTENSION) *exts = NULL;
    X509_EXTENSION *san;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;
    int nid;

    REQUIRE(req != NULL && at == view_bytes(der) + der.len, "%s", made[i].name);
    CHECK(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1, "%s", made[i].name);
    CHECK_INT(X509_REQ_get_version(req), X509_REQ_VERSION_1, made[i].name);
    CHECK_INT(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0, made[i].name);
    CHECK(
        OBJ_find_sigid_algs(X509_REQ_get_signature_nid(req), &nid, NULL) == 1 && nid == NID_sha256, "%s", made[i].name);
    exts = X509_REQ_get_extensions(req);
    REQUIRE(X509v3_get_ext_count(exts) == (made[i].staple ? 2 : 1), "%s", made[i].name);
    CHECK(X509v3_get_ext_by_NID(exts, NID_tlsfeature, -1) == (made[i].staple ? 1 : -1), "%s", made[i].name);
    san = X509v3_get_ext(exts, X509v3_get_ext_by_NID(exts, NID_subject_alt_name, -1));
    CHECK(X509_EXTENSION_get_critical(san) == 0, "%s", made[i].name);
    REQUIRE(X509V3_EXT_print(bio, san, 0, 0) == 1);
    (void)BIO_write(bio, "", 1);
    len = BIO_get_mem_data(bio, &text);
    CHECK(len > 0);
    CHECK_TEXT(text, made[i].san, made[i].name);
    BIO_free(bio);
    ERR_clear_error();
}

TEST(csr_make)
{
    static const struct key_params params[] = { { KEY_EC, 0, "secp256r1" }, { KEY_RSA, 2048, NULL },
        { KEY_EC, 0, "secp521r1" } };

    for (size_t k = 0; k < COUNT(params); k++) {
        AUTO(key_free) struct key *key = new_key(params[k]);

        for (size_t i = 0; i < COUNT(made); i++) {
            AUTO(list_clear) struct list dns = { NULL, 0 }, ips = { NULL, 0 };
            AUTO(identifiers_clear) struct identifiers identifiers = { 0 };
            AUTO(buf_clear) struct buf der = BUF(1 << 16), pem = BUF(1 << 16);
            AUTO(csr_free) struct csr *csr = NULL, *from_pem = NULL;
            struct error err = { 0 };

            list_of(made[i].dns, &dns);
            list_of(made[i].ips, &ips);
            identifiers = identifiers_of(&dns, &ips);
            REQUIRE(csr_make(key, &identifiers, made[i].staple, &der, &err), "%s: %s", made[i].name, err.why);
            check_request(i, buf_view(&der));
            REQUIRE(csr_read(buf_view(&der), "my.csr", &csr, &err), "%s: %s", made[i].name, err.why);
            CHECK(list_equal(&csr->dns, &dns) && list_equal(&csr->ips, &ips), "%s", made[i].name);
            CHECK(csr->names.len == dns.len + ips.len && csr->must_staple == made[i].staple, "%s", made[i].name);
            pem_put(&pem, k == 0 ? "CERTIFICATE REQUEST" : "NEW CERTIFICATE REQUEST", buf_view(&der));
            REQUIRE(csr_read(buf_view(&pem), "my.csr", &from_pem, &err), "%s: %s", made[i].name, err.why);
            CHECK(view_equal(buf_view(&from_pem->der), buf_view(&der)), "%s", made[i].name);
        }
    }
}

TEST(csr_make_refuses)
{
    AUTO(key_free) struct key *key = new_key((struct key_params){ KEY_EC, 0, "secp256r1" });
    AUTO(identifiers_clear) struct identifiers good = { 0 }, bad = { 0 };
    const struct identifiers none = { 0 };
    AUTO(buf_clear) struct buf der = BUF(1 << 16), small = BUF(20);
    struct error err = { 0 };

    identifiers_add(&good, IDENTIFIER_DNS, "a.example");
    identifiers_add(&bad, IDENTIFIER_IP, "192.0.2.300");
    CHECK(!csr_make(key, &none, false, &der, &err) && strstr(err.why, "without names"), "%s", err.why);
    CHECK(!csr_make(key, &bad, false, &der, &err) && strstr(err.why, "\"192.0.2.300\" is not an IP address"), "%s",
        err.why);
    CHECK(err.kind == ERROR_CONFIG && der.len == 0);
    CHECK(!csr_make(key, &good, false, &small, &err) && strstr(err.why, "larger than 20"), "%s", err.why);
}

/* A request as a user's tool makes it. */
static void put_request(const char *common, const char *san, struct buf *der)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = fixture_key("P-256");
    AUTO(X509_REQ_free) X509_REQ *req = X509_REQ_new();
    AUTO(exts_free) STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
    unsigned char *encoded = NULL;
    int len;

    REQUIRE(X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 && X509_REQ_set_pubkey(req, pkey) == 1);
    if (common != NULL)
        fixture_common_name(X509_REQ_get_subject_name(req), common);
    if (san != NULL) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);

        REQUIRE(ext != NULL && sk_X509_EXTENSION_push(exts, ext) == 1, "%s", san);
        REQUIRE(X509_REQ_add_extensions(req, exts) == 1);
    }
    REQUIRE(X509_REQ_sign(req, pkey, EVP_sha384()) > 0);
    len = i2d_X509_REQ(req, &encoded);
    REQUIRE(len > 0);
    buf_put(der, (struct view){ (char *)encoded, (size_t)len });
    OPENSSL_free(encoded);
}

static const struct {
    const char *name, *common, *san;
    const char *names, *dns, *why;
} read_cases[] = {
    { "no name at all", NULL, NULL, "", "", NULL },
    { "e-mail only", NULL, "email:me@a.example", "", "", NULL },
    { "CN only", "a.example", NULL, "a.example", "a.example", NULL },
    { "CN among the names", "b.example", "DNS:a.example,DNS:b.example", "b.example,a.example", "b.example,a.example",
        NULL },
    { "CN beside the names", "c.example", "DNS:a.example,IP:192.0.2.1", "c.example,a.example,192.0.2.1",
        "c.example,a.example", NULL },
    { "names only", NULL, "DNS:a.example,IP:2001:db8::1,DNS:a.example", "a.example,2001:db8::1", "a.example", NULL },
    { "in capital letters", "B.Example", "DNS:A.EXAMPLE,DNS:b.example,DNS:a.example", "b.example,a.example",
        "b.example,a.example", NULL },
    { "address as CN", "2001:DB8::1", "DNS:a.example,IP:2001:db8::1", "2001:db8::1,a.example", "a.example", NULL },
};

TEST(csr_read)
{
    for (size_t i = 0; i < COUNT(read_cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(1 << 16);
        AUTO(csr_free) struct csr *csr = NULL;
        AUTO(free) char *names = NULL, *dns = NULL;
        struct error err = { 0 };
        bool ok;

        put_request(read_cases[i].common, read_cases[i].san, &der);
        ok = csr_read(buf_view(&der), "my.csr", &csr, &err);
        CHECK(ok == (read_cases[i].why == NULL), "%s: %s", read_cases[i].name, err.why);
        CHECK(ok || (strstr(err.why, read_cases[i].why) && strstr(err.what, "my.csr") && err.kind == ERROR_CONFIG),
            "%s: %s", read_cases[i].name, err.why);
        if (!ok)
            continue;
        names = list_join(&csr->names, ",");
        dns = list_join(&csr->dns, ",");
        CHECK_TEXT(names, read_cases[i].names, read_cases[i].name);
        CHECK_TEXT(dns, read_cases[i].dns, read_cases[i].name);
    }
}

TEST(csr_cut_anywhere)
{
    AUTO(buf_clear) struct buf der = BUF(1 << 16);

    put_request("a.example", "DNS:a.example", &der);
    for (size_t len = 0; len < der.len; len++) {
        struct csr *csr = NULL;
        struct error err = { 0 };

        CHECK(!csr_read((struct view){ der.at, len }, "cut", &csr, &err) && csr == NULL, "%zu bytes", len);
        CHECK(err.kind == ERROR_CONFIG && err.why[0] != '\0', "%zu bytes: %s", len, err.why);
    }
}

TEST(csr_hostile)
{
    static const struct {
        const char *name, *from, *to;
        size_t len;
        const char *why;
    } cases[] = {
        { "another name under the same signature", "good.example", "evil.example", 12, "signature does not fit" },
        { "NUL in a name", "good.example", "good\0example", 12, "\"good?example\"" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(1 << 16);
        struct csr *csr = NULL;
        struct error err = { 0 };
        char *at;

        put_request(NULL, "DNS:good.example", &der);
        at = memmem(der.at, der.len, cases[i].from, cases[i].len);
        REQUIRE(at != NULL);
        memcpy(at, cases[i].to, cases[i].len);
        CHECK(!csr_read(buf_view(&der), "my.csr", &csr, &err) && csr == NULL, "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL && err.kind == ERROR_CONFIG, "%s: %s", cases[i].name, err.why);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", cases[i].name);
    }
}

TEST(csr_of_another_kind)
{
    struct csr *csr = NULL;
    struct error err = { 0 };

    CHECK(!csr_read(view_of("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), "f", &csr, &err));
    CHECK(strstr(err.why, "no PEM block \"CERTIFICATE REQUEST\" found") != NULL, "%s", err.why);
    CHECK(!csr_read(view_of(""), "f", &csr, &err) && strstr(err.why, "no PEM block"), "%s", err.why);
}

TEST_MAIN()
