/* Profiles in the shared files of Amazon's tools. */
#include "recipe/aws_keys.h"

#include "base/test.h"

TEST(profiles)
{
    static const char text[] = "# keys\n[default]\naws_access_key_id = AKID1\naws_secret_access_key=s/1=\n\n"
                               "[profile two]\r\n aws_access_key_id = AKID2 \r\naws_secret_access_key = s2\r\n"
                               "aws_session_token = t2\n[half]\naws_access_key_id = AKID3\n[";
    static const struct {
        const char *profile;
        bool in_config;
        const char *key, *secret, *token; /* key NULL: not whole */
    } rows[] = {
        { "default", false, "AKID1", "s/1=", NULL },
        { "default", true, "AKID1", "s/1=", NULL },
        { "two", true, "AKID2", "s2", "t2" },
        { "two", false, NULL, NULL, NULL },
        { "half", false, NULL, NULL, NULL },
        { "none", true, NULL, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(vars_clear) struct vars vars = { 0 };
        bool found = aws_keys_read(view_of(text), rows[i].profile, rows[i].in_config, &vars);

        CHECK(found == (rows[i].key != NULL), "row %zu", i);
        if (!found)
            continue;
        CHECK_TEXT(value_text(vars_get(&vars, view_of("key"))), rows[i].key, "key");
        CHECK_TEXT(value_text(vars_get(&vars, view_of("secret"))), rows[i].secret, "secret");
        CHECK_TEXT(value_text(vars_get(&vars, view_of("token"))), rows[i].token, "token");
    }
}

TEST_MAIN()
