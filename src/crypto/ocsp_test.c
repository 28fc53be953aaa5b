/* OCSP against OpenSSL's own responses: who may answer, about what, and when. */
#include "crypto/ocsp.h"

#include <openssl/ocsp.h>

#include "base/clock.h"
#include "crypto/fixture.h"

#define MINUTE 60
#define DAY 86400

DEFINE_AUTO(OCSP_CERTID, OCSP_CERTID_free)
DEFINE_AUTO(OCSP_REQUEST, OCSP_REQUEST_free)
DEFINE_AUTO(OCSP_RESPONSE, OCSP_RESPONSE_free)
DEFINE_AUTO(OCSP_BASICRESP, OCSP_BASICRESP_free)
DEFINE_AUTO(ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free)

/* The signer of a response. The stranger is another CA with the same name as the issuer. */
enum signer { BY_ISSUER, BY_STRANGER, BY_DELEGATE, BY_PLAIN, BY_EXPIRED, BY_STRANGERS_DELEGATE, BY_COUNT };

static struct {
    EVP_PKEY *ca_key, *stranger_key, *leaf_key, *delegate_key;
    X509 *ca, *stranger, *leaf, *other_leaf;
    X509 *signers[BY_COUNT];
    struct cert *cert, *issuer;
    int64_t now;
} scene;

static struct cert *as_cert(X509 *x509)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    struct cert *cert = NULL;
    struct error err = { 0 };

    REQUIRE(cert_from_der((struct view){ (const char *)der, (size_t)len }, "x", &cert, &err), "%s", err.why);
    OPENSSL_free(der);
    return cert;
}

static X509 *delegate(EVP_PKEY *signer, const char *usage, const char *not_after)
{
    return fixture_x509(&(struct fixture){ .key = scene.delegate_key,
        .signer = signer,
        .subject = "Responder",
        .issuer = "CA",
        .extended_usage = usage,
        .not_after = not_after });
}

static void scene_set(void)
{
    if (scene.ca != NULL)
        return;
    scene.now = clock_from_date(2026, 12, 1, 0, 0, 0);
    scene.ca_key = fixture_key("P-256");
    scene.stranger_key = fixture_key("P-256");
    scene.leaf_key = fixture_key("P-256");
    scene.delegate_key = fixture_key("P-256");
    scene.ca = fixture_x509(&(struct fixture){ .key = scene.ca_key, .subject = "CA" });
    scene.stranger = fixture_x509(&(struct fixture){ .key = scene.stranger_key, .subject = "CA" });
    scene.leaf = fixture_x509(&(struct fixture){
        .key = scene.leaf_key, .signer = scene.ca_key, .issuer = "CA", .subject = "leaf", .serial = "8FA5CC" });
    scene.other_leaf = fixture_x509(&(struct fixture){
        .key = scene.leaf_key, .signer = scene.ca_key, .issuer = "CA", .subject = "leaf", .serial = "8FA5CD" });
    scene.signers[BY_ISSUER] = scene.ca;
    scene.signers[BY_STRANGER] = scene.stranger;
    scene.signers[BY_DELEGATE] = delegate(scene.ca_key, "OCSPSigning", NULL);
    scene.signers[BY_PLAIN] = delegate(scene.ca_key, "serverAuth", NULL);
    scene.signers[BY_EXPIRED] = delegate(scene.ca_key, "OCSPSigning", "261130235400Z");
    scene.signers[BY_STRANGERS_DELEGATE] = delegate(scene.stranger_key, "OCSPSigning", NULL);
    scene.cert = as_cert(scene.leaf);
    scene.issuer = as_cert(scene.ca);
}

struct made { /* a response to make; zero is the plain one: good, signed by the issuer, fresh for a week */
    int status, response_status;
    enum signer signer;
    X509 *const *about, *const *about_issuer;
    int64_t this_update, next_update; /* relative to now */
    bool by_key, no_next, no_certs, twice, wrong_hash;
};

static ASN1_GENERALIZEDTIME *instant(int64_t at)
{
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_new();
    char text[FIXTURE_INSTANT_SIZE];

    REQUIRE(ASN1_GENERALIZEDTIME_set_string(time, fixture_instant(at, text)) == 1);
    return time;
}

static void add_status(OCSP_BASICRESP *basic, const struct made *made, X509 *about)
{
    X509 *issuer = made->about_issuer != NULL ? *made->about_issuer : scene.ca;
    AUTO(OCSP_CERTID_free)
    OCSP_CERTID *id = OCSP_cert_to_id(made->wrong_hash ? EVP_sha256() : EVP_sha1(), about, issuer);
    AUTO(ASN1_GENERALIZEDTIME_free) ASN1_GENERALIZEDTIME *since = instant(scene.now - DAY);
    AUTO(ASN1_GENERALIZEDTIME_free) ASN1_GENERALIZEDTIME *from = instant(scene.now + made->this_update);
    AUTO(ASN1_GENERALIZEDTIME_free)
    ASN1_GENERALIZEDTIME *until = instant(scene.now + (made->next_update == 0 ? 7 * DAY : made->next_update));

    REQUIRE(OCSP_basic_add1_status(basic, id, made->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                made->status == V_OCSP_CERTSTATUS_REVOKED ? since : NULL, from, made->no_next ? NULL : until) != NULL);
}

static void make(const struct made *made, struct buf *out)
{
    AUTO(OCSP_BASICRESP_free) OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    AUTO(OCSP_RESPONSE_free) OCSP_RESPONSE *response = NULL;
    EVP_PKEY *key = made->signer == BY_ISSUER     ? scene.ca_key
                    : made->signer == BY_STRANGER ? scene.stranger_key
                                                  : scene.delegate_key;
    unsigned long flags = (made->by_key ? OCSP_RESPID_KEY : 0) | (made->no_certs ? OCSP_NOCERTS : 0);
    unsigned char *der = NULL;
    int len;

    if (made->twice)
        add_status(basic, made, scene.other_leaf);
    add_status(basic, made, made->about != NULL ? *made->about : scene.leaf);
    REQUIRE(OCSP_basic_sign(basic, scene.signers[made->signer], key, EVP_sha256(), NULL, flags) == 1);
    response = OCSP_response_create(made->response_status, made->response_status == 0 ? basic : NULL);
    len = i2d_OCSP_RESPONSE(response, &der);
    REQUIRE(len > 0);
    buf_put(out, (struct view){ (const char *)der, (size_t)len });
    OPENSSL_free(der);
}

#define GOOD                                                                                                           \
    {                                                                                                                  \
        .status = V_OCSP_CERTSTATUS_GOOD                                                                               \
    }
#define REVOKED .status = V_OCSP_CERTSTATUS_REVOKED

static const struct {
    const char *name;
    struct made made;
    const char *why; /* NULL: believed */
    enum ocsp_status want;
} cases[] = {
    { "another serial number", { REVOKED, .about = &scene.other_leaf }, "another certificate", 0 },
    { "another issuer's key", { REVOKED, .about_issuer = &scene.stranger }, "another certificate", 0 },
    { "ids of another kind", { REVOKED, .wrong_hash = true }, "another certificate", 0 },
    { "signed by a stranger of the same name", { REVOKED, .signer = BY_STRANGER }, "signature does not fit", 0 },
    { "signed by a stranger, named by key", { REVOKED, .signer = BY_STRANGER, .by_key = true }, "did not sign", 0 },
    { "a responder not meant for it", { REVOKED, .signer = BY_PLAIN }, "not meant for OCSP signing", 0 },
    { "a stranger's responder", { REVOKED, .signer = BY_STRANGERS_DELEGATE }, "did not sign the responder's", 0 },
    { "a responder that has expired", { REVOKED, .signer = BY_EXPIRED }, "not valid now", 0 },
    { "a responder without certificate", { REVOKED, .signer = BY_DELEGATE, .no_certs = true }, "neither the issuer",
        0 },
    { "six minutes in the future", { REVOKED, .this_update = 6 * MINUTE }, "from the future", 0 },
    { "out of date for six minutes", { REVOKED, .this_update = -DAY, .next_update = -6 * MINUTE }, "out of date", 0 },
    { "refused", { .response_status = OCSP_RESPONSE_STATUS_UNAUTHORIZED }, "OCSPResponseStatus.UNAUTHORIZED", 0 },
    { "too busy", { .response_status = OCSP_RESPONSE_STATUS_TRYLATER }, "OCSPResponseStatus.TRY_LATER", 0 },
    { "good", GOOD, NULL, OCSP_GOOD },
    { "revoked", { REVOKED }, NULL, OCSP_REVOKED },
    { "unknown", { .status = V_OCSP_CERTSTATUS_UNKNOWN }, NULL, OCSP_UNKNOWN },
    { "issuer named by key", { REVOKED, .by_key = true }, NULL, OCSP_REVOKED },
    { "issuer's certificate left out", { REVOKED, .no_certs = true }, NULL, OCSP_REVOKED },
    { "by a delegated responder", { REVOKED, .signer = BY_DELEGATE }, NULL, OCSP_REVOKED },
    { "by a delegated responder, named by key", { REVOKED, .signer = BY_DELEGATE, .by_key = true }, NULL,
        OCSP_REVOKED },
    { "four minutes in the future", { REVOKED, .this_update = 4 * MINUTE }, NULL, OCSP_REVOKED },
    { "out of date for four minutes", { REVOKED, .this_update = -DAY, .next_update = -4 * MINUTE }, NULL,
        OCSP_REVOKED },
    { "no next update", { REVOKED, .this_update = -90 * DAY, .no_next = true }, NULL, OCSP_REVOKED },
    { "the second of two", { REVOKED, .twice = true }, NULL, OCSP_REVOKED },
};

TEST(responses_are_believed_from_the_right_mouth_only)
{
    scene_set();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf response = BUF(OCSP_MAX_RESPONSE);
        enum ocsp_status status = (enum ocsp_status)77;
        struct error err = { 0 };
        bool ok;

        make(&cases[i].made, &response);
        ok = ocsp_judge(buf_view(&response), scene.cert, scene.issuer, scene.now, &status, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK_INT(err.kind,
            ok                                   ? ERROR_NONE
            : cases[i].made.response_status != 0 ? ERROR_ACME
                                                 : ERROR_NETWORK,
            cases[i].name);
        CHECK_INT(status, ok ? cases[i].want : (enum ocsp_status)77, cases[i].name);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", cases[i].name);
    }
}

/* A response cut short or changed anywhere is never accepted, and never read beyond its end. */
TEST(broken_responses)
{
    AUTO(buf_clear) struct buf response = BUF(OCSP_MAX_RESPONSE);
    enum ocsp_status status;

    scene_set();
    make(&(struct made){ REVOKED, .signer = BY_DELEGATE }, &response);
    for (size_t len = 0; len < response.len; len++) {
        AUTO(free) char *copy = malloc(len > 0 ? len : 1); /* exactly as long: the sanitizer sees a step too far */
        struct error err = { 0 };

        memcpy(copy, response.at, len);
        CHECK(!ocsp_judge((struct view){ copy, len }, scene.cert, scene.issuer, scene.now, &status, &err), "cut to %zu",
            len);
        CHECK_INT(err.kind, ERROR_NETWORK, "cut");
    }
    for (size_t at = 0; at < response.len; at++) {
        struct error err = { 0 };

        response.at[at] ^= 1;
        if (ocsp_judge(buf_view(&response), scene.cert, scene.issuer, scene.now, &status, &err))
            CHECK(status == OCSP_REVOKED, "byte %zu changed what it says", at);
        response.at[at] ^= 1;
    }
    for (size_t i = 0; i < 2; i++) {
        const char *garbage = i == 0 ? "<html>404</html>" : "";
        struct error err = { 0 };

        CHECK(!ocsp_judge(view_of(garbage), scene.cert, scene.issuer, scene.now, &status, &err), "garbage");
        CHECK(strstr(err.why, "OCSP response") != NULL, "%s", err.why);
    }
}

TEST(request_is_as_openssl_makes_it)
{
    AUTO(buf_clear) struct buf ours = BUF(OCSP_MAX_REQUEST), small = BUF(40);
    AUTO(OCSP_REQUEST_free) OCSP_REQUEST *request = OCSP_REQUEST_new();
    unsigned char *der = NULL;
    struct error err = { 0 };
    int len;

    scene_set();
    REQUIRE(ocsp_request(scene.cert, scene.issuer, &ours, &err), "%s", err.why);
    REQUIRE(OCSP_request_add0_id(request, OCSP_cert_to_id(EVP_sha1(), scene.leaf, scene.ca)) != NULL);
    len = i2d_OCSP_REQUEST(request, &der);
    REQUIRE(len > 0);
    CHECK(view_equal(buf_view(&ours), (struct view){ (const char *)der, (size_t)len }), "%zu bytes, not %d", ours.len,
        len);
    OPENSSL_free(der);
    CHECK(!ocsp_request(scene.cert, scene.issuer, &small, &err) && strstr(err.why, "does not fit"), "%s", err.why);
}

TEST_MAIN()
