#include "config/answers.h"

#include "base/test.h"
#include "config/plugin_options.h"
#include "config/webroot_map.h"

static void check_origins(const struct settings *all, const char *want, const char *name)
{
    char got[8] = "";

    (void)snprintf(got, sizeof got, "%s%s%s%s%s%s%s", SETTING_ORIGIN(all, account) == ORIGIN_RUNTIME ? "a" : "",
        SETTING_ORIGIN(all, authenticator) == ORIGIN_RUNTIME ? "p" : "",
        SETTING_ORIGIN(all, installer) == ORIGIN_RUNTIME ? "i" : "",
        SETTING_ORIGIN(all, key_type) == ORIGIN_RUNTIME ? "k" : "",
        SETTING_ORIGIN(all, rsa_key_size) == ORIGIN_RUNTIME ? "r" : "",
        SETTING_ORIGIN(all, elliptic_curve) == ORIGIN_RUNTIME ? "c" : "",
        SETTING_ORIGIN(all, webroot_map) == ORIGIN_RUNTIME ? "w" : "");
    CHECK_TEXT(got, want, name);
}

TEST(answers_are_saved_with_settings)
{
    const struct {
        const char *name;
        struct answers answers;
        const char *account, *authenticator, *installer, *key_type, *curve, *root;
        int rsa_key_size;
        const char *origins; /* what counts as set by this run */
    } cases[] = {
        { "none", { 0 }, "0", "webroot", NULL, "ecdsa", "secp256r1", "/old", 2048, "" },
        { "an account", { .account = (char[]){ "1" } }, "1", "webroot", NULL, "ecdsa", "secp256r1", "/old", 2048, "a" },
        { "a plugin", { .authenticator = (char[]){ "manual" } }, "0", "manual", NULL, "ecdsa", "secp256r1", "/old",
            2048, "p" },
        { "an installer", { .installer = (char[]){ "nginx" } }, "0", "webroot", "nginx", "ecdsa", "secp256r1", "/old",
            2048, "i" },
        { "the kind of key is kept", { .key_type = (char[]){ "rsa" } }, "0", "webroot", NULL, "rsa", "secp256r1",
            "/old", 2048, "" },
        { "an RSA key is kept", { .key_type = (char[]){ "rsa" }, .key_is_kept = true, .rsa_key_size = 4096 }, "0",
            "webroot", NULL, "rsa", "secp256r1", "/old", 4096, "kr" },
        { "a curve is kept",
            { .key_type = (char[]){ "ecdsa" }, .key_is_kept = true, .elliptic_curve = (char[]){ "secp384r1" } }, "0",
            "webroot", NULL, "ecdsa", "secp384r1", "/old", 2048, "kc" },
        { "a root that was looked up",
            { .roots = { { &(char *){ (char[]){ "a.test" } }, 1 }, { &(char *){ (char[]){ "/new" } }, 1 } } }, "0",
            "webroot", NULL, "ecdsa", "secp256r1", "/new", 2048, "" },
        { "a root that was asked for",
            { .roots = { { &(char *){ (char[]){ "a.test" } }, 1 }, { &(char *){ (char[]){ "/new" } }, 1 } },
                .has_roots = true },
            "0", "webroot", NULL, "ecdsa", "secp256r1", "/new", 2048, "w" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own), *all = NULL;
        const char *name = cases[i].name;

        xreplace(&settings->account, "0");
        xreplace(&settings->authenticator, "webroot");
        xreplace(&settings->key_type, "ecdsa");
        xreplace(&settings->elliptic_curve, "secp256r1");
        settings->rsa_key_size = 2048;
        webroot_map_put(&settings->webroot_map, "a.test", "/old");
        all = settings_with(settings, &cases[i].answers);
        CHECK_TEXT(all->account, cases[i].account, name);
        CHECK_TEXT(all->authenticator, cases[i].authenticator, name);
        CHECK_TEXT(all->installer, cases[i].installer, name);
        CHECK_TEXT(all->key_type, cases[i].key_type, name);
        CHECK_TEXT(all->elliptic_curve, cases[i].curve, name);
        CHECK_INT(all->rsa_key_size, cases[i].rsa_key_size, name);
        CHECK_TEXT(webroot_map_find(&all->webroot_map, "a.test"), cases[i].root, name);
        check_origins(all, cases[i].origins, name);
        CHECK_TEXT(settings->account, "0", "settings stay as they are");
        CHECK_TEXT(webroot_map_find(&settings->webroot_map, "a.test"), "/old", "settings stay as they are");
    }
}

TEST(a_key_is_chosen_anew)
{
    AUTO(answers_clear)
    struct answers answers = {
        .account = xstrdup("1"), .key_type = xstrdup("rsa"), .key_is_kept = true, .rsa_key_size = 3072
    };

    answers_forget_key(&answers);
    CHECK(answers.key_type == NULL && !answers.key_is_kept && answers.rsa_key_size == 0);
    CHECK_TEXT(answers.account, "1", "the rest stays");
}

TEST(an_option_of_the_plugin_that_was_asked_for)
{
    static const struct {
        const char *option;
        bool in_table;
    } cases[] = { { "dns-ovh-credentials", true }, { "dns-desec-credentials", false } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own), *all = NULL;
        AUTO(answers_clear)
        struct answers answers = { .plugin_option = xstrdup(cases[i].option), .plugin_value = xstrdup("/etc/dns.ini") };
        const char *path;

        all = settings_with(settings, &answers);
        path = cases[i].in_table ? all->dns[DNS_OVH].credentials
                                 : plugin_options_get(&all->plugin_options, "dns_desec_credentials");
        CHECK_TEXT(path, "/etc/dns.ini", cases[i].option);
        if (cases[i].in_table)
            CHECK(SETTING_ORIGIN(all, dns[DNS_OVH].credentials) == ORIGIN_RUNTIME, " ");
    }
}

TEST_MAIN()
