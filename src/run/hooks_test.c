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
