#include "base/pipe_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/test.h"

#define HANG_MS 60000 /* far more than any machine needs, far less than the scripts sleep: nobody waits for those */

/* A shell script as the child, the test's own. */
static struct pipe_child *start(const char *name, const char *script)
{
    AUTO(free) char *path = test_path(name), *text = xprintf("#!/bin/sh\n%s\n", script);
    struct pipe_child *child = NULL;
    struct error err = { 0 };

    (void)signal(SIGPIPE, SIG_IGN);
    REQUIRE(file_create(path, view_of(text), (struct file_access){ .mode = 0700 }, &err), "%s", err.why);
    REQUIRE(pipe_child_start(path, &child, &err), "%s: %s", name, err.why);
    return child;
}

static const struct {
    const char *name, *script;
    const char *answer; /* NULL: it fails */
    const char *why;
    int limit_ms;
} cases[] = {
    { "dies", "exit 3", NULL, "ended without an answer (exit status 3)", HANG_MS },
    { "dies saying why", "echo first >&2; echo because >&2; exit 1", NULL, "it said: because", HANG_MS },
    { "killed", "kill -9 $$", NULL, "(signal 9)", HANG_MS },
    { "dies, a grandchild keeps the pipes", "sleep 600 & exit 4", NULL, "(exit status 4)", HANG_MS },
    { "half a line", "printf half; exit 0", NULL, "ended without an answer", HANG_MS },
    { "hangs", "sleep 600", NULL, "did not answer within 0.2 seconds", 200 },
    { "hangs with its output closed", "exec >&-; sleep 600", NULL, "did not answer within 0.2 seconds", 200 },
    { "writes for ever", "exec yes", NULL, "more than one line", HANG_MS },
    { "one endless line", "exec tr '\\0' x </dev/zero", NULL, "longer than 1000 bytes", HANG_MS },
    { "two lines", "read a; printf 'one\\ntwo\\n'; sleep 600", NULL, "more than one line", HANG_MS },
    { "endless complaints", "read a; head -c 3000000 /dev/zero >&2; echo fine; read b", "fine", NULL, HANG_MS },
    { "echo", "while read a; do echo \"<$a>\"; done", "<question>", NULL, HANG_MS },
    { "empty line", "while read a; do echo; done", "", NULL, HANG_MS },
    { "slow", "read a; sleep 0.2; printf slo; sleep 0.1; echo w; read b", "slow", NULL, HANG_MS },
};

TEST(ask)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pipe_child *child = start(cases[i].name, cases[i].script);
        AUTO(buf_clear) struct buf answer = BUF(1000);
        int64_t begin = clock_monotonic_ms();
        struct error err = { 0 };
        bool ok = pipe_child_ask(child, view_of("question\n"), cases[i].limit_ms, &answer, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        if (ok)
            CHECK_TEXT(buf_text(&answer), cases[i].answer, cases[i].name);
        else
            CHECK(strstr(err.why, cases[i].why) != NULL && err.kind == ERROR_PLUGIN, "%s: %s", cases[i].name, err.why);
        pipe_child_close(child, ok ? HANG_MS : 0);
        CHECK(clock_monotonic_ms() - begin < HANG_MS, "%s took too long", cases[i].name);
    }
}

TEST(many_questions_to_one_child)
{
    struct pipe_child *child = start("counter", "n=0; while read a; do n=$((n+1)); echo \"$n $a\"; done; echo end >&2");
    AUTO(buf_clear) struct buf answer = BUF(300000), big = BUF(300000);
    struct error err = { 0 };

    for (int i = 1; i <= 5; i++) {
        AUTO(free) char *want = xprintf("%d q", i);

        REQUIRE(pipe_child_ask(child, view_of("q\n"), HANG_MS, &answer, &err), "%s", err.why);
        CHECK_TEXT(buf_text(&answer), want, "in turn");
    }
    for (int i = 0; i < 200000; i++)
        buf_put_char(&big, 'x');
    buf_put_char(&big, '\n');
    REQUIRE(pipe_child_ask(child, buf_view(&big), HANG_MS, &answer, &err), "longer than a pipe: %s", err.why);
    CHECK_INT(answer.len, 200002, "nothing is lost");
    pipe_child_close(child, HANG_MS);
}

TEST(said_is_bounded_and_taken_once)
{
    struct pipe_child *child = start("talker", "read a; head -c 100000 /dev/zero | tr '\\0' e >&2; echo ok; read b");
    AUTO(buf_clear) struct buf answer = BUF(100);
    AUTO(free) char *said = NULL, *again = NULL;
    struct error err = { 0 };

    REQUIRE(pipe_child_ask(child, view_of("q\n"), HANG_MS, &answer, &err), "%s", err.why);
    said = pipe_child_take_said(child);
    again = pipe_child_take_said(child);
    CHECK_INT(strlen(said), PIPE_CHILD_MAX_SAID, "said");
    CHECK_TEXT(again, "", "taken");
    pipe_child_close(child, HANG_MS);
}

TEST(close_kills_the_whole_group)
{
    AUTO(free)
    char *path = test_path("pid"), *script = xprintf("trap '' TERM\nsleep 600 & echo $! >%s\nread a; echo ok; "
                                                     "while :; do sleep 600; done",
                                       path);
    struct pipe_child *child = start("stubborn", script);
    AUTO(buf_clear) struct buf answer = BUF(100), pid = BUF(100);
    struct error err = { 0 };

    REQUIRE(pipe_child_ask(child, view_of("q\n"), HANG_MS, &answer, &err), "%s", err.why);
    REQUIRE(file_read(path, &pid, &err), "%s", err.why);
    pipe_child_close(child, 50);
    for (int i = 0; i < HANG_MS / 20 && kill((pid_t)atoi(buf_text(&pid)), 0) == 0; i++) {
        AUTO(free) char *stat = xprintf("/proc/%d/stat", atoi(buf_text(&pid)));
        AUTO(buf_clear) struct buf text = BUF(4096);

        if (!file_read(stat, &text, &err) || strstr(buf_text(&text), ") Z ") != NULL)
            break; /* dead, and nobody has reaped it yet */
        CHECK(i < HANG_MS / 20 - 1, "its own child lives on");
        (void)clock_sleep_ms(20);
    }
}

TEST(not_a_program)
{
    AUTO(free) char *path = test_path("text");
    struct pipe_child *child = NULL;
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of("#!/no/such/interpreter\n"), (struct file_access){ .mode = 0700 }, &err), "%s",
        err.why);
    CHECK(!pipe_child_start(path, &child, &err) && child == NULL, "started");
    CHECK(strstr(err.why, "cannot run") != NULL && err.kind == ERROR_PLUGIN, "%s", err.why);
}

/* Last: the flag of the interrupt stays. */
TEST(zz_interrupt)
{
    struct pipe_child *child = start("sleeper", "read a; sleep 600");
    AUTO(buf_clear) struct buf answer = BUF(100);
    struct error err = { 0 };

    interrupt_init();
    if (fork() == 0) {
        (void)usleep(100000);
        (void)kill(getppid(), SIGINT);
        _exit(0);
    }
    CHECK(!pipe_child_ask(child, view_of("q\n"), HANG_MS, &answer, &err) && err.kind == ERROR_CANCELED, "%s", err.why);
    pipe_child_close(child, 0);
    child = start("echo", "while read a; do echo $a; done");
    interrupt_shield();
    CHECK(pipe_child_ask(child, view_of("cleanup\n"), HANG_MS, &answer, &err), "%s", err.why);
    interrupt_unshield();
    pipe_child_close(child, HANG_MS);
}

TEST_MAIN()
