#include "base/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/test.h"
#include "base/text.h"

TEST(child_shell)
{
    static const struct {
        const char *name, *command;
        int status;
        const char *out, *err;
    } cases[] = {
        { "no such command", "exec /no/such/command 2>/dev/null", 127, "", "" },
        { "killed", "kill -9 $$", 137, "", "" },
        { "SIGPIPE is not ignored", "kill -PIPE $$; echo alive", 141, "", "" },
        { "SIGTERM is at its default", "kill -TERM $$; echo alive", 143, "", "" },
        { "status", "exit 7", 7, "", "" },
        { "both streams", "echo a; echo b >&2; echo c", 0, "a\nc\n", "b\n" },
        { "closes its streams early", "exec >&- 2>&-; sleep 0.1; exit 3", 3, "", "" },
        { "environment", "echo \"$FRESH-$GONE-$OVER-${HOME:+home}\"", 0, "new value--2-home\n", "" },
    };
    AUTO(list_clear) struct list env = { 0 };

    setenv("GONE", "1", 1);
    setenv("OVER", "1", 1);
    setenv("HOME", "/", 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    list_add(&env, "FRESH=new value");
    list_add(&env, "OVER=1b");
    list_add(&env, "OVER=2");
    list_add(&env, "GONE");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(child_result_clear) struct child_result result = { 0 };
        struct error err = { 0 };

        CHECK(child_shell(cases[i].command, &env, &result, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(result.status, cases[i].status, cases[i].name);
        CHECK_TEXT(buf_text(&result.out), cases[i].out, cases[i].name);
        CHECK_TEXT(buf_text(&result.err), cases[i].err, cases[i].name);
    }
    (void)signal(SIGTERM, SIG_DFL);
}

TEST(child_output_is_bounded)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    struct error err = { 0 };

    CHECK(child_shell("head -c 20000000 /dev/zero | tr '\\0' x; echo end >&2", NULL, &result, &err), "%s", err.why);
    CHECK_INT(result.status, 0, "the child must not wait for us");
    CHECK_INT(result.out.len, CHILD_MAX_OUTPUT, "out");
    CHECK_INT(result.out_dropped, 20000000 - CHILD_MAX_OUTPUT, "dropped");
    CHECK_TEXT(buf_text(&result.err), "end\n", "err");
    CHECK_INT(result.err_dropped, 0, "of the other stream");
}

TEST(child_output_is_never_cut_within_a_line)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free)
    char *command = xprintf("yes 'ten bytes' | head -c %d >&2; echo; yes 'ten bytes' | head -n 2000000 >&2; echo end",
        CHILD_MAX_OUTPUT - 5); /* the bound falls into a line */
    struct error err = { 0 };
    size_t all = (size_t)CHILD_MAX_OUTPUT - 5 + 20000000;

    CHECK(child_shell(command, NULL, &result, &err), "%s", err.why);
    CHECK(result.err.len <= CHILD_MAX_OUTPUT && result.err.len > CHILD_MAX_OUTPUT - 20, "%zu bytes", result.err.len);
    CHECK(text_ends(buf_text(&result.err), "\nten bytes\n"), "the last line is whole");
    CHECK_INT(result.err_dropped, all - result.err.len, "dropped");
    CHECK_TEXT(buf_text(&result.out), "\nend\n", "what fits is whole");
}

TEST(child_that_leaves_a_daemon_behind)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    struct error err = { 0 };

    CHECK(child_shell("sleep 600 & echo $!", NULL, &result, &err), "%s", err.why);
    REQUIRE(result.out.len > 0, "lost what it said");
    CHECK(kill((pid_t)atoi(buf_text(&result.out)), SIGKILL) == 0, "waited for the daemon, which is gone");
}

TEST(child_gets_three_descriptors)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(close) int ours = open("/dev/null", O_RDONLY); /* as if left open by who started us */
    struct error err = { 0 };
    int before = dup(0), after;

    REQUIRE(ours > 2 && before > ours);
    (void)close(before);
    /* 0 to 2, and the directory that ls itself reads */
    CHECK(child_shell("ls /proc/self/fd | tr '\\n' ' '", NULL, &result, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&result.out), "0 1 2 3 ", "descriptors");
    after = dup(0);
    CHECK_INT(after, before, "descriptors of ours that stay open");
    (void)close(after);
}

/* Plays in a child: a process has one interrupt for all its life. */
static int interrupted(bool shielded)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct child_result result = { 0 };
        struct error err = { 0 };
        AUTO(free)
        char *command = xprintf("trap 'echo told; exit 5' TERM; kill -TERM %ld; i=0; "
                                "while [ $i -lt 20 ]; do sleep 0.02; i=$((i+1)); done; exit 6",
            (long)getpid());

        interrupt_init();
        if (shielded)
            interrupt_shield();
        if (!child_shell(command, NULL, &result, &err))
            _exit(1);
        _exit(interrupt_signal() == SIGTERM ? result.status : 2);
    }
    REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(child_is_told_of_an_interrupt)
{
    CHECK_INT(interrupted(false), 5, "passed on");
    CHECK_INT(interrupted(true), 6, "not while cleaning up");
}

/* Without a shell: what stands in an argument is no command. */
TEST(child_run)
{
    static const struct {
        const char *name, *path;
        const char *argv[4];
        int status;
        const char *out;
    } cases[] = {
        { "no shell", "/bin/echo", { "echo", "$HOME; id" }, 0, "$HOME; id\n" },
        { "nothing to read", "/bin/cat", { "cat" }, 0, "" },
        { "status", "/bin/sh", { "sh", "-c", "exit 7" }, 7, "" },
        { "killed", "/bin/sh", { "sh", "-c", "kill -9 $$" }, 137, "" },
        { "the environment is its own", "/usr/bin/env", { "env" }, 0,
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\nFRESH=new value\n" },
    };
    AUTO(list_clear) struct list env = { 0 };

    setenv("GONE", "1", 1);
    list_add(&env, "FRESH=old value");
    list_add(&env, "FRESH=new value");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(child_result_clear) struct child_result result = { 0 };
        struct child_program program = {
            .path = cases[i].path, .argv = (char *const *)cases[i].argv, .env = &env, .limit_ms = 60000
        };
        struct error err = { 0 };

        CHECK(child_run(&program, &result, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(result.status, cases[i].status, cases[i].name);
        CHECK_TEXT(buf_text(&result.out), cases[i].out, cases[i].name);
    }
}

TEST(child_run_with_input)
{
    static char text[300000]; /* more than a pipe holds */
    char *all[] = { (char[]){ "cat" }, NULL }, *none[] = { (char[]){ "true" }, NULL };
    struct child_program reader = { .path = "/bin/cat", .argv = all, .input = { text, sizeof text } };
    struct child_program other = { .path = "/bin/true", .argv = none, .input = { text, sizeof text } };
    AUTO(child_result_clear) struct child_result result = { 0 }, ignored = { 0 };
    struct error err = { 0 };

    memset(text, 'x', sizeof text);
    CHECK(child_run(&reader, &result, &err), "%s", err.why);
    CHECK(view_equal(buf_view(&result.out), reader.input), "it reads all of it");
    CHECK(child_run(&other, &ignored, &err) && ignored.status == 0, "or none of it: %s", err.why);
}

TEST(child_run_may_have_another_path)
{
    AUTO(list_clear) struct list env = { 0 };
    AUTO(child_result_clear) struct child_result result = { 0 };
    char *argv[] = { (char[]){ "env" }, NULL };
    struct error err = { 0 };

    list_add(&env, "PATH=/none");
    CHECK(child_run(&(struct child_program){ .path = "/usr/bin/env", .argv = argv, .env = &env }, &result, &err));
    CHECK_TEXT(buf_text(&result.out), "LC_ALL=C\nPATH=/none\n", "its environment");
}

TEST(child_run_of_what_is_not_there)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    char *argv[] = { (char[]){ "none" }, NULL };
    struct error err = { 0 };

    CHECK(!child_run(&(struct child_program){ .path = "/no/such/program", .argv = argv }, &result, &err));
    CHECK(err.kind == ERROR_HOOK && err.sys == ENOENT && strstr(err.why, "/no/such/program") != NULL, "%s", err.why);
}

/* Also what it has started, and what does not want to end. */
TEST(child_run_has_a_limit)
{
    static const char *const commands[] = { "echo $$ >&2; sleep 1000 & wait",
        "echo $$ >&2; trap '' TERM; sleep 1000 & wait; wait" };

    for (size_t i = 0; i < COUNT(commands); i++) {
        AUTO(child_result_clear) struct child_result result = { 0 };
        AUTO(free) char *command = xstrdup(commands[i]);
        char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, command, NULL };
        int64_t begun_ms = clock_monotonic_ms();
        struct error err = { 0 };

        CHECK(!child_run(&(struct child_program){ .path = "/bin/sh", .argv = argv, .limit_ms = 100 }, &result, &err));
        CHECK(err.kind == ERROR_HOOK, "%s", err.why);
        CHECK_TEXT(err.why, "/bin/sh was not done after 0.1 s, and was ended", commands[i]);
        CHECK(clock_monotonic_ms() - begun_ms < 500000, "the sleep was waited for");
    }
}

TEST_MAIN()
