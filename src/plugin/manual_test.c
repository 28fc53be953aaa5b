#include <pthread.h>

#include "plugin/builtin.h"
#include "plugin/proof_play.h"
#include "ui/scene.h"

#define SHOW "env | grep ^CERTBOT_ | sort"

static char *names_at[] = { (char[]){ "a.test" }, (char[]){ "b.test" } };
static const struct list names = { names_at, 2 };

static struct proof http_proof(void)
{
    return (struct proof){ .type = "http-01",
        .identifier = "a.test",
        .token = "tok",
        .key_authorization = "tok.key",
        .all_identifiers = &names,
        .remaining = 1 };
}

static struct proof dns_proof(void)
{
    return (struct proof){ .type = "dns-01",
        .kind = PROOF_RECORD,
        .identifier = "b.test",
        .token = "tok2",
        .key_authorization = "tok2.key",
        .record_name = "_acme-challenge.b.test",
        .record_value = "VALUE",
        .all_identifiers = &names };
}

struct play {
    struct ui_options options;
    const char *auth, *cleanup;
    bool validate, worker;
    struct proof proofs[2];
};

static void fail_with(const struct error *err)
{
    dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err->kind), err->why);
    exit(0);
}

static void solve(void *ctx)
{
    struct play *play = ctx;
    const struct authenticator *manual = plugin_manual.authenticator;
    AUTO(ui_free) struct ui *top = ui_new(&play->options);
    AUTO(ui_free) struct ui *worker = play->worker ? ui_collect(top) : NULL;
    struct settings settings = { .voice = &voice_own,
        .manual_auth_hook = (char *)(uintptr_t)play->auth,
        .manual_cleanup_hook = (char *)(uintptr_t)play->cleanup,
        .validate_hooks = play->validate };
    struct plugin_context context = { .settings = &settings, .ui = worker != NULL ? worker : top };
    struct error err = { 0 };
    void *self = NULL;

    if (!manual->prepare(&context, &self, &err)) {
        dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
        return;
    }
    if (!manual->plan(self, NULL, 0, &err))
        fail_with(&err);
    for (size_t i = 0; i < 2 && play->proofs[i].type != NULL; i++)
        if (!present_it(manual, self, &play->proofs[i], &err)) {
            dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
            break;
        }
    for (size_t i = 0; i < 4; i++) /* twice each */
        if (play->proofs[i % 2].type != NULL && !clean_it_up(manual, self, &play->proofs[i % 2], &err))
            fail_with(&err);
    manual->release(self);
    free(play->proofs[0].output);
    free(play->proofs[1].output);
}

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
#define RAN(hook, name) "Hook '--manual-" hook "-hook' for " name " ran with output:\n"

TEST(environment_of_hooks)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    struct play play = { .options = { .non_interactive = true },
        .auth = SHOW "; echo MADE",
        .cleanup = SHOW,
        .proofs = { http_proof(), dns_proof() } };

    (void)setenv("CERTBOT_TOKEN", "inherited", 1);
    (void)setenv("CERTBOT_AUTH_OUTPUT", "inherited", 1);
    play.auth = "env | grep ^CERTBOT_ | sort >&2; echo; echo MADE";
    scene_play(&scene, solve, &play);
    (void)unsetenv("CERTBOT_TOKEN");
    (void)unsetenv("CERTBOT_AUTH_OUTPUT");
    CHECK_INT(scene.status, 0, "status");
    CHECK_TEXT(buf_text(&scene.err),
        "Hook '--manual-auth-hook' for a.test ran with error output:\n"
        " CERTBOT_ALL_DOMAINS=a.test,b.test\n CERTBOT_ALL_IDENTIFIERS=a.test,b.test\n CERTBOT_DOMAIN=a.test\n"
        " CERTBOT_IDENTIFIER=a.test\n CERTBOT_REMAINING_CHALLENGES=1\n CERTBOT_TOKEN=tok\n"
        " CERTBOT_VALIDATION=tok.key\n"
        "Hook '--manual-auth-hook' for b.test ran with error output:\n"
        " CERTBOT_ALL_DOMAINS=a.test,b.test\n CERTBOT_ALL_IDENTIFIERS=a.test,b.test\n CERTBOT_DOMAIN=b.test\n"
        " CERTBOT_IDENTIFIER=b.test\n CERTBOT_REMAINING_CHALLENGES=0\n CERTBOT_VALIDATION=VALUE\n",
        "auth hooks");
    CHECK_TEXT(buf_text(&scene.out),
        RAN("auth", "a.test") " MADE\n" RAN("auth", "b.test") " MADE\n" RAN(
            "cleanup", "a.test") " CERTBOT_ALL_DOMAINS=a.test,b.test\n CERTBOT_ALL_IDENTIFIERS=a.test,b.test\n "
                                 "CERTBOT_AUTH_OUTPUT=MADE\n"
                                 " CERTBOT_DOMAIN=a.test\n CERTBOT_IDENTIFIER=a.test\n CERTBOT_REMAINING_CHALLENGES=1\n"
                                 " CERTBOT_TOKEN=tok\n CERTBOT_VALIDATION=tok.key\n" RAN("cleanup",
                                     "b.test") " CERTBOT_ALL_DOMAINS=a.test,b.test\n "
                                               "CERTBOT_ALL_IDENTIFIERS=a.test,b.test\n CERTBOT_AUTH_OUTPUT=MADE\n"
                                               " CERTBOT_DOMAIN=b.test\n CERTBOT_IDENTIFIER=b.test\n "
                                               "CERTBOT_REMAINING_CHALLENGES=0\n"
                                               " CERTBOT_VALIDATION=VALUE\n",
        "cleanup hooks, once each, in the same order");
}

TEST(manual)
{
    static const struct {
        const char *name;
        struct play play;
        const char *input, *err, *out;
    } cases[] = {
        { "nobody to ask, no hook", { .options = { .non_interactive = true } }, NULL,
            "plugin|An authentication script must be provided with --manual-auth-hook when using the manual plugin "
            "non-interactively.\n",
            "" },
        { "a worker of renew, no hook", { .worker = true }, NULL,
            "plugin|An authentication script must be provided with --manual-auth-hook when using the manual plugin "
            "non-interactively.\n",
            "" },
        { "an empty hook is none", { .options = { .quiet = true }, .auth = "" }, NULL,
            "plugin|An authentication script must be provided with --manual-auth-hook when using the manual plugin "
            "non-interactively.\n",
            "" },
        { "no such cleanup hook", { .auth = "true", .cleanup = "/nowhere/x", .validate = true }, NULL,
            "hook|Unable to find manual-cleanup-hook command /nowhere/x in the PATH.\n", NULL },
        { "a hook that fails is reported, and cleaned up",
            { .auth = "exit 3",
                .cleanup = "echo \"<$CERTBOT_AUTH_OUTPUT>\"",
                .proofs = { { .type = "http-01",
                    .identifier = "a.test",
                    .token = "t",
                    .key_authorization = "k",
                    .all_identifiers = &names } } },
            NULL, "Hook '--manual-auth-hook' for a.test reported error code 3\n", RAN("cleanup", "a.test") " <>\n" },
        { "a token that is none never meets a hook",
            { .auth = "echo run",
                .cleanup = "echo run",
                .proofs = { { .type = "http-01",
                    .identifier = "a.test",
                    .token = "../t",
                    .key_authorization = "k",
                    .all_identifiers = &names } } },
            NULL, "acme|the CA sent a challenge token that is not one: \"../t\"\n", "" },
        { "a type without a record",
            { .auth = "echo run",
                .proofs = { { .type = "tls-alpn-01",
                    .kind = PROOF_ALPN,
                    .identifier = "a.test",
                    .token = "t",
                    .all_identifiers = &names } } },
            NULL, "internal|a tls-alpn-01 challenge cannot be solved with a TXT record\n", "" },
        { "by hand, given up",
            { .proofs = { { .type = "http-01",
                  .identifier = "::1",
                  .is_ip = true,
                  .token = "t",
                  .key_authorization = "t.k",
                  .all_identifiers = &names } } },
            "", "canceled|the input ended before the question was answered\n",
            "\n" FRAME
            "Make a file with this one line in it, and nothing else:\n\nt.k\n\nand let your web server deliver "
            "it at:\n\nhttp://[::1]/.well-known/acme-challenge/t\n\nIt has to stay until the certificate is "
            "there.\n" FRAME "Press Enter to Continue" },
        { "by hand",
            { .proofs = { { .type = "dns-01",
                  .kind = PROOF_RECORD,
                  .identifier = "a.test",
                  .record_name = "_acme-challenge.a.test",
                  .record_value = "V",
                  .all_identifiers = &names } } },
            "\n", "",
            "\n" FRAME
            "Add a TXT record to the DNS, under the name:\n\n_acme-challenge.a.test.\n\nwith the value:\n\nV\n\n"
            "Go on when all name servers of the domain answer with it.\n" FRAME "Press Enter to Continue" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .input = cases[i].input };
        struct play play = cases[i].play;

        scene_play(&scene, solve, &play);
        CHECK_INT(scene.status, 0, cases[i].name);
        if (cases[i].out != NULL)
            CHECK_TEXT(buf_text(&scene.out), cases[i].out, cases[i].name);
        CHECK(strncmp(buf_text(&scene.err), cases[i].err, strlen(cases[i].err)) == 0 &&
                  (cases[i].err[0] != '\0' || scene.err.len == 0),
            "%s: %s", cases[i].name, buf_text(&scene.err));
    }
}

TEST(long_output_is_cut_for_the_cleanup_hook)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    struct play play = { .auth = "head -c 300000 /dev/zero | tr '\\0' x",
        .cleanup = "echo ${#CERTBOT_AUTH_OUTPUT}",
        .options = { .non_interactive = true },
        .proofs = { http_proof() } };

    scene_play(&scene, solve, &play);
    CHECK(strstr(buf_text(&scene.out), RAN("cleanup", "a.test") " 100000\n") != NULL, "%.200s", buf_text(&scene.err));
    CHECK(strstr(buf_text(&scene.err), "too long for CERTBOT_AUTH_OUTPUT") != NULL, "%s", buf_text(&scene.err));
}

static void *solve_in_thread(void *play)
{
    solve(play);
    return NULL;
}

static void solve_many(void *ctx)
{
    struct play plays[4];
    pthread_t threads[COUNT(plays)];

    for (size_t i = 0; i < COUNT(plays); i++) {
        plays[i] = *(struct play *)ctx;
        if (pthread_create(&threads[i], NULL, solve_in_thread, &plays[i]) != 0)
            _exit(97);
    }
    for (size_t i = 0; i < COUNT(plays); i++)
        (void)pthread_join(threads[i], NULL);
}

TEST(one_hook_at_a_time)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    AUTO(free) char *mark = test_path("running"), *hook = xprintf("mkdir %s && sleep 0.05 && rmdir %s", mark, mark);
    struct play play = { .auth = hook, .cleanup = hook, .worker = true, .proofs = { http_proof() } };

    scene_play(&scene, solve_many, &play);
    CHECK_INT(scene.status, 0, "status");
    CHECK_TEXT(buf_text(&scene.err), "", "no hook found another one running");
}

/* A cleanup hook may sweep up all that auth hooks have made: those of another order must not have begun. */
TEST(one_order_at_a_time)
{
    AUTO(scene_clear) struct scene scene = { 0 };
    AUTO(free) char *ran = test_path("ran"), *auth = xprintf("echo auth >> %s", ran);
    AUTO(free) char *cleanup = xprintf("echo cleanup >> %s", ran);
    AUTO(buf_clear) struct buf text = BUF(1024);
    struct play play = { .auth = auth, .cleanup = cleanup, .worker = true, .proofs = { http_proof() } };
    struct error err = { 0 };

    scene_play(&scene, solve_many, &play);
    CHECK_INT(scene.status, 0, "status");
    REQUIRE(file_read(ran, &text, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&text), "auth\ncleanup\nauth\ncleanup\nauth\ncleanup\nauth\ncleanup\n", "in turn");
}

static void interrupt_the_second(void *ctx)
{
    const struct authenticator *manual = plugin_manual.authenticator;
    AUTO(ui_free) struct ui *ui = ui_new(&(struct ui_options){ .non_interactive = true });
    struct settings settings = { .voice = &voice_own, .manual_auth_hook = (char[]){ "true" } };
    struct plugin_context context = { .settings = &settings, .ui = ui };
    void *first = NULL, *second = NULL;
    struct error err = { 0 };

    (void)ctx;
    interrupt_init();
    if (!manual->prepare(&context, &first, &err) || !manual->prepare(&context, &second, &err) ||
        !manual->plan(first, NULL, 0, &err) || raise(SIGTERM) != 0)
        fail_with(&err);
    (void)!manual->plan(second, NULL, 0, &err);
    manual->release(second);
    manual->release(first);
    fail_with(&err);
}

/* The wait for the turn comes before anything is recorded or presented: no cleanup hook is run for it. */
TEST(an_interrupt_ends_the_wait_for_the_turn)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    scene_play(&scene, interrupt_the_second, NULL);
    CHECK_TEXT(buf_text(&scene.err), "canceled|stopped by SIGTERM\n", "the second order");
}

TEST(hooks_that_run_later_are_told_the_same)
{
    AUTO(ui_free) struct ui *ui = ui_new(&(struct ui_options){ .quiet = true, .non_interactive = true });
    AUTO(list_clear) struct list later = { 0 };
    struct settings settings = {
        .voice = &voice_own, .manual_auth_hook = (char[]){ "echo MADE" }, .manual_cleanup_hook = (char[]){ "true" }
    };
    struct plugin_context context = { .settings = &settings, .ui = ui, .hook_env = &later };
    struct proof proof = dns_proof();
    struct error err = { 0 };
    void *self = NULL;

    REQUIRE(plugin_manual.authenticator->prepare(&context, &self, &err), "%s", err.why);
    CHECK(present_it(plugin_manual.authenticator, self, &proof, &err), "%s", err.why);
    CHECK(list_has(&later, "CERTBOT_DOMAIN=b.test") && list_has(&later, "CERTBOT_TOKEN"), "%zu variables", later.len);
    CHECK(!list_has(&later, "CERTBOT_AUTH_OUTPUT=MADE"), "before the cleanup");
    CHECK(clean_it_up(plugin_manual.authenticator, self, &proof, &err), "%s", err.why);
    CHECK(list_has(&later, "CERTBOT_AUTH_OUTPUT=MADE") && later.len == 8, "%zu variables", later.len);
    plugin_manual.authenticator->release(self);
    free(proof.output);
}

static void sweep(void *ctx)
{
    struct play *play = ctx;
    AUTO(ui_free) struct ui *ui = ui_new(&play->options);
    struct settings settings = { .voice = &voice_own, .manual_cleanup_hook = (char *)(uintptr_t)play->cleanup };
    struct plugin_context context = { .settings = &settings, .ui = ui };
    struct proof *all[] = { &play->proofs[0], &play->proofs[1] };
    struct error err = { 0 };

    if (!plugin_manual.authenticator->sweep(&context, all, 2, &err))
        dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
    for (size_t i = 0; i < 2; i++)
        dprintf(STDERR_FILENO, "%d", all[i]->state == PROOF_WANTED);
}

TEST(a_run_that_was_cut_off_is_swept)
{
    AUTO(scene_clear) struct scene scene = { 0 }, without = { 0 };
    struct play play = { .options = { .non_interactive = true },
        .cleanup = "echo $CERTBOT_DOMAIN $CERTBOT_TOKEN $CERTBOT_VALIDATION $CERTBOT_REMAINING_CHALLENGES "
                   "$CERTBOT_ALL_DOMAINS \"<$CERTBOT_AUTH_OUTPUT>\"",
        .proofs = { http_proof(), dns_proof() } };

    play.proofs[1].output = (char[]){ "MADE" };
    scene_play(&scene, sweep, &play);
    CHECK_TEXT(buf_text(&scene.out),
        RAN("cleanup", "a.test") " a.test tok tok.key 1 a.test,b.test <>\n" RAN(
            "cleanup", "b.test") " b.test VALUE 0 a.test,b.test <MADE>\n",
        "for each, with what its auth hook printed");
    CHECK_TEXT(buf_text(&scene.err), "11", "both are done");
    play.cleanup = NULL;
    scene_play(&without, sweep, &play);
    CHECK_TEXT(buf_text(&without.out), "", "no hook");
    CHECK_TEXT(buf_text(&without.err), "11", "nothing to do");
}

static size_t notes;

static void count_note(void *arg)
{
    CHECK(((struct proof *)arg)->output != NULL, "noted before it was there");
    notes++;
}

TEST(what_a_hook_printed_is_noted)
{
    static const struct {
        const char *hook;
        size_t notes;
    } cases[] = { { "echo MADE", 1 }, { "true", 0 } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(ui_free) struct ui *ui = ui_new(&(struct ui_options){ .quiet = true, .non_interactive = true });
        struct settings settings = { .voice = &voice_own, .manual_auth_hook = (char *)(uintptr_t)cases[i].hook };
        struct proof proof = dns_proof();
        struct plugin_context context = { .settings = &settings, .ui = ui, .note = count_note, .note_arg = &proof };
        struct error err = { 0 };
        void *self = NULL;

        notes = 0;
        REQUIRE(plugin_manual.authenticator->prepare(&context, &self, &err), "%s", err.why);
        CHECK(present_it(plugin_manual.authenticator, self, &proof, &err), "%s", err.why);
        CHECK_INT(notes, cases[i].notes, cases[i].hook);
        plugin_manual.authenticator->release(self);
        free(proof.output);
    }
}

TEST(hint)
{
    struct settings settings = { .voice = &voice_own };
    static const struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct plugin_context context = { .settings = &settings, .ui = ui };
    struct error err = { 0 };
    AUTO(free) char *by_hand = NULL, *by_hook = NULL;
    void *self = NULL;

    REQUIRE(plugin_manual.authenticator->prepare(&context, &self, &err), "%s", err.why);
    by_hand = plugin_manual.authenticator->hint(self, "http-01");
    settings.manual_auth_hook = (char[]){ "hook" };
    by_hook = plugin_manual.authenticator->hint(self, "dns-01");
    CHECK(strstr(by_hand, "port 80") != NULL && strstr(by_hand, "hook") == NULL, "%s", by_hand);
    CHECK(strstr(by_hook, "TXT") != NULL && strstr(by_hook, "--manual-auth-hook") != NULL, "%s", by_hook);
    plugin_manual.authenticator->release(self);
    plugin_manual.authenticator->release(NULL);
}

TEST(by_hand_without_a_hook)
{
    static const struct plugin *const table[] = { &plugin_manual, &plugin_null, NULL };
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);

    plugins_use(table);
    CHECK(!plugin_is_by_hand(settings), "no authenticator");
    xreplace(&settings->authenticator, "standalone");
    CHECK(!plugin_is_by_hand(settings), "standalone");
    xreplace(&settings->authenticator, "manual");
    CHECK(plugin_is_by_hand(settings), "manual");
    xreplace(&settings->manual_auth_hook, "/bin/true");
    CHECK(!plugin_is_by_hand(settings), "with a hook");
    xreplace(&settings->authenticator, "nobody-has-it");
    CHECK(!plugin_is_by_hand(settings), "of another");
}

TEST_MAIN()
