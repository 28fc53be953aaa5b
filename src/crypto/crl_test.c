/* Revocation lists made by OpenSSL: who is in them, whom they are about, and which are not to be trusted. */
#include "crypto/crl.h"

#include "base/clock.h"
#include "crypto/fixture.h"

#define MINUTE 60
#define DAY 86400
#define POINT "http://crl.example/7.crl"

DEFINE_AUTO(X509_CRL, X509_CRL_free)

static struct {
    EVP_PKEY *ca_key, *stranger_key;
    struct cert *leaf, *issuer, *stranger, *namesake; /* namesake: the issuer's name, another key */
    int64_t now;
} scene;

static void scene_set(void)
{
    if (scene.leaf != NULL)
        return;
    scene.now = clock_from_date(2026, 12, 1, 0, 0, 0);
    scene.ca_key = fixture_key("P-256");
    scene.stranger_key = fixture_key("P-256");
    scene.issuer = fixture_cert(&(struct fixture){ .key = scene.ca_key, .subject = "CA" });
    scene.stranger = fixture_cert(&(struct fixture){ .key = scene.stranger_key, .subject = "Stranger" });
    scene.namesake = fixture_cert(&(struct fixture){ .key = scene.stranger_key, .subject = "CA" });
    scene.leaf = fixture_cert(&(struct fixture){
        .key = scene.stranger_key, .signer = scene.ca_key, .issuer = "CA", .serial = "8FA5CC", .crl = "URI:" POINT });
}

struct made { /* a list to make; zero is the plain one: without our certificate, fresh for a week */
    bool listed;
    int reason;                       /* 0: none */
    int more;                         /* other entries */
    int64_t this_update, next_update; /* relative to now */
    bool no_next, pem, stranger_signs, delta, odd_extension, odd_entry;
    const char *issuer; /* ["CA"] */
    const char *scope;  /* issuing distribution point as in openssl.cnf */
};

static ASN1_TIME *instant(int64_t at)
{
    ASN1_TIME *time = ASN1_TIME_new();
    char text[FIXTURE_INSTANT_SIZE];

    REQUIRE(ASN1_TIME_set_string_X509(time, fixture_instant(at, text)) == 1);
    return time;
}

/* A critical extension that nobody has heard of. */
static X509_EXTENSION *odd(void)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext;

    ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2);
    ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(value);
    return ext;
}

static void add_entry(X509_CRL *crl, const char *serial, int reason, bool is_odd)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *at = instant(scene.now - DAY);
    BIGNUM *number = NULL;
    ASN1_INTEGER *integer;

    REQUIRE(BN_hex2bn(&number, serial) > 0);
    integer = BN_to_ASN1_INTEGER(number, NULL);
    REQUIRE(X509_REVOKED_set_serialNumber(entry, integer) == 1 && X509_REVOKED_set_revocationDate(entry, at) == 1);
    if (reason != 0) {
        ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();

        ASN1_ENUMERATED_set(value, reason);
        REQUIRE(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, 0) == 1);
        ASN1_ENUMERATED_free(value);
    }
    if (is_odd) {
        X509_EXTENSION *ext = odd();

        REQUIRE(X509_REVOKED_add_ext(entry, ext, -1) == 1);
        X509_EXTENSION_free(ext);
    }
    REQUIRE(X509_CRL_add0_revoked(crl, entry) == 1);
    ASN1_INTEGER_free(integer);
    ASN1_TIME_free(at);
    BN_free(number);
}

static void add_extensions(X509_CRL *crl, const struct made *made)
{
    if (made->scope != NULL) {
        X509_EXTENSION *ext;
        X509V3_CTX ctx;

        X509V3_set_ctx(&ctx, NULL, NULL, NULL, crl, 0);
        ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_issuing_distribution_point, made->scope);

        REQUIRE(ext != NULL, "%s", made->scope);
        X509_EXTENSION_set_critical(ext, 1);
        REQUIRE(X509_CRL_add_ext(crl, ext, -1) == 1);
        X509_EXTENSION_free(ext);
    }
    if (made->delta) {
        ASN1_INTEGER *base = ASN1_INTEGER_new();

        ASN1_INTEGER_set(base, 3);
        REQUIRE(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0) == 1);
        ASN1_INTEGER_free(base);
    }
    if (made->odd_extension) {
        X509_EXTENSION *ext = odd();

        REQUIRE(X509_CRL_add_ext(crl, ext, -1) == 1);
        X509_EXTENSION_free(ext);
    }
}

static void put_crl(X509_CRL *crl, bool pem, struct buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    struct view bytes = { (const char *)der, (size_t)len };

    REQUIRE(len > 0);
    if (pem)
        pem_put(out, "X509 CRL", bytes);
    else
        buf_put(out, bytes);
    OPENSSL_free(der);
}

static void make(const struct made *made, struct buf *out)
{
    AUTO(X509_CRL_free) X509_CRL *crl = X509_CRL_new();
    X509_NAME *name = X509_NAME_new();
    ASN1_TIME *from = instant(scene.now + made->this_update);
    ASN1_TIME *until = instant(scene.now + (made->next_update == 0 ? 7 * DAY : made->next_update));

    fixture_common_name(name, made->issuer == NULL ? "CA" : made->issuer);
    REQUIRE(X509_CRL_set_version(crl, 1) == 1 && X509_CRL_set_issuer_name(crl, name) == 1);
    REQUIRE(X509_CRL_set1_lastUpdate(crl, from) == 1 && (made->no_next || X509_CRL_set1_nextUpdate(crl, until) == 1));
    for (int i = 0; i < made->more; i++) {
        char serial[16];

        (void)snprintf(serial, sizeof serial, "8F%04X", (i * 7919) & 0xffff); /* neighbours of ours, in no order */
        if (strcmp(serial, "8FA5CC") != 0)
            add_entry(crl, serial, i % 3, false);
    }
    if (made->listed)
        add_entry(crl, "8FA5CC", made->reason, false);
    if (made->odd_entry)
        add_entry(crl, "01", 0, true);
    add_extensions(crl, made);
    REQUIRE(X509_CRL_sign(crl, made->stranger_signs ? scene.stranger_key : scene.ca_key, EVP_sha256()) > 0);
    put_crl(crl, made->pem, out);
    X509_NAME_free(name);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
}

static const struct {
    const char *name;
    struct made made;
    const char *why; /* NULL: believed */
    bool revoked;
} cases[] = {
    { "signed by another key", { .listed = true, .stranger_signs = true }, "signature does not fit", 0 },
    { "of another issuer", { .listed = true, .issuer = "Stranger" }, "of another issuer", 0 },
    { "a delta", { .listed = true, .delta = true }, "delta", 0 },
    { "a critical extension", { .listed = true, .odd_extension = true }, "critical extension", 0 },
    { "a critical extension of an entry", { .listed = true, .odd_entry = true }, "an entry of the list", 0 },
    { "six minutes in the future", { .listed = true, .this_update = 6 * MINUTE }, "from the future", 0 },
    { "out of date for six minutes", { .listed = true, .this_update = -DAY, .next_update = -6 * MINUTE }, "out of date",
        0 },
    { "indirect", { .listed = true, .scope = "indirectCRL:TRUE" }, "indirect", 0 },
    { "another part", { .scope = "fullname:URI:http://crl.example/8.crl" }, "other certificates", 0 },
    { "CAs only", { .scope = "onlyCA:TRUE" }, "other certificates", 0 },
    { "attributes only", { .scope = "onlyAA:TRUE" }, "other certificates", 0 },
    { "nobody is in it", { 0 }, NULL, false },
    { "listed alone", { .listed = true }, NULL, true },
    { "not listed among many", { .more = 3000 }, NULL, false },
    { "listed among many", { .more = 3000, .listed = true }, NULL, true },
    { "PEM", { .listed = true, .more = 5, .pem = true }, NULL, true },
    { "compromised key", { .listed = true, .reason = 1 }, NULL, true },
    { "on hold", { .listed = true, .reason = 6 }, NULL, true },
    { "removed", { .listed = true, .reason = 8 }, NULL, false },
    { "our part, not listed", { .scope = "fullname:URI:" POINT }, NULL, false },
    { "our part, listed", { .listed = true, .scope = "fullname:URI:" POINT }, NULL, true },
    { "user certificates only", { .scope = "onlyuser:TRUE" }, NULL, false },
    { "another part, listed all the same", { .listed = true, .scope = "fullname:URI:http://crl.example/8.crl" }, NULL,
        true },
    { "four minutes in the future", { .listed = true, .this_update = 4 * MINUTE }, NULL, true },
    { "out of date for four minutes", { .listed = true, .this_update = -DAY, .next_update = -4 * MINUTE }, NULL, true },
    { "no next update", { .listed = true, .no_next = true }, NULL, true },
};

static bool look(struct view bytes, const struct cert *issuer, bool *revoked, struct error *err)
{
    AUTO(crl_free) struct crl *crl = NULL;

    return crl_read(bytes, issuer, &crl, err) && crl_lookup(crl, scene.leaf, issuer, scene.now, revoked, err);
}

TEST(lists)
{
    scene_set();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf bytes = BUF(CRL_MAX);
        bool revoked = !cases[i].revoked, untouched = revoked, ok;
        struct error err = { 0 };

        make(&cases[i].made, &bytes);
        ok = look(buf_view(&bytes), scene.issuer, &revoked, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_NETWORK, "%s: kind %d", cases[i].name, err.kind);
        CHECK(revoked == (ok ? cases[i].revoked : untouched), "%s: revoked %d", cases[i].name, revoked);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", cases[i].name);
    }
}

/* A list that was right for one issuer must not be used for another of the same name. */
TEST(another_issuer_of_the_same_name)
{
    AUTO(buf_clear) struct buf bytes = BUF(CRL_MAX);
    AUTO(crl_free) struct crl *crl = NULL;
    struct error err = { 0 };
    bool revoked;

    scene_set();
    make(&(struct made){ .listed = true }, &bytes);
    REQUIRE(crl_read(buf_view(&bytes), scene.issuer, &crl, &err), "%s", err.why);
    CHECK(!crl_lookup(crl, scene.leaf, scene.namesake, scene.now, &revoked, &err), "same name");
    CHECK(strstr(err.why, "another issuer") != NULL, "%s", err.why);
    CHECK(!crl_lookup(crl, scene.stranger, scene.issuer, scene.now, &revoked, &err), "not issued by it");
    CHECK(strstr(err.why, "another issuer") != NULL, "%s", err.why);
}

TEST(broken_lists)
{
    AUTO(buf_clear) struct buf bytes = BUF(CRL_MAX);
    static const char *const garbage[] = { "", "<html>404</html>", "-----BEGIN X509 CRL-----\n", "0" };
    bool revoked;

    scene_set();
    make(&(struct made){ .listed = true, .reason = 1, .more = 3, .scope = "fullname:URI:" POINT }, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        AUTO(free) char *copy = malloc(len > 0 ? len : 1); /* exactly as long: the sanitizer sees a step too far */
        struct error err = { 0 };

        memcpy(copy, bytes.at, len);
        CHECK(!look((struct view){ copy, len }, scene.issuer, &revoked, &err) && err.kind == ERROR_NETWORK,
            "cut to %zu", len);
    }
    for (size_t at = 0; at < bytes.len; at++) {
        struct error err = { 0 };

        bytes.at[at] ^= 1;
        if (look(buf_view(&bytes), scene.issuer, &revoked, &err))
            CHECK(revoked, "byte %zu changed what it says", at);
        bytes.at[at] ^= 1;
    }
    for (size_t i = 0; i < COUNT(garbage); i++) {
        struct error err = { 0 };

        CHECK(!look(view_of(garbage[i]), scene.issuer, &revoked, &err) && err.kind == ERROR_NETWORK, "%s", garbage[i]);
    }
}

TEST_MAIN()
