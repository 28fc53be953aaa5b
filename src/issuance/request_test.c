#include "issuance/request.h"

#include "fixture.h"

TEST(a_profile_is_asked_for)
{
    static const struct {
        const char *name, *options, *want, *names, *profiles; /* NULL: a.test; classic short */
        const struct voice *voice;
    } cases[] = {
        { "none", NULL, NULL },
        { "one that there is", "required-profile=short", "short" },
        { "one that the CA does not name: it may know it", "required-profile=secret", "secret" },
        { "one that is preferred", "preferred-profile=short", "short" },
        { "one that is preferred, and that there is not", "preferred-profile=secret", NULL },
        { "both", "required-profile=short preferred-profile=classic", "short" },
        { "what the renewal file says is taken back", "required-profile=", NULL },
        { "an address", NULL, "shortlived", "192.0.2.1", "classic shortlived" },
        { "an address beside names", NULL, "shortlived", "a.test b.test 2001:db8::1", "classic shortlived" },
        { "in two words", NULL, "Short-Lived", "192.0.2.1", "classic Short-Lived" },
        { "others are for other things", NULL, NULL, "192.0.2.1", "classic shortlived2 short-live short" },
        { "names alone", NULL, NULL, "a.test", "classic shortlived" },
        { "no profiles", NULL, NULL, "192.0.2.1", "" },
        { "an address, and a wish", "preferred-profile=classic", "classic", "192.0.2.1", "classic shortlived" },
        { "an address, and a wish that there is not", "preferred-profile=other", NULL, "192.0.2.1", "shortlived" },
        { "an address, and no profile wanted", "required-profile=", NULL, "192.0.2.1", "classic shortlived" },
        { "an address, and none preferred", "preferred-profile=", NULL, "192.0.2.1", "classic shortlived" },
        { "Certbot chooses none", NULL, NULL, "192.0.2.1", "shortlived", &voice_certbot },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(cases[i].voice);
        AUTO(directory_clear)
        struct directory directory = {
            .profiles = fixture_words(cases[i].profiles == NULL ? "classic short" : cases[i].profiles),
        };
        AUTO(list_clear) struct list words = fixture_words(cases[i].names == NULL ? "a.test" : cases[i].names);
        AUTO(identifiers_clear) struct identifiers names = identifiers_typed(&words);

        fixture_set(settings, cases[i].options, ORIGIN_COMMAND_LINE);
        CHECK_TEXT(issue_profile(settings, &directory, &names), cases[i].want, cases[i].name);
    }
}

TEST_MAIN()
