#include "base/log.h"
#include "plugin/plugin.h"
#include "ui/scene.h"

TEST(table)
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
    const char *authenticator, *configurator, *installer;
    bool non_interactive;
};

static void choose(void *ctx)
{
    const struct choice *choice = ctx;
    struct ui_options options = { .non_interactive = choice->non_interactive };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(settings_free) struct settings *settings = settings_new(false);
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    log_terminal_level(LOG_LEVEL_INFO);
    settings->authenticator = xstrdup_or_null(choice->authenticator);
    settings->configurator = xstrdup_or_null(choice->configurator);
    settings->installer = xstrdup_or_null(choice->installer);
    if (!plugin_choose_authenticator(settings, ui, &plugin, &err))
        dprintf(STDERR_FILENO, "%s|%s|%s\n", error_kind_name(err.kind), err.why, err.next);
    else
        dprintf(STDERR_FILENO, "%s, %s set\n", plugin->name,
                SETTING_ORIGIN(settings, authenticator) == ORIGIN_RUNTIME ? settings->authenticator : "not");
}

TEST(choose_authenticator)
{
    static const struct {
        const char *name;
        struct choice choice;
        const char *input, *err;
    } cases[] = {
        { "unknown", { .authenticator = "apache9\033" }, NULL,
          "plugin|The requested apache9? plugin does not appear to be installed|the command `plugins` lists" },
        { "misspelled", { .authenticator = "webrot" }, NULL,
          "plugin|The requested webrot plugin does not appear to be installed|did you mean webroot?" },
        { "two that do not agree", { .authenticator = "webroot", .configurator = "standalone" }, NULL,
          "plugin|Too many flags setting authenticators: standalone and webroot|" },
        { "nobody to ask", { .non_interactive = true }, NULL,
          "plugin|Missing command line flags. For non-interactive execution, you will need to specify a plugin on the "
          "command line.|add --standalone" },
        { "canceled", { 0 }, "c\n", "canceled|authenticator could not be determined or is not installed|" },
        { "named", { .authenticator = "manual" }, NULL,
          "Plugins selected: Authenticator manual, Installer None\nmanual, not set\n" },
        { "by --configurator", { .configurator = "webroot", .installer = "nginx" }, NULL,
          "Plugins selected: Authenticator webroot, Installer nginx\nwebroot, webroot set\n" },
        { "from the menu", { 0 }, "1\n",
          "Plugins selected: Authenticator standalone, Installer None\nstandalone, standalone set\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .input = cases[i].input };
        bool asked = cases[i].input != NULL;

        scene_play(&scene, choose, (void *)(uintptr_t)&cases[i].choice);
        CHECK_INT(scene.status, 0, cases[i].name);
        CHECK(strncmp(buf_text(&scene.err), cases[i].err, strlen(cases[i].err)) == 0, "%s: %s", cases[i].name,
              buf_text(&scene.err));
        CHECK((strstr(buf_text(&scene.out), "(standalone)") != NULL) == asked, "%s", cases[i].name);
        CHECK(strstr(buf_text(&scene.out), "(manual)") == NULL, "%s: manual is hidden", cases[i].name);
    }
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
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_new(false);
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
