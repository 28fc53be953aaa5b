#include "issuance/request.h"

#include "fixture.h"

TEST(names_are_told_from_addresses)
{
    static const struct {
        const char *names, *dns, *ips;
    } cases[] = {
        { "", "", "" },
        { "a.test", "a.test", "" },
        { "192.0.2.1 a.test 2001:db8::1 *.a.test", "a.test *.a.test", "192.0.2.1 2001:db8::1" },
        { "1.2.3.4.test 1.2.3", "1.2.3.4.test 1.2.3", "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(issue_request_clear) struct issue_request request = { 0 };
        AUTO(list_clear) struct list names = fixture_words(cases[i].names), before = fixture_words("x.test");
        AUTO(free) char *dns = NULL, *ips = NULL;

        issue_request_names(&request, &before);
        issue_request_names(&request, &names);
        dns = list_join(&request.dns, " ");
        ips = list_join(&request.ips, " ");
        CHECK_TEXT(dns, cases[i].dns, cases[i].names);
        CHECK_TEXT(ips, cases[i].ips, cases[i].names);
    }
}

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
