#include "issuance/request.h"

#include "fixture.h"

TEST(a_profile_is_asked_for)
{
    static const struct {
        const char *name, *options, *want;
    } cases[] = {
        { "none", NULL, NULL },
        { "one that there is", "required-profile=short", "short" },
        { "one that the CA does not name: it may know it", "required-profile=secret", "secret" },
        { "one that is preferred", "preferred-profile=short", "short" },
        { "one that is preferred, and that there is not", "preferred-profile=secret", NULL },
        { "both", "required-profile=short preferred-profile=classic", "short" },
        { "what the renewal file says is taken back", "required-profile=", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
        AUTO(directory_clear) struct directory directory = { .profiles = fixture_words("classic short") };

        fixture_set(settings, cases[i].options, ORIGIN_COMMAND_LINE);
        CHECK_TEXT(issue_profile(settings, &directory), cases[i].want, cases[i].name);
    }
}

TEST_MAIN()
