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
    { "no issuer", "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[],\"accounturi\":\"" KID "\"}",
        "0 names in 'issuer-domain-names'", CHALLENGE_DNS_PERSIST_01 },
    { "eleven issuers",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\","
        "\"h\",\"i\",\"j\",\"k\"],\"accounturi\":\"" KID "\"}",
        "11 names", CHALLENGE_DNS_PERSIST_01 },
    { "an issuer with upper case",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"CA.example\"],\"accounturi\":\"" KID "\"}",
        "something else than a domain name", CHALLENGE_DNS_PERSIST_01 },
    { "an issuer with a final dot",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"ca.example.\"],\"accounturi\":\"" KID
        "\"}",
        "something else than a domain name", CHALLENGE_DNS_PERSIST_01 },
    { "an issuer with a blank",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"ca example\"],\"accounturi\":\"" KID "\"}",
        "something else than a domain name", CHALLENGE_DNS_PERSIST_01 },
    { "an issuer with a parameter",
        "{\"type\":\"dns-persist-01\"," U "," S
        ",\"issuer-domain-names\":[\"ca.example;policy=wildcard\"],\"accounturi\":\"" KID "\"}",
        "something else than a domain name", CHALLENGE_DNS_PERSIST_01 },
    { "an issuer with a quotation mark",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"ca\\\"x\"],\"accounturi\":\"" KID "\"}",
        "something else than a domain name", CHALLENGE_DNS_PERSIST_01 },
    { "an account that is no URL",
        "{\"type\":\"dns-persist-01\"," U "," S ",\"issuer-domain-names\":[\"ca.example\"],\"accounturi\":\"x y\"}",
        "accounturi", CHALLENGE_DNS_PERSIST_01 },
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

#define KEY_AUTH                                                                                                       \
    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.2xBJ8QREcP86PLtLHFydJW-iz8TAQvnKfLWbh_DN3fM" /* by another program */
#define KEY_AUTH_DIGEST "Fww2oFgnQXd-6AbToFLOm2_5_Q05Sx7BIO1nolqUCoQ"                         /* by another program */
#define ACCOUNT "https://example.com/acme/acct/ExampleAccount"
#define LONG_LABEL "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."

static const struct {
    const char *name;
    enum challenge_type type;
    bool wildcard;
    const char *domain, *issuer, *uri;
    const char *record_name, *record_value, *digest, *why; /* why NULL: it is worked out */
} expected[] = {
    { "a type that nobody knows", CHALLENGE_OTHER, false, "example.org", NULL, NULL, NULL, NULL, NULL, "unknown type" },
    { "http-01", CHALLENGE_HTTP_01, false, "example.org", NULL, NULL, NULL, NULL, NULL, NULL },
    { "tls-alpn-01", CHALLENGE_TLS_ALPN_01, false, "example.org", NULL, NULL, NULL, NULL, KEY_AUTH_DIGEST, NULL },
    { "dns-01", CHALLENGE_DNS_01, false, "example.org", NULL, NULL, "_acme-challenge.example.org", KEY_AUTH_DIGEST,
        NULL, NULL },
    { "dns-01 for a wildcard", CHALLENGE_DNS_01, true, "example.org", NULL, NULL, "_acme-challenge.example.org",
        KEY_AUTH_DIGEST, NULL, NULL },
    { "a name that leaves no room for a label", CHALLENGE_DNS_01, false,
        LONG_LABEL LONG_LABEL LONG_LABEL LONG_LABEL "test", NULL, NULL, NULL, NULL, NULL, "too long" },
    { "dns-account-01, with the draft's example", CHALLENGE_DNS_ACCOUNT_01, false, "example.org", NULL, NULL,
        "_ujmmovf2vn55tgye._acme-challenge.example.org", KEY_AUTH_DIGEST, NULL, NULL },
    { "dns-persist-01", CHALLENGE_DNS_PERSIST_01, false, "example.org", "ca.example", NULL,
        "_validation-persist.example.org", "ca.example; accounturi=" ACCOUNT, NULL, NULL },
    { "dns-persist-01 for a wildcard", CHALLENGE_DNS_PERSIST_01, true, "example.org", "ca.example", ACCOUNT,
        "_validation-persist.example.org", "ca.example; accounturi=" ACCOUNT "; policy=wildcard", NULL, NULL },
    { "dns-persist-01, by another URI of the account", CHALLENGE_DNS_PERSIST_01, false, "example.org", "ca.example",
        "https://example.com/x", "_validation-persist.example.org", "ca.example; accounturi=https://example.com/x",
        NULL, NULL },
    { "dns-persist-01 for an account at another CA", CHALLENGE_DNS_PERSIST_01, false, "example.org", "ca.example",
        "https://example.net/acme/acct/7", NULL, NULL, NULL, "an account elsewhere" },
    { "dns-persist-01, a parameter in the URI", CHALLENGE_DNS_PERSIST_01, false, "example.org", "ca.example",
        ACCOUNT ";policy=wildcard", NULL, NULL, NULL, "does not fit" },
    { "dns-persist-01, a parameter in the issuer", CHALLENGE_DNS_PERSIST_01, false, "example.org",
        "ca.example; policy=wildcard", NULL, NULL, NULL, NULL, "does not fit" },
};

static bool expect(size_t i, const struct jwk *jwk, struct challenge_expected *out, struct error *err)
{
    AUTO(list_clear) struct list issuers = { 0 };
    struct challenge challenge = { .type = expected[i].type,
        .token = (char[]){ "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA" },
        .account_url = (char *)(uintptr_t)expected[i].uri };
    struct authz authz = { .wildcard = expected[i].wildcard,
        .identifier = { IDENTIFIER_DNS, (char *)(uintptr_t)expected[i].domain } };

    if (expected[i].issuer != NULL)
        list_add(&issuers, expected[i].issuer);
    challenge.issuer_names = issuers;
    return challenge_expect(&authz, &challenge, jwk, ACCOUNT, out, err);
}

static void check_worked_out(size_t i, const struct challenge_expected *got)
{
    static const uint8_t none[ALPN_DIGEST_SIZE];
    AUTO(buf_clear) struct buf digest = BUF(64);
    bool has_token = expected[i].type != CHALLENGE_DNS_PERSIST_01;

    CHECK_TEXT(got->key_authorization, has_token ? KEY_AUTH : NULL, expected[i].name);
    CHECK_TEXT(got->record_name, expected[i].record_name, expected[i].name);
    CHECK_TEXT(got->record_value, expected[i].record_value, expected[i].name);
    if (memcmp(got->digest, none, sizeof none) != 0)
        buf_put_base64url(&digest, (struct view){ (const char *)got->digest, sizeof got->digest });
    CHECK_TEXT(digest.len > 0 ? buf_text(&digest) : NULL, expected[i].digest, expected[i].name);
}

TEST(challenge_expect)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(expected); i++) {
        AUTO(challenge_expected_clear) struct challenge_expected got = { 0 };
        struct error err = { 0 };
        bool ok = expect(i, signer.jwk, &got, &err);

        CHECK(ok == (expected[i].why == NULL), "%s: %s", expected[i].name, err.why);
        CHECK(ok || strstr(err.why, expected[i].why) != NULL, "%s: %s", expected[i].name, err.why);
        if (ok)
            check_worked_out(i, &got);
        else
            CHECK(got.key_authorization == NULL && got.record_name == NULL, "%s: *out was touched", expected[i].name);
    }
}

TEST(a_fault_is_told)
{
    struct signer signer = script_signer();
    struct challenge challenge = { .type = CHALLENGE_HTTP_01, .fault = (char[]){ "member 'token' is missing" } };
    struct authz authz = { .identifier = { IDENTIFIER_DNS, (char[]){ "a.test" } } };
    struct challenge_expected got = { 0 };
    struct error err = { 0 };

    CHECK(!challenge_expect(&authz, &challenge, signer.jwk, ACCOUNT, &got, &err), "worked out");
    CHECK_INT(err.kind, ERROR_ACME, "the CA's fault");
    CHECK_TEXT(err.why, challenge.fault, "why");
}

TEST(kinds_of_types)
{
    static const enum challenge_kind kinds[] = { [CHALLENGE_HTTP_01] = CHALLENGE_FILE,
        [CHALLENGE_DNS_01] = CHALLENGE_RECORD,
        [CHALLENGE_TLS_ALPN_01] = CHALLENGE_CERTIFICATE,
        [CHALLENGE_DNS_ACCOUNT_01] = CHALLENGE_RECORD,
        [CHALLENGE_DNS_PERSIST_01] = CHALLENGE_STANDING_RECORD };

    for (size_t i = 0; i < COUNT(kinds); i++)
        CHECK_INT(challenge_kind_of((enum challenge_type)i), kinds[i], challenge_type_name((enum challenge_type)i));
}

TEST_MAIN()
