#include "base/test.h"

#include "acme/session.h"

#define MUST "\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\",\"newOrder\":\"https://ca/o\""

static const struct {
    const char *name, *body, *why; /* why: NULL when it parses */
} cases[] = {
    { "nothing", "", "not valid JSON" },
    { "a web page", "<!DOCTYPE html>", "not valid JSON" },
    { "an array", "[]", "not a JSON object" },
    { "cut short", "{" MUST, "not valid JSON" },
    { "no newNonce", "{\"newAccount\":\"https://ca/a\",\"newOrder\":\"https://ca/o\"}", "'newNonce' is missing" },
    { "no newOrder", "{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\"}", "'newOrder' is missing" },
    { "newNonce is a number", "{\"newNonce\":1,\"newAccount\":\"https://ca/a\",\"newOrder\":\"https://ca/o\"}",
        "not a string" },
    { "no URL", "{\"newNonce\":\"ca\",\"newAccount\":\"https://ca/a\",\"newOrder\":\"https://ca/o\"}", "newNonce" },
    { "newOrder is empty", "{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\",\"newOrder\":\"\"}",
        "newOrder" },
    { "random member", "{" MUST ",\"Ku2x9h4SPYw\":\"https://example.org/why\"}", NULL },
    { "null members", "{" MUST ",\"meta\":null,\"renewalInfo\":null}", NULL },
    { "least", "{" MUST "}", NULL },
};

TEST(directory_parse)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(directory_clear) struct directory directory = { 0 };
        struct error err = { 0 };
        bool ok = directory_parse(view_of(cases[i].body), &directory, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_ACME, "%s", cases[i].name);
        CHECK(ok || strstr(err.next, "--server") != NULL, "%s: %s", cases[i].name, err.next);
        CHECK(ok == (directory.new_nonce != NULL), "%s: *out", cases[i].name);
    }
}

TEST(everything_that_meta_may_say)
{
    AUTO(directory_clear) struct directory directory = { 0 };
    struct error err = { 0 };

    REQUIRE(directory_parse(
                view_of("{" MUST ",\"newAuthz\":\"https://ca/z\",\"keyChange\":\"https://ca/k\",\"revokeCert\":"
                        "\"https://ca/r\",\"renewalInfo\":\"https://ca/i\",\"meta\":{\"termsOfService\":\"https://ca/"
                        "t\\u001b\",\"website\":"
                        "\"https://"
                        "ca\",\"caaIdentities\":[\"CA.example\",7,\"\",\"ca;x\",\"ca.example.net\"],"
                        "\"externalAccountRequired\":true,"
                        "\"profiles\":{\"classic\":\"as ever\",\"short\":7}}}"),
                &directory, &err),
        "%s", err.why);
    CHECK_TEXT(directory.key_change, "https://ca/k", "keyChange");
    CHECK_TEXT(directory.revoke_cert, "https://ca/r", "revokeCert");
    CHECK_TEXT(directory.renewal_info, "https://ca/i", "renewalInfo");
    CHECK_TEXT(directory.terms_of_service, "https://ca/t?", "printable");
    CHECK(directory.external_account_required, "externalAccountRequired");
    REQUIRE(directory.caa_identities.len == 2, "%zu", directory.caa_identities.len);
    CHECK_TEXT(directory.caa_identities.at[0], "ca.example", "identity");
    CHECK_TEXT(directory.caa_identities.at[1], "ca.example.net", "identity");
    REQUIRE(directory.profiles.len == 2 && directory.profile_texts.len == 2, "%zu", directory.profiles.len);
    CHECK_TEXT(directory.profiles.at[0], "classic", "profile");
    CHECK_TEXT(directory.profile_texts.at[0], "as ever", "profile");
    CHECK_TEXT(directory.profile_texts.at[1], "", "a description that is no text");
}

TEST(what_cannot_be_read_is_not_there)
{
    static const char body[] =
        "{" MUST
        ",\"newAuthz\":\"\",\"keyChange\":\"\",\"revokeCert\":\"file:///etc/passwd\",\"renewalInfo\":7,\"meta\":"
        "{\"termsOfService\":[],\"caaIdentities\":\"ca.example\",\"externalAccountRequired\":\"false\",\"profiles\":["
        "\"classic\",7]}}";
    AUTO(directory_clear) struct directory directory = { 0 };
    struct error err = { 0 };

    REQUIRE(directory_parse(view_of(body), &directory, &err), "%s", err.why);
    CHECK(directory.key_change == NULL && directory.revoke_cert == NULL && directory.renewal_info == NULL);
    CHECK(directory.terms_of_service == NULL && !directory.external_account_required);
    REQUIRE(directory.profiles.len == 1 && directory.profile_texts.len == 1, "%zu", directory.profiles.len);
    CHECK_TEXT(directory.profiles.at[0], "classic", "a list of names");
}

TEST_MAIN()
