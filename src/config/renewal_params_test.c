#include "base/test.h"

#include "config/option_apply.h"
#include "config/option_find.h"
#include "config/renewal_params.h"
#include "config/webroot_map.h"

#define HEAD "version = 5.5.0\n# kept\n[renewalparams]\n"

static struct conf *read_conf(const char *text)
{
    struct conf *conf = NULL;
    struct error err = { 0 };

    REQUIRE(conf_read(view_of(text), "renewal/a.test.conf", &conf, &err), "%s", err.why);
    return conf;
}

static void set(struct settings *s, const char *name, const char *value)
{
    struct error err = { 0 };

    REQUIRE(option_apply(s, option_find(name), value, ORIGIN_COMMAND_LINE, &err), "%s: %s", name, err.why);
}

TEST(saving_a_typical_file)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    AUTO(conf_free) struct conf *conf = conf_new();
    AUTO(buf_clear) struct buf out = BUF(CONF_MAX);

    xreplace(&s->account, "1277b981617b29ab300f88bd05584542");
    SETTING_MARK(s, account, ORIGIN_RUNTIME);
    set(s, "authenticator", "webroot");
    set(s, "webroot-path", "/");
    set(s, "preferred-challenges", "http");
    set(s, "email", "never@saved.test");
    set(s, "no-autorenew", NULL);
    webroot_map_put(&s->webroot_map, "a.test", "/");
    webroot_map_put(&s->webroot_map, "::1", "/srv/b");
    conf_set(conf, "", "version", "5.5.0");
    renewal_params_save(s, conf);
    conf_set(conf, "acme_renewal_info", "ari_retry_after", "2026-11-22T06:29:29");
    conf_write(conf, &out);
    CHECK_TEXT(buf_text(&out),
        "version = 5.5.0\n[renewalparams]\naccount = 1277b981617b29ab300f88bd05584542\n"
        "server = https://acme-v02.api.letsencrypt.org/directory\nauthenticator = webroot\nkey_type = ecdsa\n"
        "pref_challs = http-01,\nautorenew = False\nwebroot_path = /,\n[[webroot_map]]\na.test = /\n::1 = /srv/b\n"
        "[acme_renewal_info]\nari_retry_after = 2026-11-22T06:29:29\n",
        "file");
}

TEST(saving_replaces)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    AUTO(conf_free)
    struct conf *conf = read_conf(HEAD "authenticator = nginx\npre_hook = old\nbogus = 1\n# a comment\n"
                                       "key_type = rsa\n[[webroot_map]]\na.test = /srv/a\n[other]\nx = 1\n");
    AUTO(buf_clear) struct buf out = BUF(CONF_MAX);

    set(s, "authenticator", "standalone");
    renewal_params_save(s, conf);
    conf_write(conf, &out);
    CHECK_TEXT(buf_text(&out),
        HEAD "authenticator = standalone\n# a comment\nkey_type = ecdsa\n"
             "server = https://acme-v02.api.letsencrypt.org/directory\n[other]\nx = 1\n",
        "file");
}

TEST(restoring)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    AUTO(conf_free)
    struct conf *conf = read_conf(
        HEAD "account = abc\nserver = https://acme-v01.api.letsencrypt.org/directory\nauthenticator = webroot\n"
             "webroot_path = /srv/a, '/srv/b c'\nkey_type = rsa\nrsa_key_size = 4096\nhttp01_port = None\n"
             "reuse_key = true\nautorenew = FALSE\npref_challs = dns, http-01\npre_hook = None\ninstaller = None\n"
             "renew_hook = 'echo \"x\"'\nhttp01_address = ::1\nmanual_auth_hook = not for webroot\nunknown = 1\n"
             "os_packages_only = nonsense\n[[webroot_map]]\na.test = /srv/a\n");
    struct error err = { 0 };

    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->account, "abc", "account");
    CHECK_TEXT(s->server, SERVER_PRODUCTION, "the old server is replaced");
    CHECK_TEXT(s->authenticator, "webroot", "authenticator");
    CHECK_TEXT(s->installer, NULL, "installer None");
    CHECK(s->webroot_path.len == 2 && strcmp(s->webroot_path.at[1], "/srv/b c") == 0, "webroot_path");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "a.test"), "/srv/a", "webroot_map");
    CHECK_TEXT(s->key_type, "rsa", "key_type");
    CHECK_INT(s->rsa_key_size, 4096, "rsa_key_size");
    CHECK_INT(s->http_01_port, 80, "http01_port None");
    CHECK(s->reuse_key && !s->autorenew, "booleans");
    CHECK(s->preferred_challenges.len == 2 && strcmp(s->preferred_challenges.at[0], "dns-01") == 0, "challenges");
    CHECK_TEXT(s->pre_hook, NULL, "pre_hook None");
    CHECK_TEXT(s->deploy_hook, "echo \"x\"", "renew_hook");
    CHECK_TEXT(s->http_01_address, "::1", "http01_address");
    CHECK_TEXT(s->manual_auth_hook, NULL, "an option of another plugin");
    CHECK_INT(SETTING_ORIGIN(s, rsa_key_size), ORIGIN_RENEWAL, "origin");
}

TEST(odd_files)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    AUTO(conf_free)
    struct conf *conf = read_conf(HEAD "authenticator = webroot\nwebroot_path = /srv/a\ndeploy_hook = x\n"
                                       "pref_challs = dns\n");
    struct error err = { 0 };

    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->key_type, "rsa", "no key_type means rsa");
    CHECK(s->webroot_path.len == 1 && strcmp(s->webroot_path.at[0], "/srv/a") == 0, "plain path");
    CHECK_TEXT(s->deploy_hook, "x", "deploy_hook is understood");
    CHECK_TEXT(s->preferred_challenges.at[0], "dns-01", "plain challenge");
}

/* A lineage that was made under our own name is renewed by a timer that calls us certbot. */
TEST(alpn_is_restored_under_both_names)
{
    for (int as_certbot = 0; as_certbot < 2; as_certbot++) {
        AUTO(settings_free) struct settings *s = settings_new(as_certbot ? &voice_certbot : &voice_own);
        AUTO(conf_free)
        struct conf *conf = read_conf(HEAD "authenticator = standalone\npref_challs = tls-alpn-01,\n"
                                           "[evercert]\ntls_alpn_01_port = 8443\ntls_alpn_01_address = ::1\n");
        struct error err = { 0 };

        REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
        REQUIRE(s->preferred_challenges.len == 1, "one");
        CHECK_TEXT(s->preferred_challenges.at[0], "tls-alpn-01", "challenge");
        CHECK_INT(s->tls_alpn_01_port, 8443, "port");
        CHECK_TEXT(s->tls_alpn_01_address, "::1", "address");
    }
}

TEST(the_users_wins)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    AUTO(conf_free)
    struct conf *conf = read_conf(HEAD "account = abc\nserver = https://ca.test/d\nauthenticator = nginx\n"
                                       "key_type = rsa\nreuse_key = True\nnginx_ctl = /opt/nginx\npre_hook = saved\n");
    struct error err = { 0 };

    set(s, "server", "https://other.test/d");
    set(s, "no-reuse-key", NULL);
    set(s, "pre-hook", "mine");
    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->server, "https://other.test/d", "server");
    CHECK_TEXT(s->account, NULL, "an account is of one server");
    CHECK(!s->reuse_key, "reuse_key");
    CHECK_TEXT(s->pre_hook, "mine", "pre_hook");
    CHECK_TEXT(s->nginx_ctl, "/opt/nginx", "nginx_ctl");
}

/* cli.ini speaks of all, a renewal file of one. */
TEST(one_lineage_differs_from_all)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_own);
    AUTO(conf_free) struct conf *conf = read_conf(HEAD "authenticator = standalone\nkey_group = mail\n");
    struct error err = { 0 };

    REQUIRE(option_apply(s, option_find("key-group"), "ssl-cert", ORIGIN_FILE, &err), "%s", err.why);
    REQUIRE(option_apply(s, option_find("key-mode"), "640", ORIGIN_FILE, &err), "%s", err.why);
    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->key_group, "mail", "the lineage's own");
    CHECK_TEXT(s->key_mode, "640", "that of all");
    renewal_params_save(s, conf);
    CHECK_TEXT(conf_get(conf, "evercert", "key_group"), "mail", "its own stays, where Certbot leaves it");
    CHECK_TEXT(conf_get(conf, "renewalparams", "key_group"), NULL, "in one place");
    CHECK_TEXT(conf_get(conf, "evercert", "key_mode"), NULL, "that of all is not copied");

    set(s, "key-group", "exim");
    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->key_group, "exim", "the command line's");

    conf_set(conf, "renewalparams", "history_keep", "5");
    REQUIRE(option_apply(s, option_find("history-keep"), "1", ORIGIN_FILE, &err), "%s", err.why);
    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_INT(s->history_keep, 5, "how many the lineage keeps");
}

/* Certbot removes what it does not know from [renewalparams], and no other section. */
TEST(what_certbot_does_not_know_has_a_section)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_own), *by_hand = settings_new(&voice_own);
    AUTO(conf_free)
    struct conf *conf = read_conf(
        HEAD "authenticator = standalone\n[evercert]\nkey_group = mail\nhistory_keep = 3\nlater = x\nrenew_hook = y\n");
    AUTO(list_clear) struct list keys = { 0 };
    struct error err = { 0 };

    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->key_group, "mail", "read from there");
    CHECK_INT(s->history_keep, 3, "read from there");
    CHECK_TEXT(s->deploy_hook, NULL, "only what is ours is read there");
    set(s, "key-group", "");
    renewal_params_save(s, conf);
    CHECK_TEXT(conf_get(conf, "evercert", "history_keep"), "3", "kept");
    CHECK_TEXT(conf_get(conf, "evercert", "later"), "x", "a later version's");
    CHECK_TEXT(conf_get(conf, "evercert", "renew_hook"), "y", "a misplaced line is the user's");
    conf_set(conf, "renewalparams", "history_keep", "5");
    REQUIRE(renewal_params_restore(conf, "x", by_hand, &err), "%s", err.why);
    CHECK_INT(by_hand->history_keep, 5, "what was written by hand since");
    renewal_params_save(by_hand, conf);
    CHECK_TEXT(conf_get(conf, "evercert", "history_keep"), "5", "moved");
    conf_keys(conf, "renewalparams", &keys);
    CHECK(!list_has(&keys, "history_keep"), "in one place");
}

TEST(a_section_that_is_not_needed_is_not_there)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_own);
    AUTO(conf_free) struct conf *conf = read_conf(HEAD "authenticator = standalone\n[evercert]\nkey_mode = 640\n");

    set(s, "authenticator", "standalone");
    renewal_params_save(s, conf);
    CHECK(!conf_has_section(conf, "evercert"), "it is empty");
}

/* A hook appended to the file falls into [[webroot_map]], its last section: it is no web root, and stays there. */
TEST(a_hook_below_the_map)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_own);
    AUTO(conf_free)
    struct conf *conf =
        read_conf(HEAD "authenticator = webroot\n[[webroot_map]]\na.test = /srv/a\nrenew_hook = touch /x\n");
    struct error err = { 0 };

    REQUIRE(renewal_params_restore(conf, "x", s, &err), "%s", err.why);
    CHECK_TEXT(s->deploy_hook, NULL, "it has no effect");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "renew_hook"), NULL, "it is no name");
    renewal_params_save(s, conf);
    CHECK_TEXT(conf_get(conf, "renewalparams/webroot_map", "renew_hook"), "touch /x", "it is not lost");
}

static const struct {
    const char *name, *text, *why;
} bad[] = {
    { "no section", "version = 1\n", "Renewal configuration file x lacks renewalparams. Skipping." },
    { "no authenticator", HEAD "account = x\n",
        "Renewal configuration file x does not specify an authenticator. Skipping." },
    { "authenticator None", HEAD "authenticator = None\n", "does not specify an authenticator" },
    { "boolean", HEAD "authenticator = x\nreuse_key = yes\n", "Expected True or False for reuse_key but found yes" },
    { "number", HEAD "authenticator = x\nrsa_key_size = big\n", "Expected a numeric value for rsa_key_size" },
    { "port", HEAD "authenticator = x\nhttp01_port = 80a\n", "Expected a numeric value for http01_port" },
    { "challenge", HEAD "authenticator = x\npref_challs = dns, carrier-pigeon\n", "carrier-pigeon" },
    { "no challenge", HEAD "authenticator = x\npref_challs =\n", "Unrecognized challenges: " },
    { "key type", HEAD "authenticator = x\nkey_type = dsa\n", "key_type but found dsa" },
};

TEST(broken_files)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
        AUTO(conf_free) struct conf *conf = read_conf(bad[i].text);
        struct error err = { 0 };

        CHECK(!renewal_params_restore(conf, "x", s, &err), "%s", bad[i].name);
        CHECK(strstr(err.why, bad[i].why) != NULL, "%s: %s", bad[i].name, err.why);
        CHECK_INT(err.kind, ERROR_CONFIG, bad[i].name);
    }
}

TEST_MAIN()
