/* Options that no table has: from the command line and cli.ini into settings, into a renewal file and back. */
#include "config/plugin_options.h"

#include "base/test.h"
#include "base/text.h"
#include "conf/conf.h"
#include "config/cli_ini.h"
#include "config/command_line.h"
#include "config/renewal_params.h"
#include "config/test_verbs.h"

static const struct verb *const verbs[] = { &verb_certonly, &verb_renew, NULL };

TEST(names)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        { "", false },
        { "-a", false },
        { "a/b", false },
        { "..", false },
        { "a.sh", false },
        { "A", false },
        { "a_b", false },
        { "a b", false },
        { "a\n", false },
        { "a~", false },
        { "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddde", false },
        { "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd", true },
        { "a", true },
        { "7", true },
        { "example-http", true },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(plugin_name_is_good(view_of(cases[i].name)) == cases[i].good, "%s", cases[i].name);
    CHECK(plugin_name_is_ours("webroot") && plugin_name_is_ours("dns-ovh") && plugin_name_is_ours("nginx"), " ");
    CHECK(!plugin_name_is_ours("example") && !plugin_name_is_ours("domains"), " ");
    CHECK(plugin_option_is_for("my_dns_zone", "my-dns") && plugin_option_is_for("my_dns_zone", "my"), " ");
    CHECK(!plugin_option_is_for("my_dns", "my-dns") && !plugin_option_is_for("mydns_zone", "my-dns") &&
              !plugin_option_is_for("my_dns_zone", NULL) && !plugin_option_is_for("_x", ""),
        " ");
}

/* Files "my", "my-dns" and "webroot" are the plugins. Runs of words are parted by blanks. */
static bool parse(const char *text, struct command_line *out, struct error *err)
{
    static const char *const files[] = { "my", "my-dns", "webroot", "notes.txt" };
    AUTO(list_clear) struct list words = { 0 };
    struct view rest = view_of(text), word;

    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    for (size_t i = 0; i < COUNT(files); i++) {
        AUTO(free) char *path = test_path(files[i]);
        struct error exists = { 0 };

        (void)!file_create(path, view_of(""), (struct file_access){ .mode = 0755 }, &exists);
    }
    list_add(&words, "evercert");
    list_add(&words, "--plugin-dir");
    list_add(&words, test_dir());
    while (view_cut(&rest, ' ', &word))
        list_add_view(&words, word);
    if (command_line_read((int)words.len, words.at, verbs, false, out, err))
        return true;
    command_line_clear(out);
    return false;
}

TEST(command_line)
{
    static const struct {
        const char *name, *words;
        const char *key, *value; /* value NULL: not set */
        const char *why, *next;  /* why NULL: it parses */
    } cases[] = {
        { "no value", "certonly --my-zone", "my_zone", NULL, "argument --my-zone: expected one argument", NULL },
        { "an option for a value", "certonly --my-zone -n", "my_zone", NULL, "argument --my-zone: expected one", NULL },
        { "nothing behind the name", "certonly --my- x", "my_", NULL, "unrecognized arguments: --my- x", NULL },
        { "the name alone", "certonly --my x", "my_", NULL, "unrecognized arguments: --my x", NULL },
        { "no such plugin", "certonly --yours-zone x", "my_zone", NULL, "unrecognized arguments: --yours-zone x",
            NULL },
        { "out of the directory", "certonly --../my-zone x", "my_zone", NULL, "unrecognized arguments: --../my-zone x",
            NULL },
        { "capitals", "certonly --my-Zone x", "my_zone", NULL, "unrecognized arguments: --my-Zone x", NULL },
        { "a file of another name", "certonly --notes.txt-a x", "", NULL, "unrecognized arguments", NULL },
        { "shadows one of ours", "certonly --webroot-magic x", "webroot_magic", NULL,
            "unrecognized arguments: --webroot-magic x", NULL },
        { "mistyped beside a good one", "certonly --my-zone x --domian y", "my_zone", NULL,
            "unrecognized arguments: --domian y", "did you mean --domain?" },
        { "stray word", "certonly --my-zone x y", "my_zone", NULL, "unrecognized arguments: --my-zone x y", NULL },
        { "quotes that cannot be saved", "certonly --my-zone '''\"\"\"x", "my_zone", NULL, "mixes quotes", NULL },
        { "a word", "certonly --my-zone x", "my_zone", "x", NULL, NULL },
        { "glued", "certonly --my-zone=x=y", "my_zone", "x=y", NULL, NULL },
        { "empty", "certonly --my-zone=", "my_zone", "", NULL, NULL },
        { "twice", "certonly --my-zone x --my-zone y", "my_zone", "y", NULL, NULL },
        { "in front of the subcommand", "--my-zone x certonly -n", "my_zone", "x", NULL, NULL },
        { "the longer plugin", "certonly --my-dns-zone x", "my_dns_zone", "x", NULL, NULL },
        { "ours comes first", "certonly --webroot-path /", "webroot_path", NULL, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(command_line_clear) struct command_line line = { 0 };
        struct error err = { 0 };
        bool ok = parse(cases[i].words, &line, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(
            ok || (err.kind == ERROR_USAGE && strstr(err.why, cases[i].why) != NULL), "%s: %s", cases[i].name, err.why);
        if (cases[i].next != NULL)
            CHECK_TEXT(err.next, cases[i].next, cases[i].name);
        if (ok)
            CHECK_TEXT(plugin_options_get(&line.settings->plugin_options, cases[i].key), cases[i].value, cases[i].name);
        if (ok && strcmp(cases[i].name, "the longer plugin") == 0)
            CHECK_TEXT(line.settings->plugin_options.at[0].plugin, "my-dns", "which plugin");
    }
}

TEST(cli_ini)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct plugin_options *all;
    struct error err = { 0 };

    REQUIRE(parse("certonly --my-zone line", &line, &err), "%s", err.why);
    all = &line.settings->plugin_options;
    REQUIRE(cli_ini_read(view_of("my-zone = file\nmy-key = one\n"), "a.ini", line.settings, &err), "%s", err.why);
    REQUIRE(cli_ini_read(view_of("my-key = two\n"), "b.ini", line.settings, &err), "%s", err.why);
    CHECK_TEXT(plugin_options_get(all, "my_zone"), "line", "the command line wins");
    CHECK_TEXT(plugin_options_get(all, "my_key"), "two", "the later file wins");
    CHECK(!cli_ini_read(view_of("mine-key = two\n"), "c.ini", line.settings, &err), " ");
    CHECK(strstr(err.why, "unrecognized arguments: --mine-key=two") != NULL, "%s", err.why);
}

/* Options of a first command, which are saved (%s in the file) and restored. */
TEST(saved_and_restored)
{
    AUTO(command_line_clear) struct command_line line = { 0 }, later = { 0 };
    AUTO(settings_free) struct settings *copy = NULL;
    AUTO(conf_free) struct conf *conf = conf_new();
    struct error err = { 0 };

    conf_set(conf, "renewalparams", "my_old", "of a run before");
    REQUIRE(
        parse("certonly -a my-dns --my-dns-zone a,b --my-dns-file /x#y --my-zone other", &line, &err), "%s", err.why);
    copy = settings_dup(line.settings);
    renewal_params_save(copy, conf);
    CHECK_TEXT(conf_get(conf, "renewalparams", "my_dns_zone"), "a,b", "a comma is no list");
    CHECK_TEXT(conf_get(conf, "renewalparams", "my_dns_file"), "/x#y", "saved");
    CHECK_TEXT(conf_get(conf, "renewalparams", "my_zone"), NULL, "of a plugin that is not used");
    CHECK_TEXT(conf_get(conf, "renewalparams", "my_old"), NULL, "not given this time");
    CHECK_TEXT(conf_get(conf, "evercert", "plugin_dir"), test_dir(), "where the plugin is");

    REQUIRE(parse("renew --my-dns-zone new", &later, &err), "%s", err.why);
    REQUIRE(renewal_params_restore(conf, "x.conf", later.settings, &err), "%s", err.why);
    CHECK_TEXT(plugin_options_get(&later.settings->plugin_options, "my_dns_zone"), "new", "what the user says wins");
    CHECK_TEXT(plugin_options_get(&later.settings->plugin_options, "my_dns_file"), "/x#y", "restored");
}

TEST(nothing_is_restored_for_ours)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(conf_free) struct conf *conf = conf_new();
    struct error err = { 0 };

    conf_set(conf, "renewalparams", "authenticator", "standalone");
    conf_set(conf, "renewalparams", "installer", "key");
    conf_set(conf, "renewalparams", "standalone_magic", "1");
    conf_set(conf, "renewalparams", "key_type", "rsa");
    conf_set(conf, "renewalparams", "key_other", "2");
    REQUIRE(renewal_params_restore(conf, "x.conf", settings, &err), "%s", err.why);
    CHECK_INT(settings->plugin_options.len, 1, "only what the table does not have, of a plugin that is not ours");
    CHECK_TEXT(plugin_options_get(&settings->plugin_options, "key_other"), "2", "its own");
}

static bool is_provided(const struct settings *settings, const char *name)
{
    (void)settings;
    return strcmp(name, "dns-fake") == 0 || strcmp(name, "dns-ovh") == 0;
}

TEST(names_of_before)
{
    static const struct {
        const char *before, *now;
    } cases[] = {
        { "certbot-dns-fake:dns-fake", "dns-fake" },
        { "certbot_dns_fake:dns_fake_credentials", "dns_fake_credentials" },
        { "certbot-route53:auth", "dns-route53" },
        { "certbot-plugin-gandi:dns", "dns-gandi" },
        { "certbot-plugin-gandi:dns-credentials", "dns-gandi-credentials" },
        { "certbot_plugin_gandi:dns_credentials", "dns_gandi_credentials" },
        { "other:dns-fake", "other:dns-fake" },
        { "certbot:", "certbot:" },
        { "webroot", "webroot" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *now = plugin_name_now(cases[i].before);

        CHECK_TEXT(now, cases[i].now, cases[i].before);
    }
}

/* A flag of a plugin that has no row chooses it; one of the table is the table's. */
TEST(flags_without_a_row)
{
    AUTO(settings_free) struct settings *settings = settings_new(NULL);
    bool taken;

    plugin_names_from(is_provided);
    plugin_flag_give(settings, view_of("dns-fake"), ORIGIN_FILE, &taken);
    CHECK(taken && settings->plugin_flags.len == 1, "taken");
    CHECK(SETTING_ORIGIN(settings, plugin_flags) == ORIGIN_FILE, "origin");
    plugin_flag_give(settings, view_of("certbot-dns-fake:dns-fake"), ORIGIN_COMMAND_LINE, &taken);
    CHECK(taken && settings->plugin_flags.len == 1, "once");
    CHECK_TEXT(settings->plugin_flags.at[0], "dns-fake", "name");
    plugin_flag_give(settings, view_of("dns-nobody"), ORIGIN_FILE, &taken);
    CHECK(!taken, "unknown");
    plugin_flag_give(settings, view_of("dns-ovh"), ORIGIN_FILE, &taken);
    CHECK(!taken, "of the table");
    plugin_names_from(NULL);
}

TEST_MAIN()
