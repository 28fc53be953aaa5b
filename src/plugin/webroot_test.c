#include "config/webroot_map.h"
#include "plugin/builtin.h"
#include "ui/scene.h"

#define BELOW ".well-known/acme-challenge/"

static const struct authenticator *webroot;

static struct proof proof_of(const char *name, const char *token)
{
    return (struct proof){ .type = "http-01", .identifier = name, .token = token, .key_authorization = "key" };
}

static bool serves(const char *root, const char *token)
{
    AUTO(free) char *path = xprintf("%s/" BELOW "%s", root, token);

    return file_exists(path);
}

static char *new_root(const char *name)
{
    char *path = test_path(name);

    REQUIRE(mkdir(path, 0755) == 0, "%s", path);
    return path;
}

TEST(map_and_fallback)
{
    static const struct ui_options options = { .non_interactive = true };
    AUTO(free) char *a = new_root("a"), *b = new_root("b"), *c = new_root("c"), *hint = NULL;
    AUTO(settings_free) struct settings *settings = settings_new(false);
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct plugin_context context = { .settings = settings, .ui = ui };
    struct proof one = proof_of("a.test", "one"), two = proof_of("2001:db8::1", "two"), bad = proof_of("a.test", ".x");
    struct error err = { 0 };
    void *self = NULL;

    webroot = plugin_webroot.authenticator;
    webroot_map_put(&settings->webroot_map, "a.test", a);
    list_add(&settings->webroot_path, b);
    list_add(&settings->webroot_path, c);
    REQUIRE(webroot->prepare(&context, &self, &err), "%s", err.why);
    CHECK(!webroot->present(self, &bad, &err) && strstr(err.why, "token") != NULL, "%s", err.why);
    CHECK(webroot->present(self, &one, &err) && webroot->present(self, &two, &err), "%s", err.why);
    CHECK(serves(a, "one") && !serves(b, "two") && serves(c, "two"), "by the map, else by the last -w");
    CHECK_TEXT(webroot_map_find(&settings->webroot_map, "2001:db8::1"), c, "kept for renewal");
    CHECK(webroot->cleanup(self, &bad, &err) && webroot->cleanup(self, &one, &err), "%s", err.why);
    CHECK(webroot->cleanup(self, &one, &err), "twice: %s", err.why);
    CHECK(!serves(a, "one") && serves(c, "two"), "only what was cleaned up");
    hint = webroot->hint(self, "http-01");
    CHECK(strstr(hint, a) != NULL && strstr(hint, c) != NULL && strstr(hint, b) == NULL, "%s", hint);
    webroot->release(self);
    CHECK(!serves(c, "two"), "release removes the rest");
    CHECK(rmdir(a) == 0 && rmdir(b) == 0 && rmdir(c) == 0, "nothing is left in any of them");
}

TEST(no_webroot_and_nobody_to_ask)
{
    static const struct ui_options options = { .non_interactive = true };
    AUTO(settings_free) struct settings *settings = settings_new(false);
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct plugin_context context = { .settings = settings, .ui = ui };
    struct proof proof = proof_of("b.test", "one");
    struct error err = { 0 };
    void *self = NULL;

    webroot = plugin_webroot.authenticator;
    CHECK(!webroot->prepare(&context, &self, &err) && self == NULL, "nothing is known");
    CHECK(err.kind == ERROR_PLUGIN && strstr(err.next, "--webroot-path") != NULL, "%s", err.next);
    webroot_map_put(&settings->webroot_map, "a.test", "/");
    REQUIRE(webroot->prepare(&context, &self, &err), "%s", err.why);
    CHECK(!webroot->present(self, &proof, &err), "b.test is not in the map");
    CHECK(err.kind == ERROR_CONFIG && strstr(err.why, "http://b.test/") != NULL, "%s", err.why);
    webroot->release(self);
}

static void ask(void *ctx)
{
    static const struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(settings_free) struct settings *settings = settings_new(false);
    struct plugin_context context = { .settings = settings, .ui = ui };
    static const char *const names[] = { "a.test", "b.test", "c.test" };
    struct error err = { 0 };
    void *self = NULL;

    (void)ctx;
    webroot = plugin_webroot.authenticator;
    if (!webroot->prepare(&context, &self, &err))
        _exit(99);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *token = xprintf("t%zu", i);
        struct proof proof = proof_of(names[i], token);

        if (!webroot->present(self, &proof, &err)) {
            dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
            break;
        }
        dprintf(STDERR_FILENO, "%s\n", file_basename(webroot_map_find(&settings->webroot_map, names[i])));
    }
    dprintf(STDERR_FILENO, "%d\n", SETTING_ORIGIN(settings, webroot_map) == ORIGIN_RUNTIME);
    webroot->release(self);
}

TEST(the_user_is_asked)
{
    AUTO(free) char *a = new_root("a"), *b = new_root("b"), *file = test_path("file");
    AUTO(free) char *quotes = new_root("''' \"\"\" #");
    AUTO(free) char *input = xprintf("/nowhere\n\n%s\n%s\n%s/\n2\n1\n%s\n", file, quotes, a, b);
    AUTO(scene_clear) struct scene all = { .input = input }, canceled = { .input = "c\n" };
    struct error err = { 0 };

    REQUIRE(file_create(file, view_of("x"), FILE_PUBLIC, &err), "%s", err.why);
    scene_play(&all, ask, NULL);
    CHECK(strstr(buf_text(&all.out), " mixes ") != NULL, "%s", buf_text(&all.out));
    CHECK_INT(all.status, 0, "status");
    CHECK_TEXT(buf_text(&all.err), "a\na\nb\n1\n", "new, known, new");
    CHECK(
        strstr(buf_text(&all.out), "/nowhere does not exist or is not a directory") != NULL, "%s", buf_text(&all.out));
    CHECK(strstr(buf_text(&all.out), "Which directory does the web server deliver for http://b.test/?") != NULL, "%s",
        buf_text(&all.out));
    CHECK(rmdir(a) == 0 && rmdir(b) == 0, "nothing is left");
    scene_play(&canceled, ask, NULL);
    CHECK(strstr(buf_text(&canceled.err), "canceled|") != NULL, "%s", buf_text(&canceled.err));
}

TEST_MAIN()
