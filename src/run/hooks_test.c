#include "run/hooks.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "run/stage.h"

/* With hooks that write what they are into the file "ran". */
static struct stage stage_of(const char *verb)
{
    struct stage stage = stage_new(verb, false);

    stage.settings->pre_hook = note("pre");
    stage.settings->deploy_hook = note("deploy $RENEWED_DOMAINS");
    stage.settings->post_hook = note("post $RENEWED_DOMAINS / $FAILED_DOMAINS");
    return stage;
}

static void check_ran(const char *want, const char *name)
{
    AUTO(free) char *path = test_path("ran");
    AUTO(buf_clear) struct buf ran = BUF(4096);
    struct error err = { 0 };

    REQUIRE(file_read(path, &ran, &err), "%s: %s", name, err.why);
    CHECK_TEXT(buf_text(&ran), want, name);
}

TEST(in_a_run_of_renew_pre_and_post_hooks_run_once)
{
    AUTO(stage_clear) struct stage stage = stage_of("renew");
    AUTO(list_clear) struct list one = { 0 }, other = { 0 };
    struct error err = { 0 };

    list_add(&one, "one.test");
    list_add(&other, "other.test");
    for (int i = 0; i < 2; i++) {
        const struct list *names = i == 0 ? &one : &other;

        CHECK(hooks_before(&stage.context, &err) && hooks_deploy(&stage.context, "live", names, NULL, &err) &&
                  hooks_after(&stage.context, names, &err),
            "%s", err.why);
    }
    check_ran("pre\ndeploy one.test\ndeploy other.test\n", "before the end");
    CHECK(hooks_at_end(&stage.context, &one, &other, &err), "%s", err.why);
    check_ran("pre\ndeploy one.test\ndeploy other.test\npost one.test / other.test\n", "at the end");
}

/* Scripts have come to rely on it; a run that deployed nothing must not name anything. */
TEST(a_post_hook_is_told_the_lineage_that_was_deployed_last)
{
    AUTO(stage_clear) struct stage stage = stage_of("certonly");
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    list_add(&names, "one.test");
    free(stage.settings->post_hook);
    stage.settings->post_hook = note("post ${RENEWED_LINEAGE-nothing}");
    CHECK(hooks_after(&stage.context, &names, &err), "%s", err.why);
    CHECK(hooks_deploy(&stage.context, "live/one", &names, NULL, &err) &&
              hooks_deploy(&stage.context, "live/two", &names, NULL, &err) && hooks_after(&stage.context, &names, &err),
        "%s", err.why);
    check_ran("post nothing\ndeploy one.test\ndeploy one.test\npost live/two\n", "in turn");
}

TEST(a_dry_run_deploys_only_when_asked)
{
    AUTO(stage_clear) struct stage stage = stage_of("renew");
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    list_add(&names, "one.test");
    stage.settings->dry_run = true;
    CHECK(
        hooks_before(&stage.context, &err) && hooks_deploy(&stage.context, "live", &names, NULL, &err), "%s", err.why);
    check_ran("pre\n", "not asked");
    stage.settings->run_deploy_hooks = true;
    CHECK(hooks_deploy(&stage.context, "live", &names, NULL, &err), "%s", err.why);
    check_ran("pre\ndeploy one.test\n", "asked");
}

TEST(files_come_before_the_option_and_editors_leave_no_hooks)
{
    AUTO(stage_clear) struct stage stage = stage_of("certonly");
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *first = note("first"), *second = note("second"), *never = note("never");
    struct error err = { 0 };

    list_add(&names, "one.test");
    add_file("deploy", "20", second);
    add_file("deploy", "10", first);
    add_file("deploy", "10~", never);
    CHECK(hooks_deploy(&stage.context, "live", &names, NULL, &err), "%s", err.why);
    check_ran("first\nsecond\ndeploy one.test\n", "in byte order");
    stage.settings->directory_hooks = false;
    CHECK(hooks_after(&stage.context, &names, &err), "%s", err.why);
    check_ran("first\nsecond\ndeploy one.test\npost one.test / \n", "certonly does not wait for the end");
}

/* As with Certbot: an option that names a file of the directory is meant once, but post-hooks run as often as they are
 * found. */
TEST(a_file_that_the_option_names_too)
{
    AUTO(stage_clear) struct stage stage = stage_of("certonly");
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *deploy = test_path("conf/renewal-hooks/deploy/x"), *post = test_path("conf/renewal-hooks/post/x");
    AUTO(free) char *note_deploy = note("deploy"), *note_post = note("post");
    struct error err = { 0 };

    add_file("deploy", "x", note_deploy);
    add_file("post", "x", note_post);
    xreplace(&stage.settings->deploy_hook, deploy);
    xreplace(&stage.settings->post_hook, post);
    CHECK(hooks_deploy(&stage.context, "live", &names, NULL, &err) && hooks_after(&stage.context, &names, &err), "%s",
        err.why);
    check_ran("deploy\npost\npost\n", "certonly");
    stage.context.verb = test_verb("renew");
    CHECK(
        hooks_after(&stage.context, &names, &err) && hooks_at_end(&stage.context, &names, &names, &err), "%s", err.why);
    check_ran("deploy\npost\npost\npost\n", "renew");
}

TEST(what_manual_hooks_were_told_is_told_to_those_that_follow)
{
    AUTO(stage_clear) struct stage stage = stage_of("certonly");
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    list_add(&names, "one.test");
    list_add(&context_trail(&stage.context)->env, "CERTBOT_DOMAIN=m.test");
    list_add(&context_trail(&stage.context)->env, "CERTBOT_TOKEN"); /* of dns-01: none */
    free(stage.settings->deploy_hook);
    free(stage.settings->post_hook);
    stage.settings->deploy_hook = note("deploy $CERTBOT_DOMAIN ${CERTBOT_TOKEN-none} $RENEWED_DOMAINS");
    stage.settings->post_hook = note("post $CERTBOT_DOMAIN ${CERTBOT_TOKEN-none}");
    (void)setenv("CERTBOT_TOKEN", "inherited", 1);
    CHECK(hooks_deploy(&stage.context, "live", &names, NULL, &err) && hooks_after(&stage.context, &names, &err), "%s",
        err.why);
    (void)unsetenv("CERTBOT_TOKEN");
    check_ran("deploy m.test none one.test\npost m.test none\n", "both");
}

/* However the workers came to an end. */
TEST(lineages_leave_their_trails_in_order)
{
    AUTO(stage_clear) struct stage stage = stage_of("renew");
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *first = note("first $CERTBOT_DOMAIN $RENEWED_LINEAGE"), *second = note("second");
    struct hook_trail trails[3] = { 0 };
    struct error err = { 0 };

    for (size_t i = 3; i-- > 0;) {
        stage.context.trail = &trails[i];
        xreplace(&stage.settings->post_hook, i == 0 ? first : second);
        CHECK(hooks_after(&stage.context, &names, &err), "%s", err.why);
    }
    trails[0].renewed_lineage = xstrdup("live/zero");
    trails[1].renewed_lineage = xstrdup("live/one");
    list_add(&trails[0].env, "CERTBOT_DOMAIN=zero.test");
    list_add(&trails[1].env, "CERTBOT_DOMAIN=one.test");
    for (size_t i = 0; i < 3; i++)
        hook_trail_join(stage.context.run, &trails[i]);
    stage.context.trail = NULL;
    CHECK(hooks_at_end(&stage.context, &names, &names, &err), "%s", err.why);
    check_ran("first one.test live/one\nsecond\n", "as if one after the other");
}

TEST(long_lists_of_names_are_cut_for_post_hooks_alone)
{
    AUTO(stage_clear) struct stage stage = stage_of("certonly");
    AUTO(list_clear) struct list long_ones = { 0 }, one = { 0 };
    struct error err = { 0 };

    for (int i = 0; i < 4000; i++)
        list_add(&long_ones, "nine.test");
    list_add(&one, "one.test");
    free(stage.settings->deploy_hook);
    free(stage.settings->post_hook);
    stage.settings->deploy_hook = note("deploy ${#RENEWED_DOMAINS}");
    stage.settings->post_hook = note("post ${#RENEWED_DOMAINS} ${#FAILED_DOMAINS}");
    CHECK(hooks_deploy(&stage.context, "live", &long_ones, NULL, &err) && hooks_after(&stage.context, &long_ones, &err),
        "%s", err.why);
    check_ran("deploy 39999\npost 32000 0\n", "certonly");
    stage.context.verb = test_verb("renew");
    CHECK(
        hooks_after(&stage.context, &one, &err) && hooks_at_end(&stage.context, &one, &long_ones, &err), "%s", err.why);
    check_ran("deploy 39999\npost 32000 0\npost 8 16000\n", "those that failed leave the others alone");
}

/* ---- what is refused, and what is only told ---- */

static const struct {
    const char *name;
    const char *pre, *deploy, *post;
    bool validate;
    const char *why; /* NULL: they may be run */
} checked[] = {
    { "none", NULL, NULL, NULL, true, NULL },
    { "a program of the system", "true", "true", "true", true, NULL },
    { "by its path, with words", "/bin/sh -c :", NULL, NULL, true, NULL },
    { "a pre-hook that is not there", "no-such-program-here", NULL, NULL, true, "pre-hook" },
    { "a post-hook that is not there", NULL, NULL, "/no/such/program", true, "post-hook" },
    { "a deploy hook that is no program", NULL, "/etc/passwd", NULL, true, "is not executable" },
    { "--disable-hook-validation", "no-such-program-here", "/etc/passwd", "/no/such/program", false, NULL },
    { "an empty one is none", "", "", "", true, NULL },
};

TEST(hooks_that_cannot_be_run_are_refused_beforehand)
{
    for (size_t i = 0; i < COUNT(checked); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("certonly", false);
        struct error err = { 0 };
        bool ok;

        xreplace(&stage.settings->pre_hook, checked[i].pre);
        xreplace(&stage.settings->deploy_hook, checked[i].deploy);
        xreplace(&stage.settings->post_hook, checked[i].post);
        stage.settings->validate_hooks = checked[i].validate;
        ok = hooks_check(stage.settings, &err);
        CHECK(ok == (checked[i].why == NULL), "%s: %s", checked[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_HOOK && strstr(err.why, checked[i].why) != NULL), "%s: %s", checked[i].name,
            err.why);
    }
}

static const struct {
    const char *name, *kind;
    mode_t file, dir; /* modes of the hook and of its directory */
    bool may;
} writers[] = {
    { "the owner's alone", "pre", 0700, 0755, true },
    { "everybody may run it", "deploy", 0755, 0755, true },
    { "everybody may write it", "pre", 0777, 0755, false },
    { "everybody may add one", "pre", 0755, 0777, false },
    { "everybody may add one, and there is none yet", "pre", 0666, 0777, false },
    { "a deploy hook, looked at before anything is ordered", "deploy", 0777, 0755, false },
    { "a post-hook, too", "post", 0777, 0755, false },
    { "what is not executable is no hook", "pre", 0666, 0755, true },
};

TEST(hooks_that_others_may_write)
{
    for (size_t i = 0; i < COUNT(writers); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("certonly", false);
        AUTO(free) char *ran = note("ran");
        struct error err = { 0 };

        add_file(writers[i].kind, "hook", ran);
        REQUIRE(chmod(at("renewal-hooks/%s/hook", writers[i].kind), writers[i].file) == 0, "%s", writers[i].name);
        REQUIRE(chmod(at("renewal-hooks/%s", writers[i].kind), writers[i].dir) == 0, "%s", writers[i].name);
        CHECK(hooks_may_run(&stage.context, &err) == writers[i].may, "%s: %s", writers[i].name, err.why);
        CHECK(writers[i].may || err.kind == ERROR_CONFIG, "%s: %s", writers[i].name, err.why);
        error_clear(&err);
        CHECK(hooks_before(&stage.context, &err) == writers[i].may, "%s: %s", writers[i].name, err.why);
        check_ran_since(writers[i].may && writers[i].file != 0666 && strcmp(writers[i].kind, "pre") == 0 ? "ran\n" : "",
            writers[i].name);
        stage.settings->directory_hooks = false;
        error_clear(&err);
        CHECK(hooks_may_run(&stage.context, &err), "%s: --no-directory-hooks: %s", writers[i].name, err.why);
    }
}

/* A hook that fails is told, and stops nothing. */
TEST(hooks_that_fail)
{
    AUTO(stage_clear) struct stage stage = stage_new("certonly", false);
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *one = note("one"), *two = note("two");
    AUTO(free) char *bad = xprintf("%s; echo to the user; echo of the error >&2; exit 7", one);
    struct error err = { 0 };

    list_add(&names, "one.test");
    add_file("deploy", "1", bad);
    add_file("deploy", "2", two);
    CHECK(hooks_deploy(&stage.context, "live", &names, NULL, &err), "%s", err.why);
    check_ran_since("one\ntwo\n", "the other one runs all the same");
    check_said("Hook 'deploy-hook' reported error code 7", "its status");
    check_said("of the error", "what it said of it");
}

static const struct {
    const char *name, *pre, *file; /* as options and as a file of the directory */
    bool directory, want;
} before[] = {
    { "none", NULL, NULL, true, false },
    { "an option", "true", NULL, true, true },
    { "a file", NULL, "true", true, true },
    { "a file that does not count", NULL, "true", false, false },
    { "an empty option", "", NULL, true, false },
};

TEST(whether_anything_runs_before)
{
    for (size_t i = 0; i < COUNT(before); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", false);

        xreplace(&stage.settings->pre_hook, before[i].pre);
        stage.settings->directory_hooks = before[i].directory;
        if (before[i].file != NULL)
            add_file("pre", "hook", before[i].file);
        CHECK(hooks_are_before(&stage.context) == before[i].want, "%s", before[i].name);
    }
}

/* ---- which deploy hooks a certificate needs no more ---- */

struct memory {      /* of a delivery */
    const char *has; /* the command that ran before */
    struct list noted;
};

static bool has_run(void *arg, const char *command)
{
    const struct memory *memory = arg;

    return text_equal(command, memory->has);
}

static void note_run(void *arg, const char *command, int status)
{
    struct memory *memory = arg;
    AUTO(free) char *entry = xprintf("%s: %d", command, status);

    list_add(&memory->noted, entry);
}

TEST(what_has_run_for_a_certificate_is_not_run_again)
{
    AUTO(stage_clear) struct stage stage = stage_new("renew", false);
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *line = note("file"), *path = xstrdup(at("renewal-hooks/deploy/1"));
    struct memory memory = { .has = path };
    const struct hook_memory remembered = { has_run, note_run, &memory };
    struct error err = { 0 };

    list_add(&names, "one.test");
    add_file("deploy", "1", line);
    xreplace(&stage.settings->deploy_hook, "exit 3");
    CHECK(hooks_deploy(&stage.context, "live", &names, &remembered, &err), "%s", err.why);
    check_ran_since("", "the file has run before");
    CHECK_INT((int64_t)memory.noted.len, 1, "the option is noted");
    CHECK_TEXT(memory.noted.at[0], "exit 3: 3", "with its status");
    list_clear(&memory.noted);
}

/* In a process of its own: a signal that came stays. */
static void deploy_interrupted(struct stage *stage, const struct list *names)
{
    struct error err = { 0 };

    (void)signal(SIGINT, SIG_DFL); /* a shell's background job begins with it ignored, and then it stays so */
    interrupt_init();
    (void)raise(SIGINT);
    _exit(hooks_deploy(&stage->context, "live", names, NULL, &err) ? 0 : 1);
}

/* A certificate that is saved is not due, so no later run would make up for what was left out. */
TEST(deploy_hooks_run_whole_although_a_signal_came)
{
    AUTO(stage_clear) struct stage stage = stage_of("renew");
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *whole = note("whole"), *slow = xprintf("sleep 0.2; %s", whole);
    int status = -1;
    pid_t pid;

    list_add(&names, "one.test");
    add_file("deploy", "slow", slow);
    pid = fork();
    if (pid == 0)
        deploy_interrupted(&stage, &names);
    REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no process");
    CHECK_INT(status, 0, "ended well");
    check_ran("whole\ndeploy one.test\n", "both, from the first line to the last");
}

TEST_MAIN()
