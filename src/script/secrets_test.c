/* Tests that secrets are hidden in each form in which programs write them, and nothing else is. */
#include "script/secrets.h"

#include "base/test.h"
#include "base/text.h"

#define TOKEN "s3cret/Token+\"1\" \xc3\xa9"

static const struct {
    const char *name, *secret, *text, *shown;
} cases[] = {
    { "as it is", TOKEN, "token=" TOKEN ";", "token=[hidden];" },
    { "several times", "abcd", "abcdabcd abcd", "[hidden][hidden] [hidden]" },
    { "at the end of a word", "token", "xtoken tokeny", "x[hidden] [hidden]y" },
    { "percent-encoded", TOKEN, "?t=s3cret%2FToken%2B%221%22%20%C3%A9&", "?t=[hidden]&" },
    { "with digits in lower case", TOKEN, "?t=s3cret%2fToken%2b%221%22%20%c3%a9&", "?t=[hidden]&" },
    { "as a form has it", TOKEN, "t=s3cret%2FToken%2B%221%22+%C3%A9", "t=[hidden]" },
    { "as a form has it, in lower case", TOKEN, "t=s3cret%2fToken%2b%221%22+%c3%a9", "t=[hidden]" },
    { "unreserved characters", "a-b.c_d~e", "a-b.c_d~e", "[hidden]" },
    { "in JSON", TOKEN, "{\"t\":\"s3cret/Token+\\\"1\\\" \xc3\xa9\"}", "{\"t\":\"[hidden]\"}" },
    { "in JSON with slashes escaped", TOKEN, "\"s3cret\\/Token+\\\"1\\\" \xc3\xa9\"", "\"[hidden]\"" },
    { "a line end in JSON", "two\nlines", "\"two\\nlines\" two\nlines", "\"[hidden]\" [hidden]" },
    { "in hexadecimal", "key 1", "6b65792031", "[hidden]" },
    { "in hexadecimal with blanks", "key 1", " 6b 65 79 20 31", " [hidden]" },
    { "in Base64", "secret", "c2VjcmV0", "[hidden]" },
    { "what fills it up goes, too", "secret-1", "c2VjcmV0LTE= c2VjcmV0LTE", "[hidden] [hidden]" },
    { "the alphabet for URLs", "\?\?>>\?\?>>", "Pz8-Pj8_Pj4 Pz8+Pj8/Pj4=", "[hidden] [hidden]" },
    { "behind two bytes", "secretsecret", "dTpzZWNyZXRzZWNyZXQ=", "dTp[hidden]Q=" },
    { "behind three", "secretsecret", "dXM6c2VjcmV0c2VjcmV0", "dXM6[hidden]" },
    { "behind four", "secretsecret", "dXNlOnNlY3JldHNlY3JldA==", "dXNlOn[hidden]A==" },
    { "in front of something", "secretsecret", "c2VjcmV0c2VjcmV0OmFiYw==", "[hidden]OmFiYw==" },
    { "too short", "abc", "abc YWJj 616263", "abc YWJj 616263" },
    { "too short for a piece of Base64", "abcd", "abcd YWJjZA==", "[hidden] [hidden]" },
    { "no piece of it by chance", "abcd", "YWJj eHhhYmNk", "YWJj eHhhYmNk" },
    { "nothing", "secret", "", "" },
    { "half of it", "secret", "secre ecret", "secre ecret" },
};

TEST(forms)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct secrets secrets = { 0 };
        AUTO(free) char *shown = NULL;

        secrets_add(&secrets, cases[i].secret);
        shown = secrets_hide(&secrets, view_of(cases[i].text));
        CHECK_TEXT(shown, cases[i].shown, cases[i].name);
        secrets_clear(&secrets);
        CHECK(secrets.values.len == 0 && secrets.forms.len == 0, "%s: cleared", cases[i].name);
    }
}

/* Whichever came first: of two that begin alike the longer one is hidden whole. */
TEST(longer_ones_first)
{
    static const char *const orders[][3] = { { "token", "token12", "token1" }, { "token12", "token1", "token" } };

    for (size_t i = 0; i < COUNT(orders); i++) {
        struct secrets secrets = { 0 };
        AUTO(free) char *shown = NULL;

        for (size_t n = 0; n < COUNT(orders[i]); n++)
            secrets_add(&secrets, orders[i][n]);
        shown = secrets_hide(&secrets, view_of("token1 token12 token token123"));
        CHECK_TEXT(shown, "[hidden] [hidden] [hidden] [hidden]3", "order");
        for (size_t n = 1; n < secrets.forms.len; n++)
            CHECK(strlen(secrets.forms.at[n - 1]) >= strlen(secrets.forms.at[n]), "%zu", n);
        secrets_clear(&secrets);
    }
}

TEST(each_once)
{
    struct secrets secrets = { 0 };
    size_t forms;

    secrets_add(&secrets, "plain");
    forms = secrets.forms.len;
    secrets_add(&secrets, "plain");
    CHECK_INT((int64_t)secrets.values.len, 1, "values");
    CHECK_INT((int64_t)secrets.forms.len, (int64_t)forms, "forms");
    secrets_clear(&secrets);
}

TEST(without_any)
{
    struct secrets secrets = { 0 };
    AUTO(free) char *shown = secrets_hide(&secrets, view_of("all of it"));

    CHECK_TEXT(shown, "all of it", "nothing is hidden");
    secrets_clear(&secrets);
}

TEST_MAIN()
