/* Options of DNS plugins that the table has, and of those that it has not. */
#include "dns/options.h"

#include "base/test.h"
#include "base/text.h"
#include "config/plugin_options.h"

static void put(struct settings *settings, const char *key, const char *value)
{
    plugin_options_put(&settings->plugin_options, NULL, key, value, ORIGIN_COMMAND_LINE);
}

TEST(of_the_table)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    struct dns_options options;
    struct error err = { 0 };

    REQUIRE(dns_options_get(settings, "dns-ovh", 7, &options, &err), "%s", err.why);
    CHECK(options.credentials == NULL && options.wait_s == 120 && !options.wait_is_set, "%d", options.wait_s);
    xreplace(&settings->dns[DNS_OVH].credentials, "/etc/ovh.ini");
    settings->dns[DNS_OVH].propagation_s = -5;
    SETTING_MARK(settings, dns[DNS_OVH].propagation_s, ORIGIN_FILE);
    REQUIRE(dns_options_get(settings, "dns-ovh", 7, &options, &err), "%s", err.why);
    CHECK_TEXT(options.credentials, "/etc/ovh.ini", "credentials");
    CHECK(options.wait_s == 0 && options.wait_is_set, "%d", options.wait_s);
}

TEST(by_name)
{
    static const struct {
        const char *text, *why;
        int wait_s;
    } cases[] = {
        { NULL, NULL, 7 },
        { "30", NULL, 30 },
        { "0", NULL, 0 },
        { "soon", "--dns-desec-propagation-seconds: not a number of seconds: soon", 0 },
        { "-1", "--dns-desec-propagation-seconds: not a number of seconds: -1", 0 },
        { "99999999999", "--dns-desec-propagation-seconds: not a number of seconds: 99999999999", 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
        struct dns_options options = { 0 };
        struct error err = { 0 };

        put(settings, "dns_desec_credentials", "/etc/desec.ini");
        if (cases[i].text != NULL)
            put(settings, "dns_desec_propagation_seconds", cases[i].text);
        if (dns_options_get(settings, "dns-desec", 7, &options, &err)) {
            CHECK_TEXT(options.credentials, "/etc/desec.ini", "credentials");
            CHECK_INT(options.wait_s, cases[i].wait_s, "wait");
            CHECK(options.wait_is_set == (cases[i].text != NULL), "%s", cases[i].text);
        }
        CHECK_TEXT(err.kind == ERROR_NONE ? NULL : err.why, cases[i].why, "error");
    }
}

TEST(keys_differ_where_options_do)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(free) char *google = dns_options_key(settings, "dns-google"), *ovh = dns_options_key(settings, "dns-ovh");
    AUTO(free) char *desec = dns_options_key(settings, "dns-desec"), *other, *same, *third;

    xreplace(&settings->dns_google_project, "project");
    put(settings, "dns_desec_credentials", "/etc/desec.ini");
    other = dns_options_key(settings, "dns-google");
    same = dns_options_key(settings, "dns-ovh");
    third = dns_options_key(settings, "dns-desec");
    CHECK(!text_equal(google, other), "%s", other);
    CHECK_TEXT(same, ovh, "another plugin's");
    CHECK(!text_equal(desec, third), "%s", third);
}

TEST_MAIN()
