#include "base/test.h"

#include "base/text.h"
#include "conf/conf.h"
#include "config/option_apply.h"
#include "config/option_find.h"
#include "config/option_read.h"
#include "config/renewal_params.h"

/* Every option that Certbot 5.5.0 takes, with its default ("" for none). Compatibility breaks here, and
 * silently. */
static const struct {
    const char *name, *fallback;
} pinned[] = {
    { "help", "" },
    { "version", "" },
    { "config", "" },
    { "verbose", "" },
    { "verbose-level", "-1" },
    { "quiet", "" },
    { "text", "" },
    { "debug", "" },
    { "non-interactive", "" },
    { "noninteractive", "" },
    { "force-interactive", "" },
    { "max-log-backups", "1000" },
    { "preconfigured-renewal", "" },
    { "config-dir", "/etc/letsencrypt" },
    { "work-dir", "/var/lib/letsencrypt" },
    { "logs-dir", "/var/log/letsencrypt" },
    { "server", "https://acme-v02.api.letsencrypt.org/directory" },
    { "test-cert", "" },
    { "staging", "" },
    { "dry-run", "" },
    { "break-my-certs", "" },
    { "no-verify-ssl", "" },
    { "strict-permissions", "" },
    { "user-agent", "" },
    { "user-agent-comment", "" },
    { "issuance-timeout", "90" },
    { "debug-challenges", "" },
    { "domains", "" },
    { "domain", "" },
    { "ip-address", "" },
    { "cert-name", "" },
    { "keep-until-expiring", "" },
    { "keep", "" },
    { "reinstall", "" },
    { "expand", "" },
    { "force-renewal", "" },
    { "renew-by-default", "" },
    { "renew-with-new-domains", "" },
    { "duplicate", "" },
    { "allow-subset-of-names", "" },
    { "csr", "" },
    { "key-type", "ecdsa" },
    { "rsa-key-size", "2048" },
    { "elliptic-curve", "secp256r1" },
    { "reuse-key", "" },
    { "no-reuse-key", "" },
    { "new-key", "" },
    { "must-staple", "" },
    { "email", "" },
    { "register-unsafely-without-email", "" },
    { "agree-tos", "" },
    { "eff-email", "" },
    { "no-eff-email", "" },
    { "account", "" },
    { "eab-kid", "" },
    { "eab-hmac-key", "" },
    { "eab-hmac-alg", "HS256" },
    { "preferred-challenges", "" },
    { "preferred-chain", "" },
    { "required-profile", "" },
    { "preferred-profile", "" },
    { "http-01-port", "80" },
    { "http-01-address", "" },
    { "https-port", "443" },
    { "pre-hook", "" },
    { "post-hook", "" },
    { "deploy-hook", "" },
    { "renew-hook", "" },
    { "disable-hook-validation", "" },
    { "no-directory-hooks", "" },
    { "run-deploy-hooks", "" },
    { "disable-renew-updates", "" },
    { "no-autorenew", "" },
    { "no-random-sleep-on-renew", "" },
    { "cert-path", "" },
    { "key-path", "" },
    { "fullchain-path", "" },
    { "chain-path", "" },
    { "reason", "unspecified" },
    { "delete-after-revoke", "" },
    { "no-delete-after-revoke", "" },
    { "checkpoints", "1" },
    { "init", "" },
    { "prepare", "" },
    { "authenticators", "" },
    { "installers", "" },
    { "configurator", "" },
    { "authenticator", "" },
    { "installer", "" },
    { "apache", "" },
    { "nginx", "" },
    { "standalone", "" },
    { "webroot", "" },
    { "manual", "" },
    { "dns-cloudflare", "" },
    { "dns-digitalocean", "" },
    { "dns-dnsimple", "" },
    { "dns-dnsmadeeasy", "" },
    { "dns-gehirn", "" },
    { "dns-google", "" },
    { "dns-linode", "" },
    { "dns-luadns", "" },
    { "dns-nsone", "" },
    { "dns-ovh", "" },
    { "dns-rfc2136", "" },
    { "dns-route53", "" },
    { "dns-sakuracloud", "" },
    { "redirect", "" },
    { "no-redirect", "" },
    { "hsts", "" },
    { "no-hsts", "" },
    { "uir", "" },
    { "no-uir", "" },
    { "staple-ocsp", "" },
    { "no-staple-ocsp", "" },
    { "auto-hsts", "" },
    { "webroot-path", "" },
    { "webroot-map", "" },
    { "manual-auth-hook", "" },
    { "manual-cleanup-hook", "" },
    { "nginx-server-root", "/etc/nginx" },
    { "nginx-ctl", "nginx" },
    { "nginx-sleep-seconds", "1" },
    { "apache-enmod", "" },
    { "apache-dismod", "" },
    { "apache-le-vhost-ext", "-le-ssl.conf" },
    { "apache-server-root", "" },
    { "apache-vhost-root", "" },
    { "apache-logs-root", "" },
    { "apache-challenge-location", "" },
    { "apache-handle-modules", "" },
    { "apache-handle-sites", "" },
    { "apache-ctl", "" },
    { "apache-bin", "" },
    { "dns-cloudflare-propagation-seconds", "10" },
    { "dns-cloudflare-credentials", "" },
    { "dns-digitalocean-propagation-seconds", "10" },
    { "dns-digitalocean-credentials", "" },
    { "dns-dnsimple-propagation-seconds", "30" },
    { "dns-dnsimple-credentials", "" },
    { "dns-dnsmadeeasy-propagation-seconds", "60" },
    { "dns-dnsmadeeasy-credentials", "" },
    { "dns-gehirn-propagation-seconds", "30" },
    { "dns-gehirn-credentials", "" },
    { "dns-google-propagation-seconds", "60" },
    { "dns-google-credentials", "" },
    { "dns-google-project", "" },
    { "dns-linode-propagation-seconds", "120" },
    { "dns-linode-credentials", "" },
    { "dns-luadns-propagation-seconds", "30" },
    { "dns-luadns-credentials", "" },
    { "dns-nsone-propagation-seconds", "30" },
    { "dns-nsone-credentials", "" },
    { "dns-ovh-propagation-seconds", "120" },
    { "dns-ovh-credentials", "" },
    { "dns-rfc2136-propagation-seconds", "60" },
    { "dns-rfc2136-credentials", "" },
    { "dns-sakuracloud-propagation-seconds", "90" },
    { "dns-sakuracloud-credentials", "" },
    { "os-packages-only", "" },
    { "no-self-upgrade", "" },
    { "no-bootstrap", "" },
    { "no-permissions-check", "" },
};

static const char *const pinned_shorts = "hcvqtnmaidw";
/* The keys that Certbot writes into [renewalparams] for options that the user set. */
static const char *const pinned_saved[] = { "config_dir", "work_dir", "logs_dir", "server", "user_agent",
    "allow_subset_of_names", "key_type", "rsa_key_size", "elliptic_curve", "reuse_key", "must_staple", "account",
    "pref_challs", "preferred_chain", "required_profile", "preferred_profile", "http01_port", "http01_address",
    "pre_hook", "post_hook", "renew_hook", "autorenew", "authenticator", "installer", "webroot_path",
    "manual_auth_hook", "manual_cleanup_hook", "nginx_server_root", "nginx_ctl", "nginx_sleep_seconds", "apache_ctl",
    "dns_rfc2136_credentials", "dns_rfc2136_propagation_seconds", "dns_google_project" };

TEST(all_of_certbots_options)
{
    for (size_t i = 0; i < COUNT(pinned); i++) {
        const struct option *option = option_find(pinned[i].name);

        CHECK(option != NULL && !option->ours, "%s is missing", pinned[i].name);
        if (option != NULL)
            CHECK_TEXT(option->fallback == NULL ? "" : option->fallback, pinned[i].fallback, pinned[i].name);
    }
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        for (size_t n = 0; n < COUNT(option->names) && option->names[n] != NULL; n++) {
            bool known = false;

            for (size_t i = 0; i < COUNT(pinned); i++)
                known = known || strcmp(pinned[i].name, option->names[n]) == 0;
            CHECK(known != option->ours, "%s is marked wrongly as Certbot's or ours", option->names[n]);
        }
    }
    for (const char *letter = pinned_shorts; *letter != '\0'; letter++)
        CHECK(option_find_short(*letter) != NULL, "-%c is missing", *letter);
    CHECK(option_find("manual-public-ip-logging-ok") == NULL, "removed by Certbot");
}

TEST(saved_keys)
{
    for (size_t i = 0; i < COUNT(pinned_saved); i++) {
        size_t count = 0;

        for (const struct option *option = options; option->names[0] != NULL; option++)
            count += option->saved != NULL && strcmp(option->saved, pinned_saved[i]) == 0;
        CHECK_INT(count, 1, pinned_saved[i]);
    }
}

static void check_row(const struct option *option)
{
    const char *name = option->names[0];

    CHECK(option->help != NULL && text_ends(option->help, "."), "%s: help", name);
    CHECK(option->at < sizeof(struct settings) || option->at == OPTION_NO_MEMBER, "%s: member", name);
    CHECK((option->type == OPTION_CHOICE) == (option->choices != NULL), "%s: choices", name);
    CHECK(option->type != OPTION_NUMBER || option->min < option->max, "%s: bounds", name);
    CHECK(option->type != OPTION_SPECIAL || option->read != NULL || option->at == OPTION_NO_MEMBER, "%s: read", name);
    CHECK(option->at != OPTION_NO_MEMBER || option->saved == NULL, "%s: saved without a member", name);
    switch (option->type) {
    case OPTION_FLAG:
    case OPTION_UNSET:
    case OPTION_YES:
    case OPTION_NO:
    case OPTION_COUNTER:
    case OPTION_PLUGIN:
        CHECK(option->value == NULL, "%s: a flag with a value", name);
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_COMMAND:
    case OPTION_NUMBER:
    case OPTION_CHOICE:
    case OPTION_LIST:
    case OPTION_REPEAT:
        CHECK(option->value != NULL, "%s: no word for its value", name);
        break;
    case OPTION_SPECIAL:
        break;
    }
}

TEST(rows)
{
    char shorts[64] = { 0 };

    for (size_t i = 0; i < option_count(); i++) {
        check_row(&options[i]);
        for (size_t n = 0; n < COUNT(options[i].names) && options[i].names[n] != NULL; n++)
            CHECK(option_find(options[i].names[n]) == &options[i], "%s is there twice", options[i].names[n]);
        for (const char *letter = options[i].shorts; letter != NULL && *letter != '\0'; letter++) {
            CHECK(strchr(shorts, *letter) == NULL, "-%c is there twice", *letter);
            shorts[strlen(shorts)] = *letter;
        }
    }
}

/* Each default passes for a value of its own option. */
TEST(defaults_are_valid)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);

    for (const struct option *option = options; option->names[0] != NULL; option++) {
        struct error err = { 0 };

        if (option->fallback != NULL)
            CHECK(option_apply(settings, option, option->fallback, ORIGIN_RUNTIME, &err), "%s: %s", option->names[0],
                err.why);
    }
    CHECK_INT(settings->max_log_backups, 1000, "max_log_backups");
    CHECK(settings->validate_hooks && settings->directory_hooks && settings->autorenew && settings->random_sleep,
        "what options switch off is on");
    CHECK(
        !settings->reuse_key && settings->redirect == UNDECIDED && settings->eff_email == UNDECIDED, "the rest is off");
}

/* A value for an option that differs from its default. */
static const char *other_value(const struct option *option)
{
    if (option->type == OPTION_NUMBER)
        return "3000";
    if (option->choices != NULL)
        return option->choices[0] == NULL || text_equal(option->choices[0], option->fallback) ? option->choices[1]
                                                                                              : option->choices[0];
    if (option->at == offsetof(struct settings, preferred_challenges))
        return "dns,http";
    if (option->type == OPTION_REPEAT)
        return test_dir();
    if (option->read == check_file_mode)
        return "0640";
    return option_takes_value(option) ? "/it's \"a\", #value" : NULL;
}

/* Plugins that a saved option can be for; the first part of the key says which. */
static void set_plugin(const struct option *option, struct settings *settings)
{
    static const char *const plugins[] = { "webroot", "manual", "nginx", "apache", NULL };

    xreplace(&settings->authenticator, "standalone");
    for (size_t i = 0; plugins[i] != NULL; i++) {
        if (text_starts(option->saved, plugins[i]))
            xreplace(&settings->authenticator, plugins[i]);
    }
    if (text_starts(option->saved, "dns_")) {
        AUTO(free) char *plugin = xstrndup(option->saved, 4 + strcspn(option->saved + 4, "_"));

        plugin[3] = '-';
        xreplace(&settings->authenticator, plugin);
    }
    SETTING_MARK(settings, authenticator, ORIGIN_COMMAND_LINE);
}

/* Saved, written, read and restored: the value is what it was. */
TEST(saved_options_survive)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        AUTO(settings_free) struct settings *before = settings_new(&voice_own);
        AUTO(settings_free) struct settings *after = settings_new(&voice_own);
        AUTO(conf_free) struct conf *conf = conf_new();
        AUTO(conf_free) struct conf *again = NULL;
        AUTO(buf_clear) struct buf first = BUF(CONF_MAX);
        AUTO(buf_clear) struct buf second = BUF(CONF_MAX);
        struct error err = { 0 };

        if (option->saved == NULL)
            continue;
        set_plugin(option, before);
        REQUIRE(option_apply(before, option, other_value(option), ORIGIN_COMMAND_LINE, &err), "%s: %s",
            option->names[0], err.why);
        renewal_params_save(before, conf);
        conf_write(conf, &first);
        CHECK(conf_get(conf, option->ours ? "evercert" : "renewalparams", option->saved) != NULL, "%s is not saved",
            option->names[0]);
        REQUIRE(conf_read(buf_view(&first), "x.conf", &again, &err), "%s: %s", option->names[0], err.why);
        REQUIRE(renewal_params_restore(again, "x.conf", after, &err), "%s: %s", option->names[0], err.why);
        CHECK_INT(settings_origin(after, option->at), ORIGIN_RENEWAL, option->names[0]);
        conf_remove_section(again, "renewalparams");
        conf_remove_section(again, "evercert");
        renewal_params_save(after, again);
        conf_write(again, &second);
        CHECK_TEXT(buf_text(&second), buf_text(&first), option->names[0]);
    }
}

TEST(suggestions)
{
    static const struct {
        const char *typed, *want;
    } cases[] = {
        { "domian", "domain" },
        { "stagging", "staging" },
        { "max_log_backups", "max-log-backups" },
        { "dryrun", "dry-run" },
        { "xyzzy", NULL },
        { "", NULL },
        { "webrot", "webroot" },
        { "jbos", "jobs" },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_TEXT(option_suggest(view_of(cases[i].typed)), cases[i].want, cases[i].typed);
}

TEST(prefixes)
{
    static const struct {
        const char *typed, *want, *why;
    } cases[] = {
        { "renew-b", "force-renewal", NULL },
        { "cert-na", "cert-name", NULL },
        { "reinst", "keep-until-expiring", NULL },
        { "preferred-challenge", "preferred-challenges", NULL },
        { "domain", "domains", NULL },
        { "dom", NULL, "ambiguous option: --dom could match --domains, --domain" },
        { "cert", NULL, "--cert-name" },
        { "force-", NULL, "ambiguous option: --force- could match --force-interactive, --force-renewal" },
        { "force", "force", NULL }, /* settings_check refuses it where it is not of ours */
        { "lo", "logs-dir", NULL },
        { "js", "json", NULL },
        { "bogus", NULL, NULL },
        { "", NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };
        const struct option *option = option_resolve(view_of(cases[i].typed), &err);

        CHECK_TEXT(option == NULL ? NULL : option->names[0], cases[i].want, cases[i].typed);
        CHECK(cases[i].why == NULL ? err.kind == ERROR_NONE : strstr(err.why, cases[i].why) != NULL, "%s: %s",
            cases[i].typed, err.why);
    }
}

TEST_MAIN()
