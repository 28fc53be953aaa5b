#include "base/log.h"
#include "plugin/builtin.h"
#include "ui/scene.h"

static const struct plugin *const table[] = { &plugin_manual, &plugin_null, &plugin_standalone, &plugin_webroot, NULL };

__attribute__((constructor)) static void use_table(void)
{
    plugins_use(table);
}

TEST(rows)
{
    for (size_t i = 0; plugins[i] != NULL; i++) {
        const struct authenticator *authenticator = plugins[i]->authenticator;

        CHECK(i == 0 || strcmp(plugins[i - 1]->name, plugins[i]->name) < 0, "%s is not in its place", plugins[i]->name);
        CHECK(plugin_find(plugins[i]->name) == plugins[i], "%s", plugins[i]->name);
        CHECK(plugins[i]->description[0] != '\0' && strchr(plugins[i]->description, '\n') == NULL, "%s",
            plugins[i]->name);
        CHECK(authenticator == NULL || (authenticator->types[0] != NULL && authenticator->prepare != NULL &&
                                           authenticator->present != NULL && authenticator->cleanup != NULL &&
                                           authenticator->release != NULL && authenticator->hint != NULL),
            "%s", plugins[i]->name);
    }
    CHECK(plugin_find("") == NULL && plugin_find(NULL) == NULL && plugin_find("Standalone") == NULL, " ");
}

struct choice {
    const char *authenticator, *installer;
    bool non_interactive, as_certbot;
    bool for_run, installer_only; /* else the authenticator */
};

static void say_failed(const struct error *err)
{
    dprintf(STDERR_FILENO, "%s|%s|%s\n", error_kind_name(err->kind), err->why, err->next);
}

static void say_chosen(const struct answers *answers, const struct plugin *plugin)
{
    dprintf(STDERR_FILENO, "%s, %s and %s set\n", plugin != NULL ? plugin->name : "none",
        answers->authenticator != NULL ? answers->authenticator : "nothing",
        answers->installer != NULL ? answers->installer : "nothing");
}

static void choose(void *ctx)
{
    const struct choice *choice = ctx;
    struct ui_options options = { .non_interactive = choice->non_interactive,
        .voice = choice->as_certbot ? &voice_certbot : &voice_own };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(answers_clear) struct answers answers = { 0 };
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    log_terminal_level(LOG_LEVEL_INFO);
    settings->authenticator = xstrdup_or_null(choice->authenticator);
    settings->installer = xstrdup_or_null(choice->installer);
    xreplace(&settings->plugin_dir, "/nonexistent");
    if (choice->for_run          ? plugin_choose_for_run(settings, &answers, ui, &plugin, &err)
        : choice->installer_only ? plugin_choose_installer(settings, &answers, ui, "Which?", &plugin, &err)
                                 : plugin_choose_authenticator(settings, &answers, ui, &plugin, &err))
        say_chosen(&answers, plugin);
    else
        say_failed(&err);
}

struct expected {
    const char *name;
    struct choice choice;
    const char *input, *err; /* how standard error begins */
};

static void check_choice(const struct expected *expected)
{
    AUTO(scene_clear) struct scene scene = { .input = expected->input };
    bool asked = expected->input != NULL;

    scene_play(&scene, choose, (void *)(uintptr_t)&expected->choice);
    CHECK_INT(scene.status, 0, expected->name);
    CHECK(strncmp(buf_text(&scene.err), expected->err, strlen(expected->err)) == 0, "%s: %s", expected->name,
        buf_text(&scene.err));
    CHECK((strstr(buf_text(&scene.out), "(standalone)") != NULL) == asked, "%s", expected->name);
    CHECK(strstr(buf_text(&scene.out), "(manual)") == NULL, "%s: manual is hidden", expected->name);
}

#define MISSING                                                                                                        \
    "Missing command line flags. For non-interactive execution, you will need to specify a plugin on the "             \
    "command line."
#define MISSING_AS_CERTBOT                                                                                             \
    MISSING "  Run with '--help plugins' to see a list of options, and see "                                           \
            "https://eff.org/letsencrypt-plugins for more detail on what the plugins do and how to use them.|\n"
#define NOT_WORKING                                                                                                    \
    "plugin is not working; there may be problems with your existing configuration.\nThe error was: None|\n"

TEST(choose_authenticator)
{
    static const struct expected cases[] = {
        { "unknown", { .authenticator = "apache9\033" }, NULL,
            "plugin|The requested apache9? plugin does not appear to be installed|the command `plugins` lists" },
        { "misspelled", { .authenticator = "webrot" }, NULL,
            "plugin|The requested webrot plugin does not appear to be installed|did you mean webroot?" },
        { "an installer", { .authenticator = "null" }, NULL, "plugin|The null plugin cannot prove control of names|" },
        { "an installer, as Certbot", { .authenticator = "null", .as_certbot = true }, NULL,
            "plugin|The null " NOT_WORKING },
        { "nobody to ask", { .non_interactive = true }, NULL,
            "config|" MISSING "|add --nginx, --apache, --standalone" },
        { "nobody to ask, as Certbot", { .non_interactive = true, .as_certbot = true }, NULL,
            "config|" MISSING_AS_CERTBOT },
        { "canceled", { 0 }, "c\n", "canceled|the question was not answered (canceled)|" },
        { "canceled, as Certbot", { .as_certbot = true }, "c\n",
            "canceled|authenticator could not be determined or is not installed|" },
        { "named", { .authenticator = "manual" }, NULL,
            "Plugins selected: Authenticator manual, Installer None\nmanual, nothing and nothing set\n" },
        { "named, with an installer", { .authenticator = "webroot", .installer = "nginx" }, NULL,
            "Plugins selected: Authenticator webroot, Installer nginx\nwebroot, nothing and nothing set\n" },
        { "from the menu", { 0 }, "1\n",
            "Plugins selected: Authenticator standalone, Installer None\nstandalone, standalone and nothing set\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_choice(&cases[i]);
}

TEST(choose_installer)
{
    static const struct expected cases[] = {
        { "unknown", { .installer = "nul", .installer_only = true }, NULL,
            "plugin|The requested nul plugin does not appear to be installed|did you mean null?" },
        { "an authenticator", { .installer = "webroot", .installer_only = true }, NULL,
            "plugin|The webroot plugin cannot install certificates|" },
        { "an authenticator, as Certbot", { .installer = "webroot", .installer_only = true, .as_certbot = true }, NULL,
            "plugin|The webroot " NOT_WORKING },
        { "nobody to ask", { .installer_only = true, .non_interactive = true }, NULL,
            "config|" MISSING "|add --nginx or --apache" },
        { "none is there", { .installer_only = true }, NULL, "none, nothing and nothing set\n" },
        { "named", { .installer = "null", .installer_only = true }, NULL, "null, nothing and nothing set\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_choice(&cases[i]);
}

TEST(choose_for_run)
{
    static const struct expected cases[] = {
        { "an authenticator alone", { .authenticator = "standalone", .for_run = true }, NULL,
            "config|The standalone plugin can authenticate but cannot install, so there is no installer for the "
            "command run.|"
            "use `certonly -a standalone`" },
        { "as Certbot", { .authenticator = "standalone", .for_run = true, .as_certbot = true }, NULL,
            "config|With the standalone plugin, you probably want to use the \"certonly\" command, eg:\n\n    certbot "
            "certonly "
            "--standalone\n\n(Alternatively, add a --installer flag. See https://eff.org/letsencrypt-plugins\n and "
            "\"--help "
            "plugins\" for more information.)|\n" },
        { "one that is not there", { .authenticator = "dns-ovh", .for_run = true, .as_certbot = true }, NULL,
            "config|With the dns-ovh plugin, you probably want" },
        { "unknown, without an installer", { .authenticator = "nonsense", .for_run = true, .non_interactive = true },
            NULL, "config|" MISSING "|add --nginx" },
        { "unknown, with one", { .authenticator = "nonsense", .installer = "null", .for_run = true }, NULL,
            "plugin|The requested nonsense plugin does not appear to be installed|" },
        { "an unknown installer comes first", { .authenticator = "nonsense", .installer = "other", .for_run = true },
            NULL, "plugin|The requested other plugin does not appear to be installed|" },
        { "nothing", { .for_run = true, .non_interactive = true }, NULL, "config|" MISSING "|" },
        { "no authenticator", { .installer = "null", .for_run = true, .non_interactive = true, .as_certbot = true },
            NULL, "config|" MISSING_AS_CERTBOT },
        { "one for both that can only one", { .authenticator = "null", .installer = "null", .for_run = true }, NULL,
            "plugin|The null plugin cannot prove control of names|" },
        { "none is there", { .for_run = true }, NULL, "none, nothing and nothing set\n" },
        { "both", { .authenticator = "webroot", .installer = "null", .for_run = true }, NULL,
            "Plugins selected: Authenticator webroot, Installer null\nnull, nothing and nothing set\n" },
        { "from the menu", { .installer = "null", .for_run = true }, "2\n",
            "Plugins selected: Authenticator webroot, Installer null\nnull, webroot and nothing set\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_choice(&cases[i]);
}

static bool is_not_here(const struct settings *settings)
{
    CHECK(settings != NULL, "with settings");
    return false;
}

/* What a server needs that is not installed is not offered, but found by its name: then it says itself what is missing.
 */
TEST(what_is_not_here)
{
    struct plugin missing = plugin_webroot;
    const struct plugin *const with[] = { &plugin_standalone, &missing, NULL };
    static const struct expected by_name = { "by its name", { .authenticator = "webroot" }, NULL,
        "Plugins selected: Authenticator webroot, Installer None\n" };
    static const struct expected from_menu = { "the only one that is here", { 0 }, NULL,
        "Plugins selected: Authenticator standalone, Installer None\nstandalone, standalone and nothing set\n" };

    missing.is_here = is_not_here;
    plugins_use(with);
    check_choice(&by_name);
    check_choice(&from_menu);
    plugins_use(table);
}

TEST(challenge_types)
{
    static const struct {
        const char *name, *plugin, *preferred, *want;
    } cases[] = {
        { "none left", "standalone", "dns-01", NULL },
        { "unknown ones", "manual", "tls-sni-01,x", NULL },
        { "all", "manual", NULL, "http-01,dns-01" },
        { "reordered", "manual", "dns-01,http-01", "dns-01,http-01" },
        { "filtered, twice", "manual", "x,dns-01,dns-01", "dns-01" },
        { "one", "webroot", NULL, "http-01" },
        { "http first", "standalone", NULL, "http-01,tls-alpn-01" },
        { "as asked for", "standalone", "tls-alpn-01", "tls-alpn-01" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
        AUTO(list_clear) struct list types = { 0 };
        AUTO(free) char *joined = NULL;
        struct view rest = view_of(cases[i].preferred), type;
        struct error err = { 0 };
        bool ok;

        while (cases[i].preferred != NULL && view_cut(&rest, ',', &type))
            list_add_view(&settings->preferred_challenges, type);
        ok = plugin_challenge_types(plugin_find(cases[i].plugin), settings, &types, &err);
        joined = list_join(&types, ",");
        CHECK(ok == (cases[i].want != NULL), "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(joined, ok ? cases[i].want : "", cases[i].name);
        CHECK(ok || strstr(err.why, "None of the preferred challenges are supported") != NULL, "%s", err.why);
    }
}

TEST_MAIN()
