/* Signatures over requests, against examples that were worked out by others or with another implementation. */
#include "crypto/request_sign.h"

#include "base/test.h"

static const char *authorization(enum request_scheme scheme, const struct request_parts *parts,
    const struct request_keys *keys, int64_t now, struct list *out)
{
    struct error err = { 0 };

    if (!request_sign(scheme, parts, keys, now, "0123456789abcdef0123456789abcdef", out, &err))
        return "failed";
    return out->at[out->len - 1];
}

/* Amazon's examples "get-vanilla" and "get-vanilla-query-order-key", 2015-08-30T12:36:00Z. */
TEST(aws4)
{
    static const struct request_keys keys = { .key = "AKIDEXAMPLE",
        .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .region = "us-east-1",
        .service = "service" };
    static const struct {
        const char *query, *signature;
    } rows[] = {
        { "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "Param1=value1&Param2=value2", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list out = { 0 };
        struct request_parts parts = {
            .method = "GET", .host = "example.amazonaws.com", .path = "/", .query = rows[i].query
        };
        AUTO(free)
        char *want = xprintf("AWS4-HMAC-SHA256 "
                             "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                             "SignedHeaders=host;x-amz-date, Signature=%s",
            rows[i].signature);

        CHECK_TEXT(authorization(REQUEST_AWS4, &parts, &keys, 1440938160, &out), want, rows[i].query);
    }
}

TEST(what_is_missing)
{
    static const struct request_keys none = { .key = "a" };
    AUTO(list_clear) struct list out = { 0 };
    struct request_parts parts = { .method = "GET", .host = "h", .path = "/", .query = "" };
    enum request_scheme scheme;

    CHECK_TEXT(authorization(REQUEST_BCE, &parts, &none, 0, &out), "failed", "no secret");
    CHECK_INT((int64_t)out.len, 0, "nothing added");
    CHECK(!request_scheme_find("aws5", &scheme), "unknown");
    CHECK(request_scheme_find("edgegrid", &scheme) && scheme == REQUEST_EDGEGRID, "known");
}

/* Worked out with Python's hmac and hashlib, by the documents of the providers: see tests/integration/peers. */
TEST(others)
{
    static const struct list none = { 0 };
    static const struct request_keys keys = {
        .key = "AKID", .secret = "SECRET", .token = NULL, .region = "cn-north-1", .service = "dns"
    };
    static const struct request_keys no_region = { .key = "AKID", .secret = "SECRET", .service = "dnspod" };
    static const struct {
        enum request_scheme scheme;
        const char *end;
    } rows[] = {
        { REQUEST_TC3, "SignedHeaders=content-type;host, "
                       "Signature=b82cf7d072d4e8717985806bd1aee968a075bb78f559b6c09eb6c9ca6e16a2d7" },
        { REQUEST_ACS3, "Credential=AKID,SignedHeaders=content-type;host;x-acs-content-sha256;x-acs-date;x-acs-"
                        "signature-nonce,Signature=c745a4b2001edfa822850a48427a486bc330eaf37cf7d6d897960159a7590592" },
        { REQUEST_HUAWEI, "SDK-HMAC-SHA256 Access=AKID, SignedHeaders=content-type;host;x-sdk-date, "
                          "Signature=d98dd43d55c40e9b90354253e5d3804c6a49859f571d60b41bf6e269079d9461" },
        { REQUEST_VOLC, "HMAC-SHA256 Credential=AKID/20190225/cn-north-1/dns/request, "
                        "SignedHeaders=content-type;host;x-content-sha256;x-date, "
                        "Signature=bd969d99aa7b3b21aaf5df81e66fd57cfdd2f63f02a3db70dbda2a000a4e7391" },
        { REQUEST_BCE, "bce-auth-v1/AKID/2019-02-25T16:44:25Z/1800/host;x-bce-date/"
                       "ead748167f366c100782e57a39b74295f26737cb12e92b429e09171b74ede13d" },
        { REQUEST_EDGEGRID, "EG1-HMAC-SHA256 "
                            "client_token=;access_token=AKID;timestamp=20190225T16:44:25+0000;nonce="
                            "0123456789abcdef0123456789abcdef;signature=NriJ+9dEHSSy4HGLDJ/7q8LdUDEzIIQQq87uFynvjGA=" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list out = { 0 };
        struct request_parts parts = { .method = "POST",
            .host = "api.example.org",
            .path = "/v2/zones",
            .query = "a=1&b=x%20y",
            .content_type = "application/json",
            .body = view_of("{\"a\":1}"),
            .fields = &none };
        const char *got =
            authorization(rows[i].scheme, &parts, rows[i].scheme == REQUEST_TC3 ? &no_region : &keys, 1551113065, &out);

        CHECK(strstr(got, rows[i].end) != NULL, "%zu: %s", i, got);
    }
}

TEST_MAIN()
