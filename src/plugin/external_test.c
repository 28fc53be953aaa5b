/* Programs as plugins: which are run at all, what they say of themselves, and how they are used. */
#include "plugin/external.h"

#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"
#include "config/plugin_options.h"
#include "plugin/builtin.h"
#include "plugin/proof_play.h"

static const struct plugin *const table[] = { &plugin_manual, &plugin_null, &plugin_standalone, &plugin_webroot, NULL };

__attribute__((constructor)) static void use_table(void)
{
    plugins_use(table);
}

#define SAY(name, more)                                                                                                \
    "'{\"ok\":true,\"protocol\":1,\"name\":\"" name                                                                    \
    "\",\"description\":\"d\",\"kinds\":[\"authenticator\",\"installer\"],"                                            \
    "\"challenges\":[\"http-01\",\"dns-01\"]" more "}'"
/* Writes what it is asked to the file `asked` beside it; special answers come from the case. */
#define SCRIPT(name, more, special)                                                                                    \
    "#!/bin/sh\necho run >>\"$0.runs\"\nwhile read -r q; do\necho \"$q\" >>\"$0.asked\"\ncase $q in\n"                 \
    "*'\"request\":\"describe\"'*) echo " SAY(name, more) ";;\n" special "\n*) echo '{\"ok\":true}';;\nesac\ndone\n"

static void put(const char *name, const char *text, mode_t mode)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    (void)signal(SIGPIPE, SIG_IGN);
    REQUIRE(file_create(path, view_of(text), (struct file_access){ .mode = mode }, &err), "%s", err.why);
}

static struct settings *with_plugins(void)
{
    struct settings *settings = settings_new(&voice_own);

    xreplace(&settings->plugin_dir, test_dir());
    return settings;
}

static char *content(const char *name)
{
    AUTO(free) char *path = test_path(name);
    struct buf text = BUF(65536);
    struct error err = { 0 };

    if (!file_read(path, &text, &err))
        buf_put_text(&text, "");
    return buf_take(&text);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static const struct plugin *look_up(const struct settings *settings, const char *name)
{
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    REQUIRE(plugin_look_up(settings, name, &plugin, &err), "%s: %s", name, err.why);
    return plugin;
}

/* Root's own group may write; another one is needed to be refused. */
static void give_to_a_group(const char *name, mode_t mode, mode_t dir_mode)
{
    AUTO(free) char *path = test_path(name);

    if (geteuid() != 0)
        return;
    REQUIRE(chown(path, 0, 12345) == 0 && chmod(path, mode) == 0, " "); /* chown takes no mode but set-id bits */
    REQUIRE(chown(test_dir(), 0, (dir_mode & S_IWGRP) != 0 ? 12345 : 0) == 0, " ");
}

TEST(refused)
{
    static const struct {
        const char *name, *text;
        mode_t mode, dir_mode;
        const char *why;
    } cases[] = {
        { "world", SCRIPT("world", "", ""), 0757, 0755, "can be written by everybody" },
        { "group", SCRIPT("group", "", ""), 0775, 0755, "can be written by its group" },
        { "open-dir", SCRIPT("open-dir", "", ""), 0755, 0777, "can be written by everybody" },
        { "shared-dir", SCRIPT("shared-dir", "", ""), 0755, 0775, "can be written by its group" },
        { "sticky-dir", SCRIPT("sticky-dir", "", ""), 0755, 01777, "can be written by everybody" },
        { "text", SCRIPT("text", "", ""), 0644, 0755, "not a program that can be run" },
        { "no-interpreter", "#!/no/such/shell\n", 0755, 0755, "cannot run" },
        { "dies", "#!/bin/sh\necho oh dear >&2\nexit 5\n", 0755, 0755, "exit status 5); it said: oh dear" },
        { "garbage", "#!/bin/sh\nread q; echo usage: garbage\n", 0755, 0755, "answer" },
        { "megabytes", "#!/bin/sh\nread q; head -c 5000000 /dev/zero | tr '\\0' x\n", 0755, 0755,
            "longer than 65536 bytes" },
        { "two-lines", "#!/bin/sh\nread q; printf '{}\\n{}\\n'; read q\n", 0755, 0755, "more than one line" },
        { "liar", SCRIPT("other", "", ""), 0755, 0755, "calls itself \"other\"" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        const struct plugin *plugin = NULL;
        struct error err = { 0 }, again = { 0 };

        put(cases[i].name, cases[i].text, cases[i].mode);
        give_to_a_group(cases[i].name, cases[i].mode, cases[i].dir_mode);
        REQUIRE(chmod(test_dir(), cases[i].dir_mode) == 0, " ");
        CHECK(!plugin_look_up(settings, cases[i].name, &plugin, &err) && plugin == NULL, "%s", cases[i].name);
        CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(strstr(err.what, cases[i].name) != NULL, "%s: %s", cases[i].name, err.what);
        REQUIRE(chmod(test_dir(), 0700) == 0, " ");
        CHECK(!plugin_look_up(settings, cases[i].name, &plugin, &again), "%s", cases[i].name);
        CHECK_TEXT(again.why, err.why, "asked once in a run");
    }
}

TEST(owned_by_another)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    AUTO(free)
    char *file = test_path("foreign"), *link = test_path("link"), *dir = test_path("theirs"),
         *inner = test_path("theirs/inner");
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    if (geteuid() != 0)
        skip(); /* only root can give files away */
    put("foreign", SCRIPT("foreign", "", ""), 0755);
    REQUIRE(chown(file, 12345, 0) == 0 && mkdir(dir, 0755) == 0, " ");
    put("theirs/inner", SCRIPT("link", "", ""), 0755);
    REQUIRE(chown(dir, 12345, 0) == 0 && symlink(inner, link) == 0, " ");
    CHECK(!plugin_look_up(settings, "foreign", &plugin, &err) && strstr(err.why, "belongs to user 12345") != NULL, "%s",
        err.why);
    CHECK(strstr(err.next, "chown 0 ") != NULL, "%s", err.next);
    CHECK(!plugin_look_up(settings, "link", &plugin, &err) && strstr(err.why, "/theirs belongs to user 12345") != NULL,
        "%s", err.why);
}

TEST(not_there_or_not_asked)
{
    static const char *const names[] = { "nothing", "../up", "a/b", "", ".", "with_underscore", "notes.txt" };
    AUTO(settings_free) struct settings *settings = with_plugins();
    AUTO(free) char *runs = NULL;

    put("webroot", SCRIPT("webroot", "", ""), 0755);
    put("nginx", SCRIPT("nginx", "", ""), 0755);
    put("notes.txt", SCRIPT("notes.txt", "", ""), 0755);
    for (size_t i = 0; i < COUNT(names); i++)
        CHECK(look_up(settings, names[i]) == NULL, "%s", names[i]);
    CHECK(look_up(settings, "webroot") == plugin_find("webroot"), "ours come first");
    CHECK(look_up(settings, "nginx") == plugin_find("nginx"), "a name that is ours");
    runs = content("webroot.runs");
    CHECK_TEXT(runs, "", "was run");
    xreplace(&settings->plugin_dir, "/nonexistent/plugins");
    CHECK(look_up(settings, "example") == NULL, "no directory");
}

TEST(list)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    const struct plugin *found[PLUGINS_MAX];
    AUTO(buf_clear) struct buf text = BUF(1000);
    size_t ours = plugin_list(NULL, found), count;

    log_terminal_level(LOG_LEVEL_CRITICAL);
    put("zeta", SCRIPT("zeta", ",\"options\":[{\"name\":\"a\",\"help\":\"h\",\"required\":true},{\"name\":\"b\"}]", ""),
        0755);
    put("alpha", SCRIPT("alpha", "", ""), 0755);
    put("broken", "#!/bin/sh\n", 0755);
    put("manual", SCRIPT("manual", "", ""), 0755);
    put("README", "text", 0644);
    count = plugin_list(settings, found);
    REQUIRE(count == ours + 2, "%zu", count);
    CHECK_TEXT(found[ours]->name, "alpha", "sorted");
    CHECK_TEXT(found[ours + 1]->name, "zeta", "sorted");
    CHECK(found[ours]->authenticator != NULL && found[ours]->installer != NULL, " ");
    plugin_put_options(found[ours + 1], &text);
    plugin_put_options(found[0], &text);
    CHECK_TEXT(buf_text(&text), "\nOption: --zeta-a (required): h\nOption: --zeta-b", "options");
}

TEST(options)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    const struct plugin *plugin = NULL;
    struct error err = { 0 };

    put("strict", SCRIPT("strict", ",\"options\":[{\"name\":\"web-root\",\"help\":\"where\",\"required\":true}]", ""),
        0755);
    CHECK(!plugin_look_up(settings, "strict", &plugin, &err) && err.kind == ERROR_PLUGIN, " ");
    CHECK(strstr(err.why, "needs the option --strict-web-root") != NULL, "%s", err.why);
    CHECK_TEXT(err.next, "--strict-web-root: where", "help");
    plugin_options_put(&settings->plugin_options, "strict", "strict_web_root", "/", ORIGIN_COMMAND_LINE);
    plugin_options_put(&settings->plugin_options, NULL, "strict_gone", "x", ORIGIN_RENEWAL);
    plugin_options_put(&settings->plugin_options, "strict-er", "strict_er_a", "x", ORIGIN_COMMAND_LINE);
    CHECK(plugin_look_up(settings, "strict", &plugin, &err), "%s", err.why);
    plugin_options_put(&settings->plugin_options, "strict", "strict_web_rot", "/", ORIGIN_COMMAND_LINE);
    CHECK(!plugin_look_up(settings, "strict", &plugin, &err) && err.kind == ERROR_USAGE, " ");
    CHECK_TEXT(err.why, "unrecognized arguments: --strict-web-rot", "mistyped");
    CHECK(strstr(err.next, "--strict-web-root") != NULL, "%s", err.next);
}

static struct proof http_proof(void)
{
    static struct list names;

    return (struct proof){ .type = "http-01",
        .identifier = "a.test",
        .token = "tok",
        .key_authorization = "tok.key",
        .all_identifiers = &names };
}

TEST(authenticator)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    AUTO(free) char *asked = NULL, *runs = NULL, *hint = NULL;
    struct plugin_context context = { .settings = settings };
    struct proof one = http_proof(), two = http_proof(), evil = http_proof(), *all[] = { &one, &two };
    const struct authenticator *authenticator;
    struct error err = { 0 };
    void *self = NULL;

    put("good", SCRIPT("good", ",\"hint\":\"look here\"", "*'\"present\"'*) echo '{\"ok\":true,\"state\":\"s1\"}';;"),
        0755);
    context.plugin = look_up(settings, "good");
    authenticator = context.plugin->authenticator;
    CHECK(authenticator->types[0] != NULL && authenticator->types[2] == NULL, "types");
    REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
    evil.token = "../../etc/passwd";
    CHECK(!present_it(authenticator, self, &evil, &err), "a token that is no file name");
    two.identifier = "b.test\n\"";
    CHECK(present_it(authenticator, self, &one, &err) && present_it(authenticator, self, &two, &err), "%s", err.why);
    CHECK_TEXT(one.output, "s1", "state");
    CHECK(authenticator->wait(self, all, 2, &err), "%s", err.why);
    CHECK(clean_it_up(authenticator, self, &one, &err) && clean_it_up(authenticator, self, &one, &err), "twice: %s",
        err.why);
    CHECK(clean_it_up(authenticator, self, &two, &err) && clean_it_up(authenticator, self, &evil, &err), "%s", err.why);
    hint = authenticator->hint(self, "http-01");
    CHECK_TEXT(hint, "look here", "hint");
    authenticator->release(self);
    asked = content("good.asked");
    runs = content("good.runs");
    CHECK_INT(count_of(asked, "\"present\""), 2, "present");
    CHECK_INT(count_of(asked, "\"cleanup\""), 3, "cleanup");
    CHECK_INT(count_of(asked, "\"state\":\"s1\""), 5, "in wait and in cleanup, for both");
    CHECK(strstr(asked, "passwd") == NULL, "the bad token reached the plugin");
    CHECK_INT(count_of(runs, "run"), 2, "one process to describe, one for the order");
    free(one.output);
    free(two.output);
}

/* After each of these, cleanup is asked of a new process and succeeds. */
TEST(authenticator_fails)
{
    static const struct {
        const char *name, *text, *why;
    } cases[] = {
        { "hangs", SCRIPT("hangs", ",\"limits\":{\"present\":1}", "*'\"present\"'*) sleep 600;;"), "within 1 seconds" },
        { "dies-later", SCRIPT("dies-later", "", "*'\"present\"'*) echo bye >&2; exit 9;;"),
            "exit status 9); it said: bye" },
        { "garbles", SCRIPT("garbles", "", "*'\"present\"'*) echo done;;"), "answer" },
        { "floods", SCRIPT("floods", "", "*'\"present\"'*) yes;;"), "more than one line" },
        { "says-no", SCRIPT("says-no", "", "*'\"present\"'*) echo '{\"ok\":false,\"error\":\"zone is locked\"}';;"),
            "zone is locked" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *asked_name = xprintf("%s.asked", cases[i].name), *asked = NULL;
        struct plugin_context context = { .settings = settings };
        struct proof proof = http_proof();
        const struct authenticator *authenticator;
        struct error err = { 0 };
        void *self = NULL;

        put(cases[i].name, cases[i].text, 0755);
        context.plugin = look_up(settings, cases[i].name);
        authenticator = context.plugin->authenticator;
        REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
        CHECK(!present_it(authenticator, self, &proof, &err) && err.kind == ERROR_PLUGIN, "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(strstr(err.what, "present") != NULL && strstr(err.what, cases[i].name) != NULL, "%s: %s", cases[i].name,
            err.what);
        CHECK(clean_it_up(authenticator, self, &proof, &err), "%s: %s", cases[i].name, err.why);
        authenticator->release(self);
        asked = content(asked_name);
        CHECK_INT(count_of(asked, "\"cleanup\""), 1, cases[i].name);
    }
}

/* ---- version 2 ---- */

#define SAY_TWO(name, more)                                                                                            \
    "'{\"ok\":true,\"protocol\":1,\"protocols\":[1,2],\"name\":\"" name                                                \
    "\",\"description\":\"d\",\"kinds\":[\"authenticator\",\"installer\"],\"challenges\":[\"http-01\",\"dns-persist-"  \
    "01\"]" more "}'"
#define SCRIPT_TWO(name, more, special)                                                                                \
    "#!/bin/sh\necho run >>\"$0.runs\"\nwhile read -r q; do\necho \"$q\" >>\"$0.asked\"\ncase $q in\n"                 \
    "*'\"request\":\"describe\"'*) echo " SAY_TWO(name, more) ";;\n" special                                           \
                                                              "\n*) echo '{\"ok\":true}';;\nesac\ndone\n"
#define ONE_OF_TWO "{\"ok\":true,\"state\":\"s1\"},{\"ok\":false,\"error\":\"locked\"}"

TEST(all_proofs_at_once)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    AUTO(free) char *asked = NULL, *runs = NULL;
    struct plugin_context context = { .settings = settings };
    struct proof one = http_proof(), two = http_proof(), evil = http_proof(), *all[] = { &one, &evil, &two };
    const struct authenticator *authenticator;
    struct error err = { 0 };
    void *self = NULL;

    put("both", SCRIPT_TWO("both", "", "*'\"present\"'*) echo '{\"ok\":true,\"results\":[" ONE_OF_TWO "]}';;"), 0755);
    context.plugin = look_up(settings, "both");
    authenticator = context.plugin->authenticator;
    CHECK_TEXT(authenticator->types[1], "dns-persist-01", "a type that version 1 does not have");
    REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
    evil.token = "../../etc/passwd";
    CHECK(authenticator->present(self, all, 3, &err), "%s", err.why);
    CHECK(one.state == PROOF_PRESENTED && evil.state == PROOF_FAILED && two.state == PROOF_FAILED, "each its own");
    CHECK_TEXT(one.output, "s1", "state");
    CHECK_TEXT(two.error->why, "locked", "reason");
    CHECK(strstr(two.error->what, "both") != NULL && strstr(two.error->what, "present") != NULL, "%s", two.error->what);
    CHECK(strstr(evil.error->why, "token") != NULL, "%s", evil.error->why);
    CHECK(authenticator->wait(self, all, 1, &err) && one.state == PROOF_READY, "%s", err.why);
    CHECK(authenticator->cleanup(self, all, 3, &err), "%s", err.why);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(all[i]->state, PROOF_WANTED, "cleaned up");
    authenticator->release(self);
    asked = content("both.asked");
    runs = content("both.runs");
    CHECK_INT(count_of(asked, "\"present\""), 1, "present");
    CHECK_INT(count_of(asked, "\"cleanup\""), 1, "cleanup");
    CHECK_INT(count_of(asked, "\"protocol\":2"), 3, "all but describe");
    CHECK(strstr(asked, "passwd") == NULL, "the bad token reached the plugin");
    CHECK_INT(count_of(runs, "run"), 2, "one process to describe, one for the order");
    for (size_t i = 0; i < 3; i++)
        proof_clear(all[i]);
}

/* Proofs that may be in place are cleaned up, whatever the answer was. */
TEST(all_proofs_fail)
{
    static const struct {
        const char *name, *special, *why;
    } cases[] = {
        { "two-hangs", "*'\"present\"'*) sleep 600;;", "within 1 seconds" },
        { "two-dies", "*'\"present\"'*) exit 9;;", "exit status 9" },
        { "two-garbles", "*'\"present\"'*) echo '{\"ok\":true,\"results\":[]}';;", "0 \"results\" for 2" },
        { "two-says-no", "*'\"present\"'*) echo '{\"ok\":false,\"error\":\"no network\"}';;", "no network" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *asked_name = xprintf("%s.asked", cases[i].name), *asked = NULL;
        AUTO(free)
        char *text = xprintf("#!/bin/sh\nwhile read -r q; do\necho \"$q\" >>\"$0.asked\"\ncase $q in\n"
                             "*'\"request\":\"describe\"'*) echo '{\"ok\":true,\"protocol\":2,\"name\":\"%s\","
                             "\"description\":\"d\",\"kinds\":[\"authenticator\"],\"challenges\":[\"http-01\"],"
                             "\"limits\":{\"present\":1}}';;\n%s\n*) echo '{\"ok\":true}';;\nesac\ndone\n",
            cases[i].name, cases[i].special);
        struct plugin_context context = { .settings = settings };
        struct proof one = http_proof(), two = http_proof(), *all[] = { &one, &two };
        const struct authenticator *authenticator;
        struct error err = { 0 };
        void *self = NULL;

        put(cases[i].name, text, 0755);
        context.plugin = look_up(settings, cases[i].name);
        authenticator = context.plugin->authenticator;
        REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
        CHECK(!authenticator->present(self, all, 2, &err) && strstr(err.why, cases[i].why) != NULL, "%s: %s",
            cases[i].name, err.why);
        CHECK(one.state != PROOF_WANTED && two.state != PROOF_WANTED, "%s: something may be in place", cases[i].name);
        CHECK(authenticator->cleanup(self, all, 2, &err), "%s: %s", cases[i].name, err.why);
        CHECK(one.state == PROOF_WANTED && two.state == PROOF_WANTED, "%s", cases[i].name);
        authenticator->release(self);
        asked = content(asked_name);
        CHECK_INT(count_of(asked, "\"cleanup\""), 1, cases[i].name);
    }
}

static size_t notes;

static void count_note(void *arg)
{
    CHECK(((struct proof *)arg)->output != NULL, "noted before it was there");
    notes++;
}

/* So that a run which is killed while it waits leaves it for those that clean up. */
TEST(what_is_to_come_back_is_noted)
{
    static const struct {
        const char *name, *text;
        size_t after_present, after_wait;
    } cases[] = {
        { "old-state", SCRIPT("old-state", "", "*'\"present\"'*) echo '{\"ok\":true,\"state\":\"s1\"}';;"), 1, 1 },
        { "old-silent", SCRIPT("old-silent", "", ""), 0, 0 },
        { "new-state",
            SCRIPT_TWO("new-state", "",
                "*'\"present\"'*) echo '{\"ok\":true,\"results\":[{\"ok\":true,\"state\":\"s1\"}]}';;"),
            1, 2 },
        { "new-silent", SCRIPT_TWO("new-silent", "", ""), 0, 0 },
        { "new-late",
            SCRIPT_TWO(
                "new-late", "", "*'\"wait\"'*) echo '{\"ok\":true,\"results\":[{\"ok\":true,\"state\":\"s1\"}]}';;"),
            0, 1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        struct proof proof = http_proof(), *all = &proof;
        struct plugin_context context = { .settings = settings, .note = count_note, .note_arg = &proof };
        const struct authenticator *authenticator;
        struct error err = { 0 };
        void *self = NULL;

        notes = 0;
        put(cases[i].name, cases[i].text, 0755);
        context.plugin = look_up(settings, cases[i].name);
        authenticator = context.plugin->authenticator;
        REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
        CHECK(present_it(authenticator, self, &proof, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(notes, cases[i].after_present, cases[i].name);
        CHECK(authenticator->wait(self, &all, 1, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(notes, cases[i].after_wait, cases[i].name);
        CHECK(clean_it_up(authenticator, self, &proof, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(notes, cases[i].after_wait, cases[i].name);
        authenticator->release(self);
        proof_clear(&proof);
    }
}

/* A plugin that hangs costs one limit, not one for each name; one that dies is asked anew for each. */
TEST(cleaning_up_with_a_plugin_that_does_not_answer)
{
    static const struct {
        const char *name, *text;
        bool ok;
        size_t asked;
        enum proof_state last;
    } cases[] = {
        { "mute", SCRIPT("mute", ",\"limits\":{\"cleanup\":1}", "*'\"cleanup\"'*) sleep 600;;"), false, 1,
            PROOF_PRESENTED },
        { "mortal", SCRIPT("mortal", "", "*'\"cleanup\"'*) exit 3;;"), true, 3, PROOF_FAILED },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *asked_name = xprintf("%s.asked", cases[i].name), *asked = NULL;
        struct plugin_context context = { .settings = settings };
        struct proof one = http_proof(), two = http_proof(), three = http_proof(), *all[] = { &one, &two, &three };
        struct error err = { 0 };

        for (size_t k = 0; k < 3; k++)
            all[k]->state = PROOF_PRESENTED;
        put(cases[i].name, cases[i].text, 0755);
        context.plugin = look_up(settings, cases[i].name);
        CHECK(context.plugin->authenticator->sweep(&context, all, 3, &err) == cases[i].ok, "%s", cases[i].name);
        CHECK(one.state == PROOF_FAILED && three.state == cases[i].last, "%s", cases[i].name);
        asked = content(asked_name);
        CHECK_INT(count_of(asked, "\"cleanup\""), cases[i].asked, cases[i].name);
        for (size_t k = 0; k < 3; k++)
            proof_clear(all[k]);
    }
}

TEST(sweep)
{
    static const struct {
        const char *name, *text, *want;
        size_t count;
    } cases[] = {
        { "old", SCRIPT("old", "", ""), "\"request\":\"cleanup\",\"protocol\":1", 2 },
        { "new", SCRIPT_TWO("new", "", ""), "\"request\":\"sweep\",\"protocol\":2", 1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *asked_name = xprintf("%s.asked", cases[i].name), *asked = NULL;
        struct plugin_context context = { .settings = settings };
        struct proof one = http_proof(), two = http_proof(), evil = http_proof(), *all[] = { &one, &two, &evil };
        struct error err = { 0 };

        put(cases[i].name, cases[i].text, 0755);
        evil.token = "..";
        one.output = (char[]){ "record 5" };
        context.plugin = look_up(settings, cases[i].name);
        CHECK(context.plugin->authenticator->sweep(&context, all, 3, &err), "%s: %s", cases[i].name, err.why);
        for (size_t k = 0; k < 3; k++)
            CHECK_INT(all[k]->state, PROOF_WANTED, cases[i].name);
        asked = content(asked_name);
        CHECK_INT(count_of(asked, cases[i].want), cases[i].count, cases[i].name);
        CHECK_INT(count_of(asked, "record 5"), 1, cases[i].name);
        CHECK(strstr(asked, "\"..\"") == NULL, "%s: the bad token reached the plugin", cases[i].name);
    }
}

/* Each no is about its own proof in version 1, too; but a plugin that has died is not asked for the others. */
TEST(one_of_several_fails)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    struct plugin_context context = { .settings = settings };
    struct proof one = http_proof(), two = http_proof(), three = http_proof(), *all[] = { &one, &two, &three };
    const struct authenticator *authenticator;
    struct error err = { 0 };
    void *self = NULL;

    put("picky",
        SCRIPT("picky", "",
            "*'\"present\"'*b.test*) echo '{\"ok\":false,\"error\":\"not mine\"}';;\n*'\"present\"'*c.test*) exit 3;;"),
        0755);
    two.identifier = "b.test";
    context.plugin = look_up(settings, "picky");
    authenticator = context.plugin->authenticator;
    REQUIRE(authenticator->prepare(&context, &self, &err), "%s", err.why);
    CHECK(authenticator->present(self, all, 3, &err), "%s", err.why);
    CHECK(one.state == PROOF_PRESENTED && two.state == PROOF_FAILED && three.state == PROOF_PRESENTED, "each its own");
    CHECK_TEXT(two.error->why, "not mine", "reason");
    CHECK(authenticator->cleanup(self, all, 3, &err), "%s", err.why);
    one.identifier = "c.test";
    CHECK(!authenticator->present(self, all, 3, &err) && strstr(err.why, "exit status 3") != NULL, "%s", err.why);
    CHECK(one.state == PROOF_FAILED && two.state == PROOF_WANTED && three.state == PROOF_WANTED, "nobody else");
    authenticator->release(self);
    for (size_t i = 0; i < 3; i++)
        proof_clear(all[i]);
}

/* Checked again before each start: somebody has changed it since it described itself. */
TEST(changed_since)
{
    AUTO(settings_free) struct settings *settings = with_plugins();
    AUTO(free) char *path = test_path("changed");
    struct plugin_context context = { .settings = settings };
    struct proof proof = http_proof();
    struct error err = { 0 };
    void *self = NULL;

    put("changed", SCRIPT("changed", "", ""), 0755);
    context.plugin = look_up(settings, "changed");
    REQUIRE(context.plugin->authenticator->prepare(&context, &self, &err), "%s", err.why);
    REQUIRE(chmod(path, 0777) == 0, " ");
    CHECK(!present_it(context.plugin->authenticator, self, &proof, &err), "was run");
    CHECK(strstr(err.why, "can be written by everybody") != NULL, "%s", err.why);
    context.plugin->authenticator->release(self);
}

/* Version 1: names are deployed one by one, then the server is reloaded once for all of them. */
TEST(installer)
{
    static const struct {
        const char *what, *special;
        bool in_use[2], ok;
        const char *fails[2], *why; /* own errors; that of all */
        size_t deploys, reloads;
    } rows[] = {
        { "installs", "", { false, false }, true, { NULL, NULL }, NULL, 3, 1 },
        { "renewed", "", { true, true }, true, { NULL, NULL }, NULL, 0, 1 },
        { "one-of-each", "", { true, false }, true, { NULL, NULL }, NULL, 1, 1 },
        { "one-fails", "*'\"b.test\"'*) echo '{\"ok\":false,\"error\":\"no such site\"}';;", { false, false }, true,
            { "no such site", NULL }, NULL, 3, 1 },
        { "all-fail", "*'\"deploy\"'*) echo '{\"ok\":false,\"error\":\"read-only\"}';;", { false, false }, true,
            { "read-only", "read-only" }, NULL, 2, 0 },
        { "no-reload", "*'\"reload\"'*) echo '{\"ok\":false,\"error\":\"it is down\"}';;", { false, true }, false,
            { NULL, NULL }, "it is down", 2, 1 },
        { "dies", "*'\"reload\"'*) kill -9 $$;;", { true, true }, false, { NULL, NULL }, "signal 9", 0, 1 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *name = xprintf("server-%s", rows[i].what), *asked_in = xprintf("%s.asked", name);
        AUTO(free) char *description = xprintf(SCRIPT("%s", "", "%s"), name, rows[i].special), *asked = NULL;
        struct plugin_context context = { .settings = settings };
        char a[] = "a.test", b[] = "b.test", c[] = "c.test";
        struct identifier two[] = { { IDENTIFIER_DNS, a }, { IDENTIFIER_DNS, b } }, one[] = { { IDENTIFIER_DNS, c } };
        const struct identifiers names[] = { { two, 2 }, { one, 1 } };
        const struct pair pair = { "/c", "/k", "/ch", "/f" };
        const struct installer *installer;
        struct error err = { 0 }, *each[2] = { NULL, NULL };
        void *self = NULL, *plans[2] = { NULL, NULL };

        xreplace(&settings->work_dir, test_dir());
        put(name, description, 0755);
        context.plugin = look_up(settings, name);
        installer = context.plugin->installer;
        REQUIRE(context.plugin->share->make(&context, &context.shared, &err), "%s", err.why);
        REQUIRE(installer->prepare(&context, &self, &err), "%s", err.why);
        CHECK(!installer->supports(self, ENHANCE_HSTS), "it cannot enhance");
        CHECK(!installer->rollback(self, 1, &err) && strstr(err.why, "keeps no checkpoints") != NULL, "%s", err.why);
        for (size_t k = 0; k < 2; k++) {
            struct deployment deployment = {
                .lineage = "l", .names = &names[k], .pairs = &pair, .pair_count = 1, .in_use = rows[i].in_use[k]
            };

            REQUIRE(installer->plan(self, &deployment, &plans[k], &err), "%s", err.why);
        }
        error_clear(&err);
        CHECK(installer->commit(self, plans, 2, each, &err) == rows[i].ok, "%s: %s", rows[i].what, err.why);
        CHECK(rows[i].why == NULL ? err.kind == ERROR_NONE : strstr(err.why, rows[i].why) != NULL, "%s: %s",
            rows[i].what, err.why);
        for (size_t k = 0; k < 2; k++) {
            CHECK((each[k] == NULL) == (rows[i].fails[k] == NULL), "%s, %zu", rows[i].what, k);
            CHECK(each[k] == NULL || strstr(each[k]->why, rows[i].fails[k]) != NULL, "%s, %zu", rows[i].what, k);
            free(each[k]);
            installer->drop(plans[k]);
        }
        context.plugin->share->end(context.shared);
        asked = content(asked_in);
        CHECK_INT(count_of(asked, "\"request\":\"deploy\""), rows[i].deploys, rows[i].what);
        CHECK_INT(count_of(asked, "\"request\":\"reload\""), rows[i].reloads, rows[i].what);
    }
}

/* Version 2: what was left is undone, then all is installed at once; a group that fails is tried without the cause. */
TEST(installer_of_version_two)
{
    static const struct {
        const char *what, *special;
        bool in_use, ok;
        const char *fails[2], *why; /* own errors; that of all */
        size_t recovers, installs;
    } rows[] = {
        { "all", "", false, true, { NULL, NULL }, NULL, 1, 1 },
        { "again", "", true, true, { NULL, NULL }, NULL, 1, 1 },
        { "each",
            "*'\"install\"'*) echo '{\"ok\":true,\"results\":[{\"ok\":false,\"error\":\"no site\"},{\"ok\":true}]}';;",
            false, true, { "no site", NULL }, NULL, 1, 1 },
        { "blamed",
            "*'\"a.test\"'*) echo '{\"ok\":false,\"error\":\"test failed\",\"results\":[{\"ok\":false,\"error\":\"line "
            "7\"},{\"ok\":true}]}';;",
            false, true, { "line 7", NULL }, NULL, 2, 2 },
        { "none", "*'\"install\"'*) echo '{\"ok\":false,\"error\":\"it is down\"}';;", false, false, { NULL, NULL },
            "it is down", 2, 1 },
        { "killed", "*'\"install\"'*) kill -9 $$;;", true, false, { NULL, NULL }, "signal 9", 2, 1 },
        { "garbled", "*'\"install\"'*) echo '{\"ok\":true,\"results\":[{\"ok\":true}]}';;", false, false,
            { NULL, NULL }, "1 \"results\" for 2 deployments", 2, 1 },
        { "stuck", "*'\"recover\"'*) echo '{\"ok\":false,\"error\":\"edited meanwhile\"}';;", false, false,
            { NULL, NULL }, "edited meanwhile", 1, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *name = xprintf("new-%s", rows[i].what), *asked_in = xprintf("%s.asked", name);
        AUTO(free)
        char *text = xprintf(SCRIPT_TWO("%s", ",\"enhancements\":[\"hsts\",\"zap\"]", "%s"), name, rows[i].special),
             *asked = NULL;
        struct plugin_context context = { .settings = settings };
        char a[] = "a.test", b[] = "2001:db8::1";
        struct identifier one[] = { { IDENTIFIER_DNS, a } }, two[] = { { IDENTIFIER_IP, b } };
        const struct identifiers names[] = { { one, 1 }, { two, 1 } };
        const struct pair pairs[] = { { "/c", "/k", "/ch", "/f" }, { "/c2", "/k2", NULL, "/f2" } };
        const struct installer *installer;
        struct error err = { 0 }, *each[2] = { NULL, NULL };
        void *self = NULL, *plans[2] = { NULL, NULL };

        xreplace(&settings->work_dir, test_dir());
        put(name, text, 0755);
        context.plugin = look_up(settings, name);
        installer = context.plugin->installer;
        REQUIRE(context.plugin->share->make(&context, &context.shared, &err), "%s", err.why);
        REQUIRE(installer->prepare(&context, &self, &err), "%s", err.why);
        CHECK(installer->supports(self, ENHANCE_HSTS) && !installer->supports(self, ENHANCE_UIR), "as it says");
        CHECK(installer->takes_addresses(self), "version 2");
        for (size_t k = 0; k < 2; k++) {
            struct deployment deployment = { .lineage = k == 0 ? "l" : NULL,
                .names = &names[k],
                .pairs = pairs,
                .pair_count = 2,
                .enhancements = ENHANCEMENT(ENHANCE_HSTS),
                .in_use = rows[i].in_use };

            REQUIRE(installer->plan(self, &deployment, &plans[k], &err), "%s", err.why);
        }
        CHECK(installer->commit(self, plans, 2, each, &err) == rows[i].ok, "%s: %s", rows[i].what, err.why);
        CHECK(rows[i].ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].what, err.why);
        for (size_t k = 0; k < 2; k++) {
            CHECK((each[k] == NULL) == (rows[i].fails[k] == NULL), "%s, %zu", rows[i].what, k);
            CHECK(each[k] == NULL || strstr(each[k]->why, rows[i].fails[k]) != NULL, "%s, %zu", rows[i].what, k);
            free(each[k]);
            installer->drop(plans[k]);
        }
        context.plugin->share->end(context.shared);
        asked = content(asked_in);
        CHECK_INT(count_of(asked, "\"request\":\"recover\""), rows[i].recovers, rows[i].what);
        CHECK_INT(count_of(asked, "\"request\":\"install\""), rows[i].installs, rows[i].what);
        CHECK(rows[i].installs == 0 || strstr(asked, rows[i].in_use ? "\"in_use\":true" : "\"in_use\":false") != NULL,
            "%s", asked);
    }
}

TEST(rollback)
{
    static const struct {
        const char *name, *text, *asked, *why; /* why NULL: it succeeds */
    } rows[] = {
        { "old-one", SCRIPT("old-one", "", ""), NULL, "keeps no checkpoints" },
        { "new-one", SCRIPT_TWO("new-one", "", ""),
            "\"request\":\"rollback\",\"protocol\":2,\"options\":{},\"checkpoints\":3", NULL },
        { "no-one", SCRIPT_TWO("no-one", "", "*'\"rollback\"'*) echo '{\"ok\":false,\"error\":\"nothing to undo\"}';;"),
            "\"rollback\"", "nothing to undo" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = with_plugins();
        AUTO(free) char *asked_in = xprintf("%s.asked", rows[i].name), *asked = NULL;
        struct plugin_context context = { .settings = settings };
        const struct installer *installer;
        struct error err = { 0 };
        void *self = NULL;

        xreplace(&settings->work_dir, test_dir());
        put(rows[i].name, rows[i].text, 0755);
        context.plugin = look_up(settings, rows[i].name);
        installer = context.plugin->installer;
        REQUIRE(context.plugin->share->make(&context, &context.shared, &err), "%s", err.why);
        REQUIRE(installer->recover(&context, &err) && installer->prepare(&context, &self, &err), "%s", err.why);
        CHECK(installer->rollback(self, 3, &err) == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(rows[i].why == NULL || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        context.plugin->share->end(context.shared);
        asked = content(asked_in);
        CHECK(rows[i].asked == NULL || strstr(asked, rows[i].asked) != NULL, "%s", asked);
    }
}

TEST_MAIN()
