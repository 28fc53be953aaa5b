/* Requests from steps: address, query, fields and body; variables of the moment; signatures of texts and of whole
 * requests. */
#include "recipe/request.h"

#include "base/test.h"
#include "base/text.h"

static const struct request_moment moment = { .now_ms = 1700000000123, .nonce = "0123456789abcdef0123456789abcdef" };

static struct value value_from(const char *json)
{
    struct value value = { 0 };
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(json), "json", &value, &err), "%s: %s", json, err.why);
    return value;
}

static void set_all(struct vars *vars)
{
    AUTO(value_clear) struct value token = value_from("\"s3cret/1\"");
    AUTO(value_clear) struct value list = value_from("[{\"a\":\"x\"},{\"a\":\"y z\"}]");

    vars_set(vars, "token", &token, true);
    vars_set(vars, "list", &list, false);
    vars_set_text(vars, "fqdn", "_acme-challenge.example.org");
    vars_set_text(vars, "value", "a b/c\"d");
    vars_set_text(vars, "empty", "");
}

/* "METHOD URL [NAME: VALUE] ... TYPE BODY"; what is wrong otherwise. Of the caller's. */
static char *build(const char *top, const char *step, const char *address)
{
    AUTO(value_clear) struct value what = value_from(step);
    static const char *const methods[] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE"
    };
    struct description description = { .top = value_from(top) };
    AUTO(request_clear) struct request request = { 0 };
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(buf_clear) struct buf text = BUF(65536);
    struct error err = { 0 };

    set_all(&vars);
    if (!request_build(&description, &what, address, &moment, &vars, &request, &err)) {
        CHECK_INT(err.kind, ERROR_CONFIG, step);
        buf_putf(&text, "failed: %s", err.why);
    } else {
        buf_putf(&text, "%s %s", methods[request.method], request.url);
        for (size_t i = 0; i + 1 < request.fields.len; i += 2)
            buf_putf(&text, " [%s: %s]", request.fields.at[i], request.fields.at[i + 1]);
        CHECK(request.has_body == (request.type != NULL), "%s: type", step);
        if (request.has_body)
            buf_putf(&text, " %s %s", request.type, buf_text(&request.body));
    }
    value_free_all(&description.top);
    return buf_take(&text);
}

#define BASE "{\"base\":\"https://x.test/v1\"}"

static const struct {
    const char *top, *step, *request;
} rows[] = {
    /* addresses */
    { BASE, "{\"do\":\"GET /a\"}", "GET https://x.test/v1/a" },
    { BASE, "{\"do\":\"GET ?a=b\"}", "GET https://x.test/v1?a=b" },
    { BASE, "{\"do\":\"GET /{fqdn}/{value}\"}", "GET https://x.test/v1/_acme-challenge.example.org/a%20b%2Fc%22d" },
    { BASE, "{\"do\":\"GET /{value|raw}\"}", "failed: an address with blanks or signs that do not belong in it" },
    { "{\"base\":\"https://x.test/v1/\"}", "{\"do\":\"GET /a\"}", "GET https://x.test/v1/a" },
    { "{\"base\":\"https://{fqdn}/\"}", "{\"do\":\"PUT /a\"}", "PUT https://_acme-challenge.example.org/a" },
    { BASE, "{\"do\":\"POST https://y.test/\"}", "POST https://y.test/" },
    { "{}", "{\"do\":\"DELETE https://y.test/a\"}", "DELETE https://y.test/a" },
    { "{}", "{\"do\":\"GET /a\"}", "failed: an address needs a 'base'" },
    { "{}", "{\"do\":\"GET http://y.test/a\"}",
        "failed: credentials are not sent without encryption: the address must be https" },
    { "{\"plain\":true}", "{\"do\":\"GET http://y.test/a\"}", "GET http://y.test/a" },
    { "{}", "{\"do\":\"GET http://127.0.0.1:8080/a\"}", "GET http://127.0.0.1:8080/a" },
    { "{}", "{\"do\":\"GET httpx://y.test/a\"}", "failed: an address that does not begin with https://" },
    { "{}", "{\"do\":\"GET https://u@y.test/a\"}", "failed: an address without a server, or with a user in it" },
    { "{}", "{\"do\":\"GET https:///a\"}", "failed: an address without a server, or with a user in it" },
    { "{}", "{\"do\":\"GET https://y.test/a#b\"}", "failed: an address with blanks or signs that do not belong in it" },
    { BASE, "{\"do\":\"GET /{nothing}\"}", "failed: 'nothing' is not set" },
    { BASE, "{\"do\":\"TRACE /\"}", "failed: 'TRACE /' is no request" },

    /* queries: as they stand in the address, or sorted with those that are added */
    { BASE, "{\"do\":\"GET /?b=2&a=1\"}", "GET https://x.test/v1/?b=2&a=1" },
    { BASE, "{\"do\":\"GET /?b=2&a=1\",\"query\":{\"aa\":\"{value}\",\"c\":\"{?nothing}\"}}",
        "GET https://x.test/v1/?a=1&aa=a%20b%2Fc%22d&b=2" },
    { "{\"base\":\"https://x.test\",\"query\":{\"key\":\"{token}\",\"v\":1}}",
        "{\"do\":\"GET /\",\"query\":{\"a b\":\"c\"}}", "GET https://x.test/?a%20b=c&key=s3cret%2F1&v=1" },
    { BASE, "{\"do\":\"GET /?\",\"query\":{\"c\":\"{?nothing}\"}}", "GET https://x.test/v1/" },
    { BASE, "{\"do\":\"GET /\",\"query\":{\"{*list}\":{\"i{n}\":\"{entry.a}\"}}}",
        "GET https://x.test/v1/?i1=x&i2=y%20z" },

    /* fields */
    { "{\"headers\":{\"Auth\":\"Bearer {token}\",\"A\":\"1\"}}",
        "{\"do\":\"GET https://x/\",\"headers\":{\"a\":\"2\",\"B\":\"3\"}}",
        "GET https://x/ [Auth: Bearer s3cret/1] [a: 2] [B: 3]" },
    { "{\"headers\":{\"A\":\"{nothing}\",\"B\":\"{empty}\",\"C\":\"c\"}}", "{\"do\":\"GET https://x/\"}",
        "GET https://x/ [C: c]" },
    { "{\"headers\":{\"A\":\"1\"}}", "{\"do\":\"GET https://x/\",\"headers\":{\"A\":\"\"}}", "GET https://x/" },
    { "{\"headers\":{\"A\":\"{value|unb64}\"}}", "{\"do\":\"GET https://x/\"}",
        "failed: a value that should be written in Base64 is not" },
    { "{\"headers\":{\"A\":[]}}", "{\"do\":\"GET https://x/\"}", "failed: the field 'A' is no text" },

    /* bodies */
    { BASE,
        "{\"do\":\"POST "
        "/\",\"json\":{\"v\":\"{value}\",\"l\":{\"{*list}\":\"{entry.a}\"},\"n\":1,\"x\":\"{?nothing}\"}}",
        "POST https://x.test/v1/ application/json {\"v\":\"a b/c\\\"d\",\"l\":[\"x\",\"y z\"],\"n\":1}" },
    { BASE, "{\"do\":\"POST /\",\"json\":{\"v\":\"{nothing}\"}}", "failed: 'nothing' is not set" },
    { BASE, "{\"do\":\"POST /\",\"form\":{\"v\":\"{value}\",\"e\":\"\",\"o\":\"{?empty}\"}}",
        "POST https://x.test/v1/ application/x-www-form-urlencoded v=a+b%2Fc%22d&e=" },
    { BASE, "{\"do\":\"POST /\",\"form\":{}}", "POST https://x.test/v1/ application/x-www-form-urlencoded " },
    { BASE, "{\"do\":\"PUT /\",\"xml\":{\"r\":{\"@k\":\"{value}\",\"a\":\"<\"}}}",
        "PUT https://x.test/v1/ text/xml; charset=utf-8 <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<r k=\"a b/c&quot;d\"><a>&lt;</a></r>" },
    { BASE, "{\"do\":\"PATCH /\",\"text\":\"{value};{value|json}\",\"type\":\"text/x\"}",
        "PATCH https://x.test/v1/ text/x a b/c\"d;a b/c\\\"d" },
    { BASE, "{\"do\":\"PATCH /\",\"text\":\"\"}", "PATCH https://x.test/v1/ text/plain; charset=utf-8 " },
    { BASE, "{\"do\":\"POST /\",\"json\":{},\"type\":\"application/x\"}", "POST https://x.test/v1/ application/x {}" },

    /* the moment, and what of the request fields and signatures can use */
    { BASE,
        "{\"do\":\"GET /a%20b?c=d\",\"headers\":{\"T\":\"{now} {now_ms} "
        "{isodate}\",\"D\":\"{httpdate}\",\"N\":\"{nonce} {uuid}\"}}",
        "GET https://x.test/v1/a%20b?c=d [T: 1700000000 1700000000123 2023-11-14T22:13:20Z] [D: Tue, 14 Nov 2023 "
        "22:13:20 GMT] "
        "[N: 0123456789abcdef0123456789abcdef 01234567-89ab-4def-a123-456789abcdef]" },
    { "{\"base\":\"https://x.test:8443\"}",
        "{\"do\":\"PUT ?q=1\",\"text\":\"B\",\"headers\":{\"P\":\"{method} {host} {path} {querytext} {body} {url}\"}}",
        "PUT https://x.test:8443?q=1 [P: PUT x.test:8443 / q=1 B https://x.test:8443?q=1] text/plain; charset=utf-8 "
        "B" },

    /* signatures of texts: RFC 2202 and RFC 1321 vouch for them in crypto; here for what is signed and where it goes */
    { "{\"base\":\"https://"
      "x.test\",\"sign\":{\"alg\":\"none\",\"text\":\"{method}+{url}+{body}\",\"as\":\"b64url\"},\"headers\":{\"S\":\"{"
      "sig}\"}}",
        "{\"do\":\"PUT /\",\"text\":\"B\"}",
        "PUT https://x.test/ [S: UFVUK2h0dHBzOi8veC50ZXN0LytC] text/plain; charset=utf-8 B" },
    { "{\"sign\":{\"alg\":\"md5\",\"text\":\"{url}\",\"as\":\"HEX\",\"to\":\"mine\"},\"query\":{\"s\":\"{mine}\"}}",
        "{\"do\":\"GET https://x/\"}", "GET https://x/?s=270D54F809223C27A54EE6A7A7ABB3E6" },
    { "{\"sign\":[{\"alg\":\"md5\",\"text\":\"\",\"to\":\"a\"},{\"alg\":\"sha1\",\"text\":\"{a}\",\"as\":\"b64\","
      "\"to\":\"b\"}],\"headers\":{\"S\":\"{b}\"}}",
        "{\"do\":\"GET https://x/\"}", "GET https://x/ [S: Z6dDBrBtDAFiT+DQJJpXD00JN0c=]" },
    { "{\"sign\":{\"alg\":\"hmac-md5\",\"key\":\"Jefe\",\"text\":\"what do ya want for "
      "nothing?\"},\"headers\":{\"S\":\"{sig}\"}}",
        "{\"do\":\"GET https://x/\"}", "GET https://x/ [S: 750c783e6ab0b503eaa86e310a5db738]" },
    { "{\"sign\":{\"alg\":\"md5\",\"text\":\"x\"},\"headers\":{\"S\":\"{sig}\"}}",
        "{\"do\":\"GET https://x/\",\"unsigned\":true}", "GET https://x/" },
    { "{\"sign\":{\"alg\":\"md5\"}}", "{\"do\":\"GET https://x/\"}", "failed: a signature needs a 'text'" },
    { "{\"sign\":{\"alg\":\"sha1\",\"text\":\"{nothing}\"}}", "{\"do\":\"GET https://x/\"}",
        "failed: 'nothing' is not set" },
    { "{\"sign\":{\"alg\":\"sha3\",\"text\":\"x\"}}", "{\"do\":\"GET https://x/\"}",
        "failed: 'sha3' is no way to sign" },
};

TEST(requests)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *request = build(rows[i].top, rows[i].step, NULL);

        CHECK_TEXT(request, rows[i].request, rows[i].step);
    }
}

/* An address from a reply is taken as it is: nothing is added to its query, but it is signed, and checked, too. */
TEST(addresses_from_replies)
{
    AUTO(free)
    char *next = build("{\"base\":\"https://x.test\",\"query\":{\"key\":\"k\"},\"headers\":{\"U\":\"{url}\"}}",
        "{\"do\":\"GET /a\",\"query\":{\"b\":\"c\"}}", "https://x.test/a?page=2");
    AUTO(free) char *plain = build("{}", "{\"do\":\"GET https://x.test/\"}", "http://x.test/a");

    CHECK_TEXT(next, "GET https://x.test/a?page=2 [U: https://x.test/a?page=2]", "as it is");
    CHECK(text_starts(plain, "failed: credentials are not sent without encryption"), "%s", plain);
}

/* Schemes over whole requests set fields of their own and want sorted queries. */
TEST(whole_requests)
{
    AUTO(free)
    char *aws = build(
        "{\"base\":\"https://x.test\",\"sign\":{\"alg\":\"aws4\",\"key\":\"AK\",\"secret\":\"{token}\",\"region\":"
        "\"us-east-1\",\"service\":\"route53\"}}",
        "{\"do\":\"GET /?b=2&a=1\"}", NULL);
    AUTO(free)
    char *unset = build("{\"sign\":{\"alg\":\"aws4\",\"key\":\"{nothing}\"}}", "{\"do\":\"GET https://x/\"}", NULL);

    CHECK(text_starts(aws, "GET https://x.test/?a=1&b=2 ["), "%s", aws);
    CHECK(strstr(aws, "AWS4-HMAC-SHA256 Credential=AK/20231114/us-east-1/route53/aws4_request") != NULL, "%s", aws);
    CHECK(strstr(aws, "s3cret") == NULL, "%s", aws);
    CHECK_TEXT(unset, "failed: 'nothing' is not set", "a key");
}

TEST(too_large)
{
    AUTO(buf_clear) struct buf step = BUF(8 * 1024 * 1024), address = BUF(65536);
    AUTO(free) char *body = NULL, *url = NULL;

    buf_put_text(&step, "{\"do\":\"POST https://x/\",\"json\":[");
    for (int i = 0; i < 600000; i++)
        buf_put_text(&step, i == 0 ? "1" : ",1");
    buf_put_text(&step, "]}");
    body = build("{}", buf_text(&step), NULL);
    CHECK_TEXT(body, "failed: the body would be larger than 1048576 bytes", "a body");
    buf_put_text(&address, "{\"do\":\"GET https://x/");
    for (int i = 0; i < 5000; i++)
        buf_put_char(&address, 'a');
    buf_put_text(&address, "\"}");
    url = build("{}", buf_text(&address), NULL);
    CHECK(strstr(url, "more than 4096 bytes") != NULL, "%s", url);
}

TEST(same_servers)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        { "https://x.test/a", "https://x.test/b?c", true },
        { "https://X.test", "HTTPS://x.TEST/b", true },
        { "https://x.test?a", "https://x.test#b", true },
        { "https://x.test/a", "http://x.test/a", false },
        { "https://x.test/a", "https://x.test:443/a", false },
        { "https://x.test/a", "https://x.test.evil.test/a", false },
        { "https://x.test/a", "https://x.test@evil.test/a", false },
        { "https://x.test/a", "https://y.test/a", false },
    };

    for (size_t i = 0; i < COUNT(pairs); i++)
        CHECK(request_same_server(pairs[i].a, pairs[i].b) == pairs[i].same, "%s and %s", pairs[i].a, pairs[i].b);
}

TEST_MAIN()
