#include "acme/challenge.h"

#include "acme/script.h"

#define U "\"url\":\"" CA "/chall/1\""
#define S "\"status\":\"pending\""
#define T "\"token\":\"DGyRejmCefe7v4NfDGDKfA\""

static const struct {
    const char *name, *json, *why; /* why: its fault, NULL when it has none */
    enum challenge_type type;
} cases[] = {
    { "no object", "[]", NULL, CHALLENGE_OTHER },
    { "no type", "{" U "," S "," T "}", NULL, CHALLENGE_OTHER },
    { "no url", "{\"type\":\"http-01\"," S "," T "}", "'url' is missing", CHALLENGE_HTTP_01 },
    { "a file as url", "{\"type\":\"http-01\",\"url\":\"file:///x\"," S "," T "}", "url", CHALLENGE_HTTP_01 },
    { "no status", "{\"type\":\"http-01\"," U "," T "}", NULL, CHALLENGE_HTTP_01 },
    { "unknown status", "{\"type\":\"http-01\"," U ",\"status\":\"paused\"," T "}", NULL, CHALLENGE_HTTP_01 },
    { "no token", "{\"type\":\"http-01\"," U "," S "}", "'token' is missing", CHALLENGE_HTTP_01 },
    { "empty token", "{\"type\":\"dns-01\"," U "," S ",\"token\":\"\"}", "not base64url", CHALLENGE_DNS_01 },
    { "a path as token", "{\"type\":\"http-01\"," U "," S ",\"token\":\"../../etc/cron.d/x\"}", "not base64url",
        CHALLENGE_HTTP_01 },
    { "a padded token", "{\"type\":\"tls-alpn-01\"," U "," S ",\"token\":\"abc=\"}", "not base64url",
        CHALLENGE_TLS_ALPN_01 },
    { "a line feed in the token", "{\"type\":\"http-01\"," U "," S ",\"token\":\"abc\\nx\"}", "not base64url",
        CHALLENGE_HTTP_01 },
    { "token is a number", "{\"type\":\"dns-account-01\"," U "," S ",\"token\":1}", "not a string",
        CHALLENGE_DNS_ACCOUNT_01 },
    { "issuers are no list", "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":\"ca\"}",
        "issuer-domain-names", CHALLENGE_DNS_PERSIST_01 },
    { "unknown type, nothing else", "{\"type\":\"onion-csr-01\",\"token\":7}", NULL, CHALLENGE_OTHER },
    { "http-01", "{\"type\":\"http-01\"," U "," S "," T "}", NULL, CHALLENGE_HTTP_01 },
    { "error and records of wrong kinds",
        "{\"type\":\"dns-01\"," U "," S "," T ",\"error\":7,\"validationRecord\":[7,{},\"x\"]}", NULL,
        CHALLENGE_DNS_01 },
    { "tls-alpn-01", "{\"type\":\"tls-alpn-01\"," U "," S "," T "}", NULL, CHALLENGE_TLS_ALPN_01 },
    { "dns-account-01", "{\"type\":\"dns-account-01\"," U "," S "," T "}", NULL, CHALLENGE_DNS_ACCOUNT_01 },
    { "dns-persist-01",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"ca.example\"],\"accounturi\":\"" KID "\"}",
        NULL, CHALLENGE_DNS_PERSIST_01 },
};

TEST(challenge_read)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(doc_free) struct doc *doc = NULL;
        AUTO(challenge_clear) struct challenge challenge = { 0 };
        struct error err = { 0 };

        REQUIRE(doc_read(view_of(cases[i].json), "test", &doc, &err), "%s", err.why);
        challenge_read(doc_root(doc), &challenge);
        CHECK((challenge.fault == NULL) == (cases[i].why == NULL), "%s: %s", cases[i].name, challenge.fault);
        CHECK(cases[i].why == NULL || strstr(challenge.fault, cases[i].why) != NULL, "%s: %s", cases[i].name,
            challenge.fault);
        CHECK_INT(challenge.type, cases[i].type, cases[i].name);
        CHECK_INT(challenge.status, CHALLENGE_PENDING, cases[i].name);
        CHECK(challenge.records.len == 0, "%s: records", cases[i].name);
    }
}

TEST(names_of_types)
{
    for (int i = CHALLENGE_HTTP_01; i < CHALLENGE_OTHER; i++)
        CHECK_INT(challenge_type_of(challenge_type_name((enum challenge_type)i)), i, "there and back");
    CHECK_INT(challenge_type_of("HTTP-01"), CHALLENGE_OTHER, "case matters");
    CHECK_INT(challenge_type_of("other"), CHALLENGE_OTHER, "other");
}

static const struct {
    const char *name;
    struct step steps[2];
    size_t count;
    const char *why; /* NULL: taken as answered */
} answers[] = {
    { "taken", { { "POST " CA "/chall/1", "{}", 200, NULL, "{}" } }, 1, NULL },
    { "refused",
        { { "POST " CA "/chall/1", "{}", 403, NULL,
            "{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":\"no\"}" } },
        1, "no" },
    { "was answered by another order",
        { { "POST " CA "/chall/1", "{}", 400, NULL,
              "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"not pending\"}" },
            { "POST " CA "/chall/1", "", 200, NULL, "{\"type\":\"http-01\"," U ",\"status\":\"valid\"," T "}" } },
        2, NULL },
    { "malformed and still pending",
        { { "POST " CA "/chall/1", "{}", 400, NULL,
              "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"not an object\"}" },
            { "POST " CA "/chall/1", "", 200, NULL, "{\"type\":\"http-01\"," U "," S "," T "}" } },
        2, "not an object" },
    { "malformed and gone",
        { { "POST " CA "/chall/1", "{}", 400, NULL,
              "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"not an object\"}" },
            { "POST " CA "/chall/1", "", 404, NULL, "" } },
        2, "not an object" },
};

TEST(challenge_answer)
{
    struct signer signer = script_signer();
    struct challenge challenge = { .type = CHALLENGE_HTTP_01, .url = (char[]){ CA "/chall/1" } };
    const struct challenge other = { .type = CHALLENGE_OTHER };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(script_clear) struct script script = { 0 };
        bool ok;

        error_clear(&err);
        script_open(&script, answers[i].steps, answers[i].count);
        ok = challenge_answer(script.session, script_who(&signer), &challenge, &err);
        CHECK(ok == (answers[i].why == NULL), "%s: %s", answers[i].name, err.why);
        CHECK(ok || strstr(err.why, answers[i].why) != NULL, "%s: %s", answers[i].name, err.why);
        CHECK(ok || strstr(err.what, "http-01") != NULL, "%s: %s", answers[i].name, err.what);
        CHECK(!ok || err.kind == ERROR_NONE, "%s", answers[i].name);
    }
    CHECK(!challenge_answer(NULL, script_who(&signer), &other, &err), "answered");
    CHECK_INT(err.kind, ERROR_INTERNAL, "a type that nobody knows");
}

TEST(what_to_put_where)
{
    struct signer signer = script_signer();
    AUTO(buf_clear) struct buf authorization = BUF(1024);
    AUTO(buf_clear) struct buf value = BUF(1024);
    AUTO(buf_clear) struct buf text = BUF(64);
    AUTO(buf_clear) struct buf tiny = BUF(10);
    uint8_t digest[ALPN_DIGEST_SIZE];
    struct error err = { 0 };

    CHECK(key_authorization("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", signer.jwk, &authorization, &err), "%s",
        err.why);
    CHECK_TEXT(buf_text(&authorization),
        "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.2xBJ8QREcP86PLtLHFydJW-iz8TAQvnKfLWbh_DN3fM",
        "computed by another implementation");
    CHECK(dns_01_value(buf_view(&authorization), &value, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&value), "Fww2oFgnQXd-6AbToFLOm2_5_Q05Sx7BIO1nolqUCoQ", "computed by another implementation");
    CHECK(tls_alpn_01_digest(buf_view(&authorization), digest, &err), "%s", err.why);
    buf_put_base64url(&text, (struct view){ (const char *)digest, sizeof digest });
    CHECK_TEXT(buf_text(&text), buf_text(&value), "the digest of the TXT value, as bytes");
    CHECK(!key_authorization("evaGxfADs6p", signer.jwk, &tiny, &err), "fitted");
}

static const struct {
    const char *issuer, *account, *want; /* want NULL: refused */
    bool wildcard;
    int64_t until;
} persisting[] = {
    { "ca.example; policy=wildcard", KID, NULL, false, 0 },
    { "ca.example", "https://ca\" \"x", NULL, false, 0 },
    { "", KID, NULL, false, 0 },
    { "ca.example", KID, "ca.example; accounturi=" KID, false, 0 },
    { "ca.example", KID, "ca.example; accounturi=" KID "; policy=wildcard; persistUntil=1800000000", true, 1800000000 },
};

TEST(dns_persist_01_value)
{
    for (size_t i = 0; i < COUNT(persisting); i++) {
        AUTO(buf_clear) struct buf value = BUF(1024);
        struct error err = { 0 };
        bool ok = dns_persist_01_value(
            persisting[i].issuer, persisting[i].account, persisting[i].wildcard, persisting[i].until, &value, &err);

        CHECK(ok == (persisting[i].want != NULL), "%s: %s", persisting[i].issuer, err.why);
        CHECK_TEXT(ok ? buf_text(&value) : NULL, persisting[i].want, persisting[i].issuer);
    }
}

static const struct {
    enum challenge_type type;
    const char *domain, *want; /* want NULL: refused */
} records[] = {
    { CHALLENGE_HTTP_01, "example.org", NULL },
    { CHALLENGE_TLS_ALPN_01, "example.org", NULL },
    { CHALLENGE_OTHER, "example.org", NULL },
    { CHALLENGE_DNS_01, "example.org", "_acme-challenge.example.org" },
    { CHALLENGE_DNS_01, "*.example.org", "_acme-challenge.example.org" },
    { CHALLENGE_DNS_ACCOUNT_01, "*.example.org",
        "_ujmmovf2vn55tgye._acme-challenge.example.org" }, /* the draft's example */
    { CHALLENGE_DNS_PERSIST_01, "example.org", "_validation-persist.example.org" },
};

TEST(challenge_record_name)
{
    for (size_t i = 0; i < COUNT(records); i++) {
        AUTO(buf_clear) struct buf name = BUF(300);
        struct error err = { 0 };
        bool ok = challenge_record_name(
            records[i].type, records[i].domain, "https://example.com/acme/acct/ExampleAccount", &name, &err);

        CHECK(ok == (records[i].want != NULL), "%s: %s", records[i].domain, err.why);
        CHECK_TEXT(ok ? buf_text(&name) : NULL, records[i].want, records[i].domain);
    }
}

TEST_MAIN()
