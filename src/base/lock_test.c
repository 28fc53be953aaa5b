#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/test.h"
#include "base/text.h"

/* Exit status of a process that tries to take the lock. */
enum { OTHER_GOT_IT = 10, OTHER_WAS_REFUSED, OTHER_FAILED };

static int other_tries_as(const char *dir, enum lock_mode mode, char *why, size_t size)
{
    int ends[2], status = 0;
    pid_t pid;

    REQUIRE(pipe(ends) == 0);
    pid = fork();
    if (pid == 0) {
        struct lock *lock = NULL;
        struct error err = { 0 };
        int result = OTHER_GOT_IT;

        if (!lock_take(dir, mode, lock_wait_of(0, "ask the test"), &lock, &err)) {
            bool refused = strcmp(err.why, "Another instance of Certbot is already running.") == 0;
            const char *words = refused ? err.next : err.why;

            result = refused && err.kind == ERROR_STORE && lock == NULL ? OTHER_WAS_REFUSED : OTHER_FAILED;
            (void)!write(ends[1], words, strlen(words) + 1);
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

static int other_tries(const char *dir, char *why, size_t size)
{
    return other_tries_as(dir, LOCK_EXCLUSIVE, why, size);
}

TEST(lock_excludes_other_processes)
{
    AUTO(free)
    char *path = test_path(".certbot.lock"), *me = xprintf("process %ld (base_lock_test) holds ", (long)getpid());
    struct lock *lock = NULL;
    struct error err = { 0 };
    struct stat st;
    char why[512];

    REQUIRE(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err), "%s", err.why);
    REQUIRE(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 0777, 0600, "mode");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, why);
    CHECK(strstr(why, me) != NULL, "%s", why);
    lock_release(lock);
    CHECK(!file_exists(path), "the file stayed");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_GOT_IT, why);
    CHECK(file_exists(path), "the other one ended without release");
    REQUIRE(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err), "a stale file: %s",
        err.why);
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
    REQUIRE(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &a, &err), "%s", err.why);
    REQUIRE(lock_take(dir, LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &other, &err), "%s", err.why);
    REQUIRE(lock_take(again, LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &b, &err),
        "the same under another name: %s", err.why);
    lock_release(a);
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, "one holder left");
    lock_release(b);
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_GOT_IT, "all released");
    CHECK_INT(other_tries(dir, why, sizeof why), OTHER_WAS_REFUSED, "the other directory stays locked");
}

static void collect(void *ctx, enum log_level level, const char *message)
{
    buf_putf(ctx, "%d:%s;", (int)level, message);
}

/* The child holds the lock until we close the pipe. */
TEST(lock_waits_only_so_long)
{
    AUTO(buf_clear) struct buf said = BUF(4096);
    const char *dir = test_dir(); /* made before the fork: for both */
    AUTO(free) char *whom = NULL, *still = NULL;
    struct lock *lock = NULL;
    struct error err = { 0 };
    int64_t begin, took;
    int ready[2], end[2];
    char byte;
    pid_t pid;

    REQUIRE(pipe(ready) == 0 && pipe(end) == 0);
    pid = fork();
    if (pid == 0) {
        (void)close(end[1]);
        if (!lock_take(dir, LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err))
            _exit(1);
        (void)!write(ready[1], "", 1);
        (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    REQUIRE(read(ready[0], &byte, 1) == 1);
    whom = xprintf(" s for process %ld (base_lock_test), which holds the lock on %s/.certbot.lock.;", (long)pid, dir);
    still =
        xprintf("process %ld (base_lock_test) holds the lock on %s/.certbot.lock, still after 2 s: ", (long)pid, dir);
    log_thread_sink(collect, &said);
    begin = clock_monotonic_ms();
    CHECK(!lock_take(dir, LOCK_EXCLUSIVE, lock_wait_of(2, "ask the test"), &lock, &err) && lock == NULL,
        "held, and yet taken");
    took = clock_monotonic_ms() - begin;
    log_thread_sink(NULL, NULL);
    CHECK(took >= 2000, "%lld ms", (long long)took);
    CHECK(text_starts(buf_text(&said), "30:Waiting up to "), "%s", buf_text(&said));
    CHECK_TEXT(strstr(buf_text(&said), " s for "), whom, "once, at its beginning");
    CHECK_TEXT(err.why, "Another instance of Certbot is already running.", "Certbot's words");
    CHECK(text_starts(err.next, still), "%s", err.next);
    (void)close(end[1]);
    (void)waitpid(pid, NULL, 0);
}

static void tell_holder(void *ctx, enum log_level level __attribute__((unused)), const char *message)
{
    CHECK(text_starts(message, "Waiting up to "), "%s", message);
    (void)!write(*(int *)ctx, "", 1);
}

/* As Certbot does at its end: remove the file, then unlock. Whoever has opened it before must look again: the holder
 * ends when we say that we wait for it. */
TEST(lock_notices_a_replaced_file)
{
    AUTO(free) char *path = test_path(".certbot.lock");
    AUTO(lock_release) struct lock *lock = NULL;
    struct error err = { 0 };
    int ready[2], waited_for[2];
    char byte, why[512];
    pid_t pid;

    REQUIRE(pipe(ready) == 0 && pipe(waited_for) == 0);
    pid = fork();
    if (pid == 0) {
        if (!lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err))
            _exit(1);
        (void)!write(ready[1], "", 1);
        (void)!read(waited_for[0], &byte, 1);
        lock_release(TAKE(lock));
        _exit(0);
    }
    (void)close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1);
    (void)close(ready[0]);
    CHECK(!lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err) && lock == NULL,
        "held, and yet taken");
    CHECK(strstr(err.next, "when it has finished") != NULL, "%s", err.next);
    log_thread_sink(tell_holder, &waited_for[1]);
    CHECK(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(60, "ask the test"), &lock, &err), "%s", err.why);
    log_thread_sink(NULL, NULL);
    CHECK(file_exists(path), "we hold a lock on a file that nobody finds");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, why);
    (void)waitpid(pid, NULL, 0);
}

/* A child that shares the lock until a byte comes, or its end is closed. */
struct sharer {
    pid_t pid;
    int end;
};

static struct sharer share(const char *dir)
{
    struct sharer sharer;
    int ready[2], end[2];
    char byte;

    REQUIRE(pipe(ready) == 0 && pipe(end) == 0);
    sharer.pid = fork();
    if (sharer.pid == 0) {
        struct lock *lock = NULL;
        struct error err = { 0 };

        (void)close(end[1]);
        if (!lock_take(dir, LOCK_SHARED, lock_wait_of(0, "ask the test"), &lock, &err))
            _exit(1);
        (void)!write(ready[1], "", 1);
        if (read(end[0], &byte, 1) == 1) /* else it ends without a release, as if it were killed */
            lock_release(lock);
        _exit(0);
    }
    (void)close(end[0]);
    (void)close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1, "the child could not share the lock");
    (void)close(ready[0]);
    sharer.end = end[1];
    return sharer;
}

static void end_sharing(struct sharer sharer, bool clean)
{
    int status = -1;

    if (clean)
        (void)!write(sharer.end, "", 1);
    (void)close(sharer.end);
    REQUIRE(waitpid(sharer.pid, &status, 0) == sharer.pid && status == 0);
}

TEST(lock_is_shared_by_processes)
{
    AUTO(free) char *path = test_path(".certbot.lock");
    struct sharer first = share(test_dir()), second = share(test_dir());
    AUTO(free)
    char *either = xprintf("process %ld (", (long)first.pid), *or_else = xprintf("process %ld (", (long)second.pid);
    struct lock *lock = NULL;
    struct error err = { 0 };
    char why[512];

    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, "alone, while two share it");
    CHECK(text_starts(why, either) || text_starts(why, or_else), "%s", why);
    REQUIRE(lock_take(test_dir(), LOCK_SHARED, lock_wait_of(0, "ask the test"), &lock, &err), "the third: %s", err.why);
    lock_release(TAKE(lock));
    CHECK(file_exists(path), "the file was removed while two hold it");
    end_sharing(first, true);
    CHECK(file_exists(path), "the file was removed while one holds it");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_WAS_REFUSED, "alone, while one shares it");
    end_sharing(second, false);
    CHECK(file_exists(path), "who is killed removes nothing");
    CHECK_INT(other_tries(test_dir(), why, sizeof why), OTHER_GOT_IT, "nothing is stale");
    REQUIRE(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err), "%s", err.why);
    CHECK_INT(
        other_tries_as(test_dir(), LOCK_SHARED, why, sizeof why), OTHER_WAS_REFUSED, "shared, while one has it alone");
    lock_release(TAKE(lock));
    CHECK(!file_exists(path), "the last one removes the file");
}

/* They come and go at the same time; no file stays, and nobody is refused. */
TEST(lock_shared_under_contention)
{
    AUTO(free) char *path = test_path(".certbot.lock");
    const char *dir = test_dir();
    pid_t pids[4];

    log_terminal_level(LOG_LEVEL_CRITICAL); /* waits are no news here */
    for (size_t i = 0; i < COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            for (int rounds = 300;; rounds--) {
                struct lock *lock = NULL;
                struct error err = { 0 };

                if (rounds == 0)
                    _exit(0);
                if (!lock_take(dir, LOCK_SHARED, lock_wait_of(60, "ask the test"), &lock, &err))
                    _exit(1);
                if (!file_exists(path))
                    _exit(2);
                lock_release(lock);
            }
    }
    for (size_t i = 0; i < COUNT(pids); i++) {
        int status = -1;

        REQUIRE(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_INT(WEXITSTATUS(status), 0, "1: was refused, 2: held a lock on a file that nobody finds");
    }
    log_terminal_level(LOG_LEVEL_WARNING);
    CHECK(!file_exists(path), "the file stayed");
}

static void count_waits(void *ctx, enum log_level level __attribute__((unused)), const char *message)
{
    *(int *)ctx += text_starts(message, "Waiting up to ");
}

TEST(one_wait_is_for_all_together)
{
    struct sharer sharer = share(test_dir());
    struct lock_wait wait = lock_wait_of(1, "ask the test");
    struct lock *lock = NULL;
    struct error err = { 0 };
    int waits = 0;

    log_thread_sink(count_waits, &waits);
    for (int i = 0; i < 3; i++)
        CHECK(!lock_take(test_dir(), LOCK_EXCLUSIVE, wait, &lock, &err), "held, and yet taken");
    log_thread_sink(NULL, NULL);
    CHECK(waits <= 1, "%d waited: each anew", waits); /* none, where a second passes before the first one */
    end_sharing(sharer, true);
}

/* Takes the lock `rounds` times; returns how often somebody else was inside at the same time. */
static int contend(const char *dir, const char *inside, int rounds)
{
    int together = 0;

    while (rounds > 0) {
        struct lock *lock = NULL;
        struct error err = { 0 };
        int fd;

        if (!lock_take(dir, LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err))
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

    REQUIRE(lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err), "%s", err.why);
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

    CHECK(!lock_take(missing, LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err) && err.sys == ENOENT, "%s",
        err.why);
    REQUIRE(symlink(target, trap) == 0);
    CHECK(!lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "ask the test"), &lock, &err) && err.sys == ELOOP,
        "%s", err.why);
    CHECK(!file_exists(target) && lock == NULL, "followed a link");
}

TEST_MAIN()
