/* Tests a script from the options that name it to its end: which is run, how its exit is judged, what is said of it and
 * what is not. The scripts are shell files that write down their calls. */
#include "script/script.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/test.h"
#include "base/text.h"

#define NAME "_acme-challenge.a.example"
#define LEGO "#!/bin/sh\n# for lego: present, cleanup\ncase $1 in present | cleanup) ;; esac\n"

/* A script in the folder of the test, and settings that name it. */
struct scene {
    struct settings settings;
    struct answers answers;
    struct plugin_context context;
    void *self;
};

static char *write_file(const char *name, const char *text, mode_t mode)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    (void)remove(path);
    REQUIRE(file_create(path, view_of(text), FILE_PRIVATE, &err) && chmod(path, mode) == 0, "%s", err.why);
    return TAKE(path);
}

static void scene_begin(struct scene *scene, const char *script, mode_t mode, const char *credentials)
{
    *scene = (struct scene){ 0 };
    scene->settings.voice = &voice_own;
    scene->settings.work_dir = test_path("work");
    scene->settings.dns_script.path = write_file("hook", script, mode);
    scene->settings.dns_script.credentials = credentials == NULL ? NULL : write_file("settings", credentials, 0600);
    scene->settings.dns_script.limit_s = 60;
    scene->context = (struct plugin_context){
        .plugin = &plugin_dns_script.plugin, .settings = &scene->settings, .answers = &scene->answers
    };
}

static bool scene_open(struct scene *scene, struct error *err)
{
    return plugin_dns_script.provider->open(&scene->context, plugin_dns_script.provider, &scene->self, err);
}

static void scene_end(struct scene *scene)
{
    if (scene->self != NULL)
        plugin_dns_script.provider->close(scene->self);
    free(scene->settings.work_dir);
    free(scene->settings.dns_script.path);
    free(scene->settings.dns_script.protocol);
    free(scene->settings.dns_script.credentials);
    free(scene->settings.dns_script.cleanup);
}

static const struct list none;

static struct proof proof_of(enum proof_state state)
{
    return (struct proof){ .type = "dns-01",
        .kind = PROOF_RECORD,
        .identifier = "a.example",
        .token = "token",
        .key_authorization = "token.key",
        .record_name = NAME,
        .record_value = "value",
        .all_identifiers = &none,
        .state = state };
}

/* What a call for one value says: "" when it is done, else why, and what helps. */
static char *change(struct scene *scene, bool add, struct proof *proof)
{
    struct txt txt = { .name = NAME, .value = "value", .identifier = "a.example", .proof = proof }, *all = &txt;
    const struct provider *provider = plugin_dns_script.provider;
    struct error err = { 0 };
    char *said;

    REQUIRE((add ? provider->add : provider->remove)(scene->self, &all, 1, &err), "%s", err.why);
    CHECK((txt.state == TXT_DONE) == (txt.error == NULL), "state %d", txt.state);
    said = txt.error == NULL ? xstrdup("") : xprintf("%s|%s", txt.error->why, txt.error->next);
    free(txt.error);
    return said;
}

/* ---- what is refused before anything is run ---- */

static const struct {
    const char *name, *script, *credentials, *protocol;
    mode_t mode;
    const char *why, *next; /* parts of it */
} refusals[] = {
    { "nobody's", "#!/bin/sh\n", NULL, NULL, 0755, "for which client this script was written is not certain",
        "--dns-script-protocol: acme.sh" },
    { "of a client that is none", LEGO, NULL, "other", 0755, "--dns-script-protocol: other is none", "" },
    { "not to be run", LEGO, NULL, NULL, 0644, "exists, but is not executable", "chmod +x " },
    { "no script of acme.sh's", LEGO, NULL, "acme.sh", 0644, "define the function dns_NAME_add",
        "the name that its functions begin with" },
    { "settings that are none", LEGO, "A=b\nsecret\n", NULL, 0755, "settings, line 2: not of the form KEY=VALUE",
        "in a line of its own" },
};

TEST(scripts_that_are_refused)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct scene scene;
        struct error err = { 0 };

        scene_begin(&scene, refusals[i].script, refusals[i].mode, refusals[i].credentials);
        scene.settings.dns_script.protocol = xstrdup_or_null(refusals[i].protocol);
        CHECK(!scene_open(&scene, &err) && err.kind == ERROR_PLUGIN, "%s", refusals[i].name);
        CHECK(strstr(err.why, refusals[i].why) != NULL, "%s: %s", refusals[i].name, err.why);
        CHECK(strstr(err.next, refusals[i].next) != NULL, "%s: %s", refusals[i].name, err.next);
        CHECK(strstr(err.why, "secret") == NULL, "%s: a line is shown", refusals[i].name);
        scene_end(&scene);
    }
}

TEST(scripts_that_are_not_there)
{
    struct error err = { 0 }, unnamed = { 0 };
    struct scene scene;

    scene_begin(&scene, LEGO, 0755, NULL);
    REQUIRE(remove(scene.settings.dns_script.path) == 0, "remove");
    CHECK(!scene_open(&scene, &err) && strstr(err.why, "there is no file ") != NULL, "%s", err.why);
    xreplace(&scene.settings.dns_script.path, NULL);
    CHECK(!scene_open(&scene, &unnamed) && strstr(unnamed.next, "--dns-script FILE") != NULL, "%s", unnamed.next);
    CHECK(!plugin_dns_script.plugin.is_here(&scene.settings), "nor is it offered");
    scene_end(&scene);
}

/* Whoever can write a script, or its settings, would be root with the next renewal. */
TEST(what_others_may_write)
{
    if (geteuid() != 0) /* for root alone others' rights matter */
        skip();
    for (int i = 0; i < 2; i++) {
        struct error err = { 0 };
        struct scene scene;

        scene_begin(&scene, LEGO, i == 0 ? 0757 : 0755, "A=b\n");
        if (i == 1)
            REQUIRE(chmod(scene.settings.dns_script.credentials, 0602) == 0, "chmod");
        CHECK(!scene_open(&scene, &err) && strstr(err.why, "can be written by") != NULL, "%d: %s", i, err.why);
        CHECK(strstr(err.next, "chmod ") != NULL, "%d: %s", i, err.next);
        scene_end(&scene);
    }
}

/* ---- how its end is judged ---- */

static const struct {
    const char *name, *script, *credentials;
    const char *said; /* "" it is done; else parts of what is said, divided by "*" */
} ends[] = {
    { "done", LEGO "exit 0\n", NULL, "" },
    { "done, whatever it says", LEGO "echo no >&2\n", NULL, "" },
    { "failed without a word", LEGO "exit 3\n", NULL, "hook failed with exit status 3, and said nothing|" },
    { "its last words", LEGO "echo one; echo two >&2; echo 'three  ' >&2; exit 1\n", NULL,
        "hook failed with exit status 1: two; three|*check its settings; all that it said is in the log" },
    { "on standard output", LEGO "echo one; echo; echo two; exit 1\n", NULL, "status 1: one; two|" },
    { "only the end of many", LEGO "seq 1 2000 >&2; exit 1\n", NULL, "1998; 1999; 2000|" },
    { "where its settings are", LEGO "exit 1\n", "A=b\n", "|check its settings in *settings; all" },
    { "a setting that is secret", LEGO "echo \"with $KEY\"; exit 1\n", "KEY=s3cr3t/x\n", "status 1: with [hidden]|" },
    { "encoded", LEGO "printf %s \"$KEY\" | base64; exit 1\n", "KEY=s3cr3t/x\n", "status 1: [hidden]|" },
    { "a short one", LEGO "echo \"with $KEY\"; exit 1\n", "KEY=abc\n", "status 1: with abc|" },
    { "the settings are variables", LEGO "[ \"$A/$B\" = \"b c/d\" ]\n", "A=b c\nB='d'\n", "" },
    { "nothing else of ours is",
        LEGO "[ -z \"$OURS\" ] && [ -d \"$TMPDIR\" ] && [ ! -e \"$TMPDIR/x\" ] && >\"$TMPDIR/x\"\n", NULL, "" },
    { "its folder goes", LEGO "[ \"$1\" = present ] && [ -w \"$TMPDIR\" ] && ls \"$TMPDIR\" >&2\n", NULL, "" },
    { "ended by a signal", LEGO "kill -9 $$\n", NULL, "hook failed with exit status " },
};

static void check_said(const char *said, const char *wanted, const char *name)
{
    struct view rest = view_of(wanted), part;

    CHECK((said[0] == '\0') == (wanted[0] == '\0'), "%s: %s", name, said);
    while (wanted[0] != '\0' && view_cut(&rest, '*', &part)) {
        AUTO(free) char *text = view_dup(part);

        CHECK(strstr(said, text) != NULL, "%s: no \"%s\" in \"%s\"", name, text, said);
    }
}

TEST(how_scripts_end)
{
    (void)setenv("OURS", "x", 1);
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct proof proof = proof_of(PROOF_WANTED);
        AUTO(free) char *said = NULL;
        struct error err = { 0 };
        struct scene scene;

        scene_begin(&scene, ends[i].script, 0755, ends[i].credentials);
        REQUIRE(scene_open(&scene, &err), "%s: %s", ends[i].name, err.why);
        said = change(&scene, true, &proof);
        check_said(said, ends[i].said, ends[i].name);
        CHECK(proof.output == NULL, "%s: %s", ends[i].name, proof.output);
        scene_end(&scene);
    }
    (void)unsetenv("OURS");
}

TEST(a_script_that_does_not_end)
{
    struct proof proof = proof_of(PROOF_WANTED);
    AUTO(free) char *said = NULL;
    struct error err = { 0 };
    struct scene scene;

    scene_begin(&scene, LEGO "sleep 1000\n", 0755, NULL);
    scene.settings.dns_script.limit_s = 1;
    REQUIRE(scene_open(&scene, &err), "%s", err.why);
    said = change(&scene, true, &proof);
    check_said(said, "was not done after 1.0 s*|if it needs longer: --dns-script-time-limit SECONDS", "limit");
    scene_end(&scene);
}

/* ---- what a removal needs of the adding ---- */

TEST(what_certbots_hooks_print_is_kept)
{
    struct proof proof = proof_of(PROOF_WANTED);
    AUTO(free) char *added = NULL, *removed = NULL, *out = test_path("cleaned");
    AUTO(buf_clear) struct buf text = BUF(1000);
    struct error err = { 0 };
    struct scene scene;

    (void)remove(out);
    scene_begin(&scene, "#!/bin/sh\necho; echo \"made $CERTBOT_VALIDATION\"; echo\n", 0755, NULL);
    scene.settings.dns_script.cleanup =
        write_file("clean", "#!/bin/sh\necho \"$CERTBOT_DOMAIN $CERTBOT_AUTH_OUTPUT\" >\"${0%clean}cleaned\"\n", 0755);
    REQUIRE(scene_open(&scene, &err), "%s", err.why);
    added = change(&scene, true, &proof);
    CHECK_TEXT(added, "", "added");
    CHECK_TEXT(proof.output, "made value", "trimmed");
    removed = change(&scene, false, &proof);
    CHECK_TEXT(removed, "", "removed");
    CHECK(file_read(out, &text, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&text), "a.example made value\n", "told");
    free(proof.output);
    scene_end(&scene);
}

TEST(uacmes_hooks_may_decline)
{
    struct proof proof = proof_of(PROOF_WANTED);
    AUTO(free) char *added = NULL, *removed = NULL, *path = test_path("calls");
    AUTO(buf_clear) struct buf calls = BUF(1000);
    struct error err = { 0 };
    struct scene scene;

    (void)remove(path);
    scene_begin(&scene,
        "#!/bin/sh\n# uacme: begin, failed, dns-01\necho \"$1\" >>\"${0%hook}calls\"; : begin failed dns-01; exit 1\n",
        0755, NULL);
    REQUIRE(scene_open(&scene, &err), "%s", err.why);
    added = change(&scene, true, &proof);
    check_said(added, "failed with exit status 1", "declined");
    removed = change(&scene, false, &proof);
    CHECK_TEXT(removed, "", "not called again");
    CHECK(file_read(path, &calls, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&calls), "begin\n", "one call");
    free(proof.output);
    scene_end(&scene);
}

/* Tokens that a script saves in its folder are as secret as what it was given. */
TEST(what_a_script_has_saved_is_secret)
{
    struct proof proof = proof_of(PROOF_WANTED);
    AUTO(free) char *said = NULL;
    struct error err = { 0 };
    struct scene scene;

    scene_begin(
        &scene, LEGO "echo \"SAVED_T='session-1'\" >\"${TMPDIR%scratch}x.conf\"; echo session-1; exit 1\n", 0755, NULL);
    REQUIRE(scene_open(&scene, &err), "%s", err.why);
    said = change(&scene, true, &proof);
    check_said(said, "status 1: [hidden]|", "saved");
    scene_end(&scene);
}

/* Others' values are still called for when one has failed. */
TEST(each_value_by_itself)
{
    struct proof proofs[2] = { proof_of(PROOF_WANTED), proof_of(PROOF_WANTED) };
    struct txt txts[2], *all[2];
    struct error err = { 0 };
    struct scene scene;

    scene_begin(&scene, LEGO "[ \"$3\" = two ]\n", 0755, NULL);
    REQUIRE(scene_open(&scene, &err), "%s", err.why);
    for (int i = 0; i < 2; i++) {
        txts[i] = (struct txt){ .name = NAME, .value = i == 0 ? "one" : "two", .proof = &proofs[i] };
        all[i] = &txts[i];
    }
    CHECK(plugin_dns_script.provider->add(scene.self, all, 2, &err), "%s", err.why);
    CHECK(txts[0].state == TXT_FAILED && txts[1].state == TXT_DONE, "%d %d", txts[0].state, txts[1].state);
    free(txts[0].error);
    scene_end(&scene);
}

TEST_MAIN()
