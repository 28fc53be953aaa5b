/* What people are told of providers: keys and how they are called, the list, its JSON, the page of help; and that a
 * description makes a plugin. */
#include "recipe/document.h"

#include <sys/stat.h>

#include "base/test.h"
#include "base/text.h"
#include "recipe/plugins.h"
#include "recipe/provider.h"

#define RECORDS "\"add\":{\"do\":\"PUT /\"},\"del\":{\"do\":\"DELETE /\"}"
#define OWN                                                                                                            \
    "{\"name\":\"own-1\",\"title\":\"Own & Co\",\"ttl\":60,\"wait\":17,\"note\":\"A "                                  \
    "note.\",\"docs\":\"https://x.test\"," RECORDS                                                                     \
    ",\"keys\":{\"user\":{\"public\":true,\"help\":\"who\"},\"api-key\":{\"default\":\"none\"},\"zone\":{\"option\":"  \
    "true,\"optional\":true}}}"

static const struct {
    const char *top, *keys;
} rows[] = {
    { "{}", "" },
    { "{\"keys\":{}}", "" },
    { "{\"keys\":{\"a\":{},\"b-c\":{\"optional\":true},\"d\":{\"default\":\"e\"}}}",
        "dns_x_y_a, [dns_x_y_b_c], [dns_x_y_d]" },
    { "{\"keys\":{\"a\":{\"option\":true},\"b\":{\"option\":true,\"optional\":true}}}", "--dns-x-y-a, [--dns-x-y-b]" },
    { "{\"credentials\":\"json\",\"keys\":{\"a\":{},\"b\":{\"optional\":true}}}", "a, [b]" },
    { "{\"credentials\":\"aws\",\"keys\":{\"a\":{}}}", "" },
};

TEST(names_of_keys)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct description description = { .name = "x-y", .title = "X" };
        AUTO(free) char *keys = NULL;
        struct error err = { 0 };

        REQUIRE(value_read_json(view_of(rows[i].top), "top", &description.top, &err), "%s", err.why);
        keys = document_keys(&description);
        CHECK_TEXT(keys, rows[i].keys, rows[i].top);
        value_free_all(&description.top);
    }
}

/* A configuration with one description of the administrator's, and one that is none. */
static struct settings *make_settings(void)
{
    AUTO(free) char *dir = test_path("dns-providers"), *own = NULL, *broken = NULL;
    struct settings *settings = settings_new(&voice_own);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    own = file_join(dir, "own-1.json");
    broken = file_join(dir, "broken.json");
    REQUIRE(file_create(own, view_of(OWN), FILE_PUBLIC, &err) && file_create(broken, view_of("{}"), FILE_PUBLIC, &err),
        "%s", err.why);
    xreplace(&settings->config_dir, test_dir());
    return settings;
}

static void check_has(const char *text, const char *part)
{
    CHECK(strstr(text, part) != NULL, "no \"%s\" in \"%s\"", part, text);
}

TEST(listings)
{
    struct settings *settings = make_settings();
    AUTO(buf_clear) struct buf list = BUF(4 * 1024 * 1024), json = BUF(4 * 1024 * 1024), help = BUF(65536);
    struct out out = out_to(&json);
    struct error err = { 0 };
    bool found = false;

    REQUIRE(document_list(settings, &list, &err), "%s", err.why);
    check_has(buf_text(&list),
        "\ndns-own-1: Own & Co (by the administrator)\n  needs a file with the lines\n  dns_own_1_user: who\n"
        "  [dns_own_1_api_key] (default: none)\n  [--dns-own-1-zone]\n  A note.\n");
    check_has(buf_text(&list), "\ndns-broken: cannot be used: ");
    check_has(buf_text(&list), "broken.json, line 1, column 1 (top): 'name' is missing");
    check_has(buf_text(&list), "dns-cloudflare: Cloudflare\n");
    out_object(&out, NULL);
    REQUIRE(document_json(settings, &out, &err), "%s", err.why);
    out_end(&out);
    check_has(buf_text(&json), "\"plugin\":\"dns-own-1\",\"error\":null,\"title\":\"Own & Co\"");
    check_has(buf_text(&json),
        "\"credentials\":\"ini\",\"propagation_seconds\":17,\"note\":\"A note.\",\"docs\":\"https://x.test\",\"keys\":["
        "{\"name\":\"dns_own_1_user\",\"option\":false,\"required\":true,\"secret\":false,\"help\":\"who\"},"
        "{\"name\":\"dns_own_1_api_key\",\"option\":false,\"required\":false,\"secret\":true,\"help\":null},"
        "{\"name\":\"zone\",\"option\":true,\"required\":false,\"secret\":true,\"help\":null}]}");
    check_has(buf_text(&json), "{\"plugin\":\"dns-broken\",\"error\":\"");
    REQUIRE(document_help_page(settings, "dns-own-1", &help, &found, &err) && found, "%s", err.why);
    CHECK_TEXT(buf_text(&help),
        "dns-own-1:\n  Obtain certificates using a DNS TXT record (if you are using Own & Co for DNS).\n\n"
        "  --dns-own-1-credentials FILE\n  --dns-own-1-propagation-seconds N (default: 17)\n\n  Needs a file with the "
        "lines\n"
        "    dns_own_1_user: who\n    [dns_own_1_api_key] (default: none)\n    [--dns-own-1-zone]\n",
        "help");
    CHECK(document_help_page(settings, "webroot", &help, &found, &err) && !found, "%s", err.why);
    CHECK(document_help_page(settings, "dns-nothing", &help, &found, &err) && !found, "%s", err.why);
    CHECK(!document_help_page(settings, "dns-broken", &help, &found, &err), "of one that is wrong");
    settings_free(settings);
}

TEST(plugins_by_descriptions)
{
    struct settings *settings = make_settings();
    const struct plugin *plugin = NULL, *again = NULL, *other = NULL;
    struct error err = { 0 };

    REQUIRE(recipe_plugin_find(settings, "dns-own-1", &plugin, &err) && plugin != NULL, "%s", err.why);
    CHECK_TEXT(plugin->name, "dns-own-1", "name");
    CHECK(strstr(plugin->description, "Own & Co") != NULL, "%s", plugin->description);
    CHECK(plugin->authenticator == &dns_authenticator, "as all of them");
    CHECK(recipe_plugin_find(settings, "dns-own-1", &again, &err) && again == plugin, "one for all");
    CHECK(recipe_plugin_find(NULL, "dns-own-1", &other, &err) && other == NULL, "only where it is");
    CHECK(recipe_plugin_find(settings, "dns-nothing", &other, &err) && other == NULL, "none");
    CHECK(recipe_plugin_find(settings, "own-1", &other, &err) && other == NULL, "another name");
    CHECK(recipe_plugin_find(settings, NULL, &other, &err) && other == NULL, "no name");
    CHECK(!recipe_plugin_find(settings, "dns-broken", &other, &err) && err.kind == ERROR_CONFIG, "%s", err.why);
    CHECK(
        recipe_plugin_exists(settings, "dns-own-1") && recipe_plugin_exists(settings, "dns-broken"), "there are files");
    CHECK(!recipe_plugin_exists(settings, "dns-nothing") && !recipe_plugin_exists(settings, "own-1"), "none of these");
    CHECK(!recipe_plugin_exists(settings, NULL) && recipe_plugin_exists(NULL, "dns-linode"), "built in");
    settings_free(settings);
}

TEST_MAIN()
