#include "base/test.h"

#include "config/option_apply.h"
#include "config/option_find.h"
#include "config/webroot_map.h"

TEST(origins)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);

    CHECK(
        !SETTING_IS_SET(s, server) && !SETTING_IS_SET(s, account) && !SETTING_IS_SET(s, config_dir), "nothing is set");
    SETTING_MARK(s, staging, ORIGIN_FILE);
    CHECK_INT(SETTING_ORIGIN(s, server), ORIGIN_FILE, "server with staging");
    CHECK_INT(SETTING_ORIGIN(s, account), ORIGIN_FILE, "account with server");
    CHECK_INT(settings_own_origin(s, offsetof(struct settings, server)), ORIGIN_DEFAULT, "server's own");
    SETTING_MARK(s, dry_run, ORIGIN_COMMAND_LINE);
    CHECK_INT(SETTING_ORIGIN(s, server), ORIGIN_COMMAND_LINE, "server with dry_run");
    SETTING_MARK(s, webroot_path, ORIGIN_RENEWAL);
    CHECK_INT(SETTING_ORIGIN(s, webroot_map), ORIGIN_RENEWAL, "webroot_map with webroot_path");
    CHECK(!SETTING_IS_SET(s, config_dir), "the first row is not touched by others");
    SETTING_MARK(s, webroot_map.roots, ORIGIN_FILE); /* no option has this member */
    CHECK(!SETTING_IS_SET(s, webroot_map.roots), "members without an option are never set");
}

TEST(pairs_share_their_origin)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    struct error err = { 0 };

    REQUIRE(option_apply(s, option_find("no-reuse-key"), NULL, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    CHECK_INT(SETTING_ORIGIN(s, reuse_key), ORIGIN_COMMAND_LINE, "reuse_key");
    REQUIRE(option_apply(s, option_find("renew-hook"), "x", ORIGIN_FILE, &err), "%s", err.why);
    CHECK_INT(SETTING_ORIGIN(s, deploy_hook), ORIGIN_FILE, "deploy_hook");
    CHECK_TEXT(s->deploy_hook, "x", "renew-hook");
}

/* A copy has every member of every kind, and memory of its own. */
TEST(copies)
{
    AUTO(settings_free) struct settings *copy = NULL;
    struct settings *s = settings_new(&voice_certbot);
    struct error err = { 0 };

    webroot_map_put(&s->webroot_map, "a.test", "/srv/a");
    REQUIRE(option_apply(s, option_find("domains"), "a.test,b.test", ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    REQUIRE(option_apply(s, option_find("dns-ovh-credentials"), "/x", ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    REQUIRE(option_apply(s, option_find("standalone"), NULL, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    copy = settings_dup(s);
    settings_free(s);
    CHECK_TEXT(copy->domains.at[1], "b.test", "list");
    CHECK_TEXT(copy->dns[DNS_OVH].credentials, "/x", "text");
    CHECK_TEXT(copy->plugin_flags.at[0], "standalone", "flags");
    CHECK_TEXT(webroot_map_find(&copy->webroot_map, "a.test"), "/srv/a", "map");
    CHECK_TEXT(copy->server, SERVER_PRODUCTION, "default");
    CHECK_INT(SETTING_ORIGIN(copy, domains), ORIGIN_COMMAND_LINE, "origin");
}

TEST(terminal_level)
{
    static const struct {
        const char *options[3];
        int want;
    } cases[] = {
        { { NULL }, 30 },
        { { "verbose" }, 20 },
        { { "verbose", "verbose" }, 10 },
        { { "verbose", "verbose", "verbose" }, 10 },
        { { "quiet" }, 40 },
        { { "quiet", "verbose" }, 40 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
        struct error err = { 0 };

        for (size_t k = 0; k < 3 && cases[i].options[k] != NULL; k++)
            REQUIRE(option_apply(s, option_find(cases[i].options[k]), NULL, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
        CHECK_INT(settings_terminal_level(s), cases[i].want, "level");
    }
}

TEST(webroot_maps)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);

    list_add(&s->domains, "a.test");
    list_add(&s->domains, "b.test");
    list_add(&s->ip_addresses, "::1");
    webroot_map_complete(s);
    CHECK_INT(s->webroot_map.names.len, 0, "no root is known");
    webroot_map_put(&s->webroot_map, "a.test", "/srv/a");
    list_add(&s->webroot_path, "/srv/x");
    list_add(&s->webroot_path, "/srv/y");
    webroot_map_complete(s);
    webroot_map_put(&s->webroot_map, "::1", "/srv/z");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "a.test"), "/srv/a", "kept");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "b.test"), "/srv/y", "the last one");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "::1"), "/srv/z", "replaced");
    CHECK_TEXT(webroot_map_find(&s->webroot_map, "c.test"), NULL, "unknown");
}

TEST_MAIN()
