#include "base/test.h"

#include "config/cli_ini.h"
#include "config/option_apply.h"
#include "config/option_find.h"

/* A file's text and the setting that results; each case looks at the one that it is about. */
static const struct {
    const char *name, *text, *want; /* want: cert_name, domains and flags in short */
} good[] = {
    { "equals sign", "cert-name = x", "x" },
    { "colon", "cert-name: x", "x" },
    { "blank", "cert-name x y", "x y" },
    { "no blanks", "cert-name=x", "x" },
    { "dashes", "--cert-name = x", "x" },
    { "CRLF and blanks", "  cert-name = x \r\n", "x" },
    { "comments and sections", "# a\n; b\n[section]\n---\n\ncert-name = x", "x" },
    { "comment behind", "cert-name = x # y", "x" },
    { "semicolon behind", "cert-name = x ; y", "x" },
    { "hash without blank", "cert-name = x#y", "x#y" },
    { "double quotes", "cert-name = \"x # y\" # z", "x # y" },
    { "single quotes", "cert-name = 'x'", "x" },
    { "quotes that do not match", "cert-name = \"x'", "\"x'" },
    { "nothing", "cert-name =", "" },
    { "nothing but a comment", "cert-name = # x", "" },
    { "equals sign in the value", "cert-name = a=b", "a=b" },
    { "last wins", "cert-name = x\ncert-name = y", "y" },
    { "flag", "expand = true", "expand" },
    { "bare flag", "expand", "expand" },
    { "bare flag with comment", "expand # x", "expand" },
    { "flag in capitals", "expand: YES", "expand" },
    { "flag as number", "expand=1", "expand" },
    { "flag false", "expand = off", "" },
    { "flag true, then false", "expand = true\nexpand = false", "" },
    { "unset flag", "no-directory-hooks = true", "no-hooks" },
    { "unset flag false", "no-directory-hooks = true\nno-directory-hooks = no", "" },
    { "domains", "domains = a.test, b.test", "a.test,b.test" },
    { "domains do not add up", "domains = a.test\ndomain = b.test", "b.test" },
    { "prefix", "cert-na = x", "x" },
    { "plugin", "standalone = true", "standalone" },
    { "plugin false", "standalone = true\nstandalone = false", "" },
    { "a file names no further file", "config = /nonexistent", "" },
    { "deprecated and false", "no-self-upgrade = false", "" },
};

TEST(good_files)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
        AUTO(free) char *domains = NULL;
        AUTO(free) char *plugins = NULL;
        AUTO(free) char *got = NULL;
        struct error err = { 0 };

        CHECK(cli_ini_read(view_of(good[i].text), "cli.ini", s, &err), "%s: %s", good[i].name, err.why);
        domains = list_join(&s->domains, ",");
        plugins = list_join(&s->plugin_flags, ",");
        got = xprintf("%s%s%s%s%s", s->cert_name == NULL ? "" : s->cert_name, domains, plugins,
            s->expand ? "expand" : "", s->directory_hooks ? "" : "no-hooks");
        CHECK_TEXT(got, good[i].want, good[i].name);
    }
}

static const struct {
    const char *name, *text, *why, *next;
} bad[] = {
    { "unknown", "bogus-key = 1", "unrecognized arguments: --bogus-key=1", "line 1 of cli.ini" },
    { "underscores", "\nmax_log_backups = 0", "unrecognized arguments: --max_log_backups=0", "max-log-backups" },
    { "short name", "d = a.test", "ambiguous option: --d could match --debug", NULL },
    { "help", "help = true", "argument -h/--help: ignored explicit argument 'true'", NULL },
    { "no key", "= x", "Unexpected line 1 in cli.ini: = x", NULL },
    { "flag with nonsense", "standalone = maybe",
        "Unexpected value for standalone: 'maybe'. Expecting 'true', 'false', "
        "'yes', 'no', 'on', 'off', '1' or '0'",
        NULL },
    { "counter with nonsense", "verbose = -1", "Unexpected value for verbose: '-1'", NULL },
    { "list", "domains = [a.test, b.test]", "domains can't be set to a list", NULL },
    { "bad number", "rsa-key-size = x", "argument --rsa-key-size: invalid int value: 'x'", "line 1" },
    { "bad domain", "domains = a..b", "empty label", "line 1" },
};

TEST(bad_files)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
        struct error err = { 0 };

        CHECK(!cli_ini_read(view_of(bad[i].text), "cli.ini", s, &err), "%s", bad[i].name);
        CHECK(strstr(err.why, bad[i].why) != NULL, "%s: %s", bad[i].name, err.why);
        CHECK(bad[i].next == NULL || strstr(err.next, bad[i].next) != NULL, "%s: %s", bad[i].name, err.next);
    }
}

TEST(command_line_wins)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    struct error err = { 0 };

    REQUIRE(option_apply(s, option_find("no-reuse-key"), NULL, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    REQUIRE(option_apply(s, option_find("domains"), "a.test", ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    REQUIRE(option_apply(s, option_find("staging"), NULL, ORIGIN_COMMAND_LINE, &err), "%s", err.why);
    REQUIRE(
        cli_ini_read(view_of("reuse-key = true\ndomains = b.test\nserver = https://ca.test/\n"), "cli.ini", s, &err),
        "%s", err.why);
    CHECK(!s->reuse_key && s->domains.len == 1, "options on the command line");
    CHECK_TEXT(s->server, "https://ca.test/", "the server was not given, only --staging was");
}

TEST(binary_file)
{
    AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
    struct error err = { 0 };

    CHECK(!cli_ini_read((struct view){ "a\0b", 3 }, "cli.ini", s, &err) && strstr(err.why, "not a text file") != NULL,
        "%s", err.why);
}

/* As with Certbot, whose lines of cli.ini stand in front of the command line's words. */
TEST(names_of_a_map_join_those_of_the_file)
{
    static const struct {
        const char *name, *map, *domains, *ini, *want;
    } cases[] = {
        { "file and map", "{\"c.test\":\"/\"}", NULL, "domains = a.test, b.test\n", "a.test,b.test,c.test" },
        { "the map's again", "{\"b.test\":\"/\"}", NULL, "domains = a.test, b.test\n", "a.test,b.test" },
        { "-d counts more than the file", "{\"c.test\":\"/\"}", "d.test", "domains = a.test\n", "c.test,d.test" },
        { "a map in the file", NULL, "d.test", "webroot-map = {\"a.test\":\"/\"}\n", "a.test,d.test" },
        { "map and names in the file", NULL, NULL, "webroot-map = {\"a.test\":\"/\"}\ndomains = b.test\n",
            "a.test,b.test" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *s = settings_new(&voice_certbot);
        AUTO(free) char *got = NULL;
        struct error err = { 0 };

        REQUIRE(cases[i].map == NULL ||
                    option_apply(s, option_find("webroot-map"), cases[i].map, ORIGIN_COMMAND_LINE, &err),
            "%s", err.why);
        REQUIRE(cases[i].domains == NULL ||
                    option_apply(s, option_find("domains"), cases[i].domains, ORIGIN_COMMAND_LINE, &err),
            "%s", err.why);
        REQUIRE(cli_ini_read(view_of(cases[i].ini), "x", s, &err), "%s", err.why);
        got = list_join(&s->domains, ",");
        CHECK_TEXT(got, cases[i].want, cases[i].name);
    }
}

TEST_MAIN()
