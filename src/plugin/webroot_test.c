#include <sys/wait.h>
#include <unistd.h>

#include "config/webroot_map.h"
#include "plugin/builtin.h"
#include "plugin/proof_play.h"
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
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(answers_clear) struct answers answers = { 0 };
    struct plugin_context context = { .settings = settings, .answers = &answers, .ui = ui };
    struct proof one = proof_of("a.test", "one"), two = proof_of("2001:db8::1", "two"), bad = proof_of("a.test", ".x");
    struct error err = { 0 };
    void *self = NULL;

    webroot = plugin_webroot.authenticator;
    webroot_map_put(&settings->webroot_map, "a.test", a);
    list_add(&settings->webroot_path, b);
    list_add(&settings->webroot_path, c);
    REQUIRE(webroot->prepare(&context, &self, &err), "%s", err.why);
    CHECK(!present_it(webroot, self, &bad, &err) && strstr(err.why, "token") != NULL, "%s", err.why);
    CHECK(present_it(webroot, self, &one, &err) && present_it(webroot, self, &two, &err), "%s", err.why);
    CHECK(serves(a, "one") && !serves(b, "two") && serves(c, "two"), "by the map, else by the last -w");
    CHECK_TEXT(webroot_map_find(&answers.roots, "2001:db8::1"), c, "kept for renewal");
    CHECK(clean_it_up(webroot, self, &bad, &err) && clean_it_up(webroot, self, &one, &err), "%s", err.why);
    CHECK(clean_it_up(webroot, self, &one, &err), "twice: %s", err.why);
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
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(answers_clear) struct answers answers = { 0 };
    struct plugin_context context = { .settings = settings, .answers = &answers, .ui = ui };
    struct proof proof = proof_of("b.test", "one");
    struct error err = { 0 };
    void *self = NULL;

    webroot = plugin_webroot.authenticator;
    CHECK(!webroot->prepare(&context, &self, &err) && self == NULL, "nothing is known");
    CHECK(err.kind == ERROR_PLUGIN && strstr(err.next, "--webroot-path") != NULL, "%s", err.next);
    webroot_map_put(&settings->webroot_map, "a.test", "/");
    REQUIRE(webroot->prepare(&context, &self, &err), "%s", err.why);
    CHECK(!present_it(webroot, self, &proof, &err), "b.test is not in the map");
    CHECK(err.kind == ERROR_CONFIG && strstr(err.why, "http://b.test/") != NULL, "%s", err.why);
    webroot->release(self);
}

static void ask(void *ctx)
{
    static const struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(answers_clear) struct answers answers = { 0 };
    struct plugin_context context = { .settings = settings, .answers = &answers, .ui = ui };
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

        if (!present_it(webroot, self, &proof, &err)) {
            dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
            break;
        }
        dprintf(STDERR_FILENO, "%s\n", file_basename(webroot_map_find(&answers.roots, names[i])));
    }
    dprintf(STDERR_FILENO, "%d\n", answers.has_roots);
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

/* ---- what a run that was cut off has left ---- */

/* Plans and presents in a process that ends without cleaning up; *place is what the plan says, of the caller's. */
static void leave_behind(const char *root, const char *token, char **place)
{
    AUTO(free) char *noted = test_path("noted");
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        struct ui *ui = ui_new(&(struct ui_options){ .non_interactive = true });
        struct settings *settings = settings_new(&voice_own);
        AUTO(answers_clear) struct answers answers = { 0 };
        struct plugin_context context = { .settings = settings, .answers = &answers, .ui = ui };
        struct proof proof = proof_of("a.test", token), *all = &proof;
        void *self = NULL;

        list_add(&settings->webroot_path, root);
        if (!webroot->prepare(&context, &self, &err) || !webroot->plan(self, &all, 1, &err) || proof.place == NULL ||
            !file_replace(noted, view_of(proof.place), FILE_PUBLIC, &err) || !webroot->present(self, &all, 1, &err) ||
            proof.state != PROOF_PRESENTED)
            _exit(99);
        _exit(0);
    }
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child && status == 0, "status %d", status);
    REQUIRE(file_read(noted, &text, &err), "%s", err.why);
    *place = xstrdup(buf_text(&text));
}

static bool sweep(const char *token, char *place, struct error *err)
{
    struct proof proof = proof_of("a.test", token), *all = &proof;
    bool ok;

    proof.place = place;
    ok = webroot->sweep(NULL, &all, 1, err);
    if (proof.error != NULL)
        *err = *proof.error;
    free(proof.error);
    return ok && proof.state == PROOF_WANTED;
}

TEST(swept)
{
    static const struct {
        const char *name, *root;
        const char *before; /* below the test's directory, made before; NULL: nothing */
        const char *kept;   /* is there afterwards */
        const char *gone;   /* is not */
    } cases[] = {
        { "a webroot that is empty", "a", "a", "a", "a/.well-known" },
        { "a directory for other things", "b", "b/.well-known", "b/.well-known", "b/.well-known/acme-challenge" },
        { "a directory for challenges", "c", "c/.well-known/acme-challenge", "c/.well-known/acme-challenge",
            "c/.well-known/acme-challenge/tok" },
        { "a webroot that was missing", "d/e/f", "d", "d", "d/e" },
    };

    webroot = plugin_webroot.authenticator;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *root = test_path(cases[i].root), *before = test_path(cases[i].before), *place = NULL;
        AUTO(free) char *kept = test_path(cases[i].kept), *gone = test_path(cases[i].gone);
        struct error err = { 0 };

        REQUIRE(file_mkdirs(before, 0755, &err), "%s", err.why);
        leave_behind(root, "tok", &place);
        CHECK(serves(root, "tok"), "%s: was presented", cases[i].name);
        CHECK(sweep("tok", place, &err), "%s: %s", cases[i].name, err.why);
        CHECK(file_exists(kept) && !file_exists(gone), "%s: %s", cases[i].name, place);
        CHECK(sweep("tok", place, &err), "%s: twice: %s", cases[i].name, err.why);
        CHECK(file_exists(kept), "%s", cases[i].name);
    }
}

TEST(swept_with_care)
{
    AUTO(free) char *root = new_root("a"), *place = NULL, *mine = test_path("a/" BELOW "mine"), *tok = NULL;
    AUTO(free) char *dir = test_path("a/" BELOW), *out = test_path("out"), *link = test_path("a/.well-known");
    struct error err = { 0 };

    webroot = plugin_webroot.authenticator;
    tok = xprintf("%s/" BELOW "tok", root);
    leave_behind(root, "tok", &place);
    REQUIRE(file_create(mine, view_of("x"), FILE_PUBLIC, &err), "%s", err.why);
    REQUIRE(truncate(tok, 1) == 0, "cut off while it was written");
    CHECK(sweep("tok", place, &err) && !serves(root, "tok"), "the beginning of the content: %s", err.why);
    CHECK(file_exists(mine), "directories that are not empty stay");
    REQUIRE(file_create(tok, view_of("another's"), FILE_PUBLIC, &err), "%s", err.why);
    CHECK(sweep("tok", place, &err) && serves(root, "tok"), "another's content stays: %s", err.why);
    REQUIRE(unlink(tok) == 0 && link != NULL && symlink(mine, tok) == 0, " ");
    CHECK(sweep("tok", place, &err) && file_exists(mine) && file_is_link(tok), "a link stays: %s", err.why);
    REQUIRE(unlink(tok) == 0 && unlink(mine) == 0 && rmdir(dir) == 0 && rmdir(link) == 0, " ");
    CHECK(sweep("tok", place, &err) && file_is_dir(root), "nothing is there: %s", err.why);
    REQUIRE(mkdir(out, 0755) == 0 && symlink(out, link) == 0, " ");
    CHECK(sweep("tok", place, &err) && file_is_dir(out), "a link on the way, and nothing there: %s", err.why);
}

/* The webroot and the directory above it were missing. What is there now is somebody else's. */
TEST(directories_of_others_stay)
{
    AUTO(free) char *above = test_path("m"), *root = test_path("m/w"), *aside = test_path("aside");
    AUTO(free) char *out = test_path("out"), *inner = test_path("out/w"), *place = NULL;
    struct error err = { 0 };

    webroot = plugin_webroot.authenticator;
    leave_behind(root, "tok", &place);
    CHECK(strncmp(place, "5 ", 2) == 0, "%s", place);
    REQUIRE(rename(above, aside) == 0 && file_mkdirs(inner, 0755, &err) && symlink(out, above) == 0, " ");
    CHECK(sweep("tok", place, &err) && file_is_dir(inner), "behind a link: %s", err.why);
    REQUIRE(unlink(above) == 0 && mkdir(above, 0755) == 0 && mkdir(root, 0755) == 0 && chmod(root, 0775) == 0, " ");
    CHECK(sweep("tok", place, &err) && file_is_dir(root), "open to a group: %s", err.why);
    if (geteuid() == 0) { /* only root can give files away */
        REQUIRE(chmod(root, 0755) == 0 && chown(root, 12345, 12345) == 0, " ");
        CHECK(sweep("tok", place, &err) && file_is_dir(root), "of another user: %s", err.why);
        REQUIRE(chown(root, 0, 0) == 0, " ");
    }
    REQUIRE(chmod(root, 0755) == 0 && rmdir(root) == 0, " ");
    CHECK(sweep("tok", place, &err) && !file_exists(above), "as we make it: %s", err.why);
}

TEST(what_was_there_before_stays)
{
    AUTO(free) char *root = new_root("a"), *dir = test_path("a/" BELOW), *tok = test_path("a/" BELOW "tok");
    AUTO(free) char *place = NULL;
    struct error err = { 0 };

    webroot = plugin_webroot.authenticator;
    REQUIRE(file_mkdirs(dir, 0755, &err) && file_create(tok, view_of("key"), FILE_PUBLIC, &err), "%s", err.why);
    leave_behind(root, "tok", &place);
    CHECK(sweep("tok", place, &err) && file_exists(tok), "%s: %s", place, err.why);
}

TEST(places_that_are_none)
{
    char *const places[] = { (char[]){ "" }, (char[]){ "3" }, (char[]){ "x /" }, (char[]){ "3 relative" },
        (char[]){ "3\t/x" }, (char[]){ "/var/www" } };

    webroot = plugin_webroot.authenticator;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct error err = { 0 };

        CHECK(!sweep("tok", places[i], &err) && strstr(err.why, "no place") != NULL, "%s: %s", places[i], err.why);
    }
}

/* A file that an order of this process still uses is not a leftover, and goes with that order. */
TEST(another_order_is_at_work)
{
    AUTO(free) char *root = new_root("a"), *place = NULL;
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(ui_free) struct ui *ui = ui_new(&(struct ui_options){ .non_interactive = true });
    AUTO(answers_clear) struct answers answers = { 0 };
    struct plugin_context context = { .settings = settings, .answers = &answers, .ui = ui };
    struct proof one = proof_of("a.test", "one"), two = proof_of("a.test", "two"), *pair[] = { &one, &two };
    struct error err = { 0 };
    void *self = NULL;

    webroot = plugin_webroot.authenticator;
    list_add(&settings->webroot_path, root);
    REQUIRE(webroot->prepare(&context, &self, &err), "%s", err.why);
    REQUIRE(present_it(webroot, self, &one, &err), "%s", err.why);
    REQUIRE(webroot->plan(self, &pair[1], 1, &err) && two.place != NULL, "%s", err.why);
    CHECK(strncmp(two.place, "3 ", 2) == 0, "made by us, and so to be swept: %s", two.place);
    place = xprintf("3 %s", root);
    CHECK(sweep("one", place, &err) && serves(root, "one"), "in use: %s", err.why);
    webroot->release(self);
    CHECK(rmdir(root) == 0, "nothing is left");
    proof_clear(&two);
}

TEST_MAIN()
