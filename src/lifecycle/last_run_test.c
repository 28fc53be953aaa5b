/* Marks of runs: written by a process that is then killed, ends, or goes on. */
#include "lifecycle/last_run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test_files.h"

#define BEGIN 1790000000
#define HOUR 3600

/* A run in a process of its own: returns once its mark is there. Ends by itself, or waits to be killed. */
static pid_t run(const char *dir, bool ends)
{
    int ready[2];
    char byte;
    pid_t pid;

    REQUIRE(pipe(ready) == 0, "pipe");
    pid = fork();
    REQUIRE(pid >= 0, "fork");
    if (pid == 0) {
        struct range_lock *lock = NULL;
        struct last_run before = { 0 };

        last_run_begin(dir, BEGIN, &before, &lock);
        last_run_clear(&before);
        if (ends)
            last_run_end(dir, BEGIN + HOUR, lock);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        if (!ends)
            (void)pause();
        _exit(0);
    }
    REQUIRE(read(ready[0], &byte, 1) == 1, "the run");
    (void)close(ready[0]);
    (void)close(ready[1]);
    if (ends)
        REQUIRE(waitpid(pid, NULL, 0) == pid, "waitpid");
    return pid;
}

static void check_state(const char *dir, enum last_run_state want, const char *when)
{
    AUTO(last_run_clear) struct last_run last = { 0 };

    last_run_look(dir, &last);
    CHECK_INT((int)last.state, (int)want, when);
}

TEST(a_run_ends_or_is_killed)
{
    AUTO(free) char *dir = test_path("killed");
    AUTO(last_run_clear) struct last_run last = { 0 }, other = { 0 };
    struct range_lock *lock = NULL;
    pid_t pid;

    REQUIRE(mkdir(dir, 0755) == 0, "mkdir");
    check_state(dir, LAST_RUN_NONE, "at first");
    (void)run(dir, true);
    check_state(dir, LAST_RUN_ENDED, "after one");
    pid = run(dir, false);
    check_state(dir, LAST_RUN_AT_WORK, "during one");
    last_run_begin(dir, BEGIN + 2 * HOUR, &other, &lock);
    CHECK(lock == NULL && other.state == LAST_RUN_AT_WORK && other.pid == (unsigned)pid, "the first one has the mark");
    REQUIRE(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid, "kill");
    check_state(dir, LAST_RUN_CUT, "it was killed");
    last_run_begin(dir, BEGIN + 3 * HOUR, &last, &lock);
    CHECK(lock != NULL && last.state == LAST_RUN_CUT && last.began == BEGIN && !last.with_machine,
        "the next one sees it");
    last_run_end(dir, BEGIN + 4 * HOUR, lock);
    check_state(dir, LAST_RUN_ENDED, "and makes up for it");
}

/* Nothing but the bytes that are there is written at the end; a mark without room for that is written anew. */
TEST(the_end_is_noted_in_place)
{
    AUTO(free) char *dir = test_path("place"), *path = file_join(dir, "renew.txt"), *during = NULL, *after = NULL;
    AUTO(last_run_clear) struct last_run before = { 0 }, last = { 0 }, none = { 0 };
    struct range_lock *lock = NULL;
    struct stat begun, ended;
    struct error err = { 0 };

    REQUIRE(mkdir(dir, 0755) == 0, "mkdir");
    last_run_begin(dir, BEGIN, &before, &lock);
    REQUIRE(lock != NULL && stat(path, &begun) == 0, "begun");
    during = read_text(path);
    CHECK(strstr(during, "ended") == NULL && strstr(during, "1970") == NULL, "%s", during);
    last_run_end(dir, BEGIN + HOUR, lock);
    REQUIRE(stat(path, &ended) == 0, "ended");
    after = read_text(path);
    CHECK(begun.st_ino == ended.st_ino && begun.st_size == ended.st_size, "%s", after);
    CHECK(strstr(after, "ended: 2026-09-21T15:13:20Z\n") != NULL, "%s", after);
    last_run_look(dir, &last);
    CHECK(last.state == LAST_RUN_ENDED && last.began == BEGIN && last.ended == BEGIN + HOUR, "%s", after);
    CHECK(last.boot == NULL || (last.age >= 0 && last.age < HOUR), "by the machine's own clock: %d", (int)last.age);

    last_run_begin(dir, BEGIN, &none, &lock);
    REQUIRE(lock != NULL && file_replace(path, view_of("began: 2026-09-21T14:13:20Z\n"), FILE_PUBLIC, &err), "mark");
    last_run_end(dir, BEGIN + HOUR, lock);
    check_state(dir, LAST_RUN_ENDED, "of an earlier program");
}

TEST(marks_that_others_have_left)
{
    static const struct {
        const char *text;
        enum last_run_state state;
        bool with_machine;
    } rows[] = {
        { "began: 2026-09-21T14:13:20Z\n", LAST_RUN_CUT, false },
        { "began: 2026-09-21T14:13:20Z\nboot: another\n", LAST_RUN_CUT, true },
        { "began: 2026-09-21T14:13:20Z\nended: 2026-09-21T14:14:00Z\nboot: another\n", LAST_RUN_ENDED, true },
        { "began: 2026-09-21T14:13:20Z\nlater: key\n", LAST_RUN_CUT, false },
        { "began: yesterday\n", LAST_RUN_NONE, false },
        { "ended: 2026-09-21T14:14:00Z\n", LAST_RUN_NONE, false },
        { "", LAST_RUN_NONE, false },
        { "\x7f"
          "ELF",
            LAST_RUN_NONE, false },
    };
    AUTO(free) char *dir = test_path("left"), *path = file_join(dir, "renew.txt");
    struct error err = { 0 };

    REQUIRE(mkdir(dir, 0755) == 0, "mkdir");
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(last_run_clear) struct last_run last = { 0 };

        REQUIRE(file_replace(path, view_of(rows[i].text), FILE_PUBLIC, &err), "%s", err.why);
        last_run_look(dir, &last);
        CHECK_INT((int)last.state, (int)rows[i].state, rows[i].text);
        CHECK(last.with_machine == rows[i].with_machine, "%s", rows[i].text);
    }
}

TEST(where_nothing_can_be_written_nothing_is_marked)
{
    AUTO(free) char *dir = test_path("nowhere");
    AUTO(last_run_clear) struct last_run before = { 0 };
    struct range_lock *lock = NULL;

    last_run_begin(dir, BEGIN, &before, &lock);
    CHECK(lock == NULL && before.state == LAST_RUN_NONE, "it goes on without");
    last_run_end(dir, BEGIN, lock);
    check_state(dir, LAST_RUN_NONE, "after it");
}

TEST(what_is_wrong_with_one)
{
    static const struct {
        struct last_run last;
        int64_t hours;
        const char *want; /* NULL: nothing */
    } rows[] = {
        { { LAST_RUN_NONE, false, 0, 0, 0, NULL, 0, -1 }, 1000, NULL },
        { { LAST_RUN_ENDED, true, BEGIN, BEGIN + HOUR, 7, NULL, 0, -1 }, 1000, NULL },
        { { LAST_RUN_AT_WORK, false, BEGIN, 0, 7, NULL, 0, -1 }, 24, NULL },
        { { LAST_RUN_AT_WORK, false, BEGIN, 0, 7, NULL, 0, -1 }, 26,
            "(process 7) has been at work for 26 hours, since 2026-09-21" },
        { { LAST_RUN_AT_WORK, false, BEGIN, 0, 7, NULL, 0, -1 }, -26, NULL },    /* the clock was set back */
        { { LAST_RUN_AT_WORK, false, BEGIN, 0, 7, NULL, 9, HOUR }, 9000, NULL }, /* it was set forward */
        { { LAST_RUN_AT_WORK, false, BEGIN, 0, 7, NULL, 9, 25 * HOUR }, -26, "has been at work for 25 hours" },
        { { LAST_RUN_CUT, false, BEGIN, 0, 7, NULL, 0, -1 }, 1, "it was killed" },
        { { LAST_RUN_CUT, true, BEGIN, 0, 7, NULL, 0, -1 }, 1, "the machine was started anew" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *trouble = last_run_trouble(&rows[i].last, BEGIN + rows[i].hours * HOUR);

        CHECK((trouble == NULL) == (rows[i].want == NULL), "row %zu: %s", i, trouble == NULL ? "nothing" : trouble);
        CHECK(trouble == NULL || strstr(trouble, rows[i].want) != NULL, "row %zu: %s", i, trouble);
    }
}

TEST_MAIN()
