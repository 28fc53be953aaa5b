#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/test.h"

/* What another process gets when it tries, as an exit status. */
enum { OTHER_GOT_IT = 10, OTHER_WAS_REFUSED, OTHER_FAILED };

static int other_tries(const char *dir, char *why, size_t size)
{
    int ends[2], status = 0;
    pid_t pid;

    REQUIRE(pipe(ends) == 0);
    pid = fork();
    if (pid == 0) {
        struct lock *lock = NULL;
        struct error err = { 0 };
        int result = OTHER_GOT_IT;

        if (!lock_take(dir, 0, &lock, &err)) {
            result = strstr(err.why, "already running") != NULL && err.kind == ERROR_STORE && lock == NULL
                         ? OTHER_WAS_REFUSED
                         : OTHER_FAILED;
            (void)!write(ends[1], err.why, strlen(err.why) + 1);
        }
        _exit(result); /* without a release: the lock must go with the process */
    }
    (void)close(ends[1]);
    memset(why, 0, size);
    (void)!read(ends[0], why, size - 1);
    (void)close(ends[0]);
    REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(lock_excludes_other_processes)
{
    AUTO(free) char *path = test_path(".certbot.lock"), *me = xprintf("(process %ld)", (long)getpid());
    struct lock *lock = NULL;
    struct error err = { 0 };
    struct stat st;
    char why[512];

    REQUIRE(lock_take(test_dir(), 0, &lock, &err), "%s", err.why);
    REQUIRE(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 0777, 0600, "mode");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, why);
    CHECK(strstr(why, me) != NULL, "%s", why);
    lock_release(lock);
    CHECK(!file_exists(path), "the file stayed");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_GOT_IT, why);
    CHECK(file_exists(path), "the other one ended without release");
    REQUIRE(lock_take(test_dir(), 0, &lock, &err), "a stale file: %s", err.why);
    lock_release(lock);
    lock_release(NULL);
}

TEST(lock_is_shared_inside_the_process)
{
    AUTO(free) char *again = xprintf("%s/.", test_dir());
    AUTO(lock_release) struct lock *other = NULL;
    AUTO(free) char *dir = test_path("dir");
    struct lock *a = NULL, *b = NULL;
    struct error err = { 0 };
    char why[512];

    REQUIRE(file_mkdirs(dir, 0700, &err), "%s", err.why);
    REQUIRE(lock_take(test_dir(), 0, &a, &err), "%s", err.why);
    REQUIRE(lock_take(dir, 0, &other, &err), "%s", err.why);
    REQUIRE(lock_take(again, 0, &b, &err), "the same under another name: %s", err.why);
    lock_release(a);
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, "one holder left");
    lock_release(b);
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_GOT_IT, "all released");
    CHECK_INT(other_tries(dir, why, sizeof why), OTHER_WAS_REFUSED, "the other directory stays locked");
}

/* As Certbot does at its end: remove the file, then unlock. Who has opened it before must look again. */
TEST(lock_notices_a_replaced_file)
{
    AUTO(free) char *path = test_path(".certbot.lock");
    AUTO(lock_release) struct lock *lock = NULL;
    struct error err = { 0 };
    int ready[2];
    char byte, why[512];
    pid_t pid;

    REQUIRE(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        if (!lock_take(test_dir(), 0, &lock, &err))
            _exit(1);
        (void)!write(ready[1], "", 1);
        (void)clock_sleep_ms(250);
        lock_release(TAKE(lock));
        _exit(0);
    }
    (void)close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1);
    (void)close(ready[0]);
    CHECK(!lock_take(test_dir(), 0, &lock, &err) && lock == NULL, "held, and yet taken");
    CHECK(strstr(err.next, "wait until it has finished") != NULL, "%s", err.next);
    CHECK(lock_take(test_dir(), 20, &lock, &err), "%s", err.why);
    CHECK(file_exists(path), "we hold a lock on a file that nobody finds");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, why);
    (void)waitpid(pid, NULL, 0);
}

/* Takes the lock `rounds` times; returns how often somebody else was inside at the same time. */
static int contend(const char *dir, const char *inside, int rounds)
{
    int together = 0;

    while (rounds > 0) {
        struct lock *lock = NULL;
        struct error err = { 0 };
        int fd;

        if (!lock_take(dir, 0, &lock, &err))
            continue;
        fd = open(inside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || close(fd) != 0 || unlink(inside) != 0)
            together++;
        lock_release(lock);
        rounds--;
    }
    return together;
}

TEST(lock_under_contention)
{
    AUTO(free) char *inside = test_path("inside");
    pid_t pids[3];

    for (size_t i = 0; i < COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(contend(test_dir(), inside, 300) > 0 ? 1 : 0);
    }
    for (size_t i = 0; i < COUNT(pids); i++) {
        int status = -1;

        REQUIRE(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_INT(status, 0, "two held the lock at the same time");
    }
}

TEST(lock_of_a_forked_child_is_not_released)
{
    AUTO(free) char *path = test_path(".certbot.lock");
    AUTO(lock_release) struct lock *lock = NULL;
    struct error err = { 0 };
    pid_t pid;

    REQUIRE(lock_take(test_dir(), 0, &lock, &err), "%s", err.why);
    pid = fork();
    if (pid == 0) {
        lock_release(TAKE(lock));
        _exit(0);
    }
    (void)waitpid(pid, NULL, 0);
    CHECK(file_exists(path), "the child removed the file of its parent");
}

TEST(lock_needs_the_directory)
{
    AUTO(free) char *trap = test_path(".certbot.lock"), *target = test_path("target");
    AUTO(free) char *missing = test_path("missing");
    struct lock *lock = NULL;
    struct error err = { 0 };

    CHECK(!lock_take(missing, 0, &lock, &err) && err.sys == ENOENT, "%s", err.why);
    REQUIRE(symlink(target, trap) == 0);
    CHECK(!lock_take(test_dir(), 0, &lock, &err) && err.sys == ELOOP, "%s", err.why);
    CHECK(!file_exists(target) && lock == NULL, "followed a link");
}

TEST_MAIN()
