#include "base/test.h"
#include "plugin/builtin.h"

static char long_token[300];

TEST(proof_check_http)
{
    static const struct {
        const char *name, *type, *token, *key_authorization, *why;
    } cases[] = {
        { "up and away", "http-01", "../../etc/cron.d/x", "k", "token" },
        { "a dot", "http-01", "a.b", "k", "token" },
        { "hidden file", "http-01", ".htaccess", "k", "token" },
        { "a slash", "http-01", "a/b", "k", "token" },
        { "empty", "http-01", "", "k", "token" },
        { "a blank", "http-01", "a b", "k", "token" },
        { "a line feed", "http-01", "ab\n", "k", "token" },
        { "padding", "http-01", "ab==", "k", "token" },
        { "not ASCII", "http-01", "\xc3\xa4", "k", "token" },
        { "longer than a file name", "http-01", long_token, "k", "token" },
        { "another type", "dns-01", "abc", "k", "dns-01" },
        { "no token", "http-01", NULL, "k", "http-01" },
        { "no content", "http-01", "abc", NULL, "http-01" },
        { "fine", "http-01", "aZ09-_", "k", NULL },
    };

    memset(long_token, 'x', 256);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proof proof = {
            .type = cases[i].type, .token = cases[i].token, .key_authorization = cases[i].key_authorization
        };
        struct error err = { 0 };
        bool ok = proof_check_http(&proof, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST_MAIN()
