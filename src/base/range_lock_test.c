#include "base/range_lock.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/test_child.h"
#include "base/text.h"

static const struct range one = { 7, 1 }, other = { 8, 1 }, all = { 0, 0 };

static bool is_free(const char *path, struct range range)
{
    struct range_lock *lock = NULL;
    struct error err = { 0 };

    REQUIRE(range_lock_try(path, range, &lock, &err), "%s", err.why);
    range_lock_release(lock);
    return lock != NULL;
}

static bool is_free_for_child(const char *path, struct range range)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(is_free(path, range) ? 1 : 0);
    REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

struct question {
    const char *path;
    struct range range;
    bool answer;
};

static void *ask(void *arg)
{
    struct question *question = arg;

    question->answer = is_free(question->path, question->range);
    return NULL;
}

static bool is_free_for_thread(const char *path, struct range range)
{
    struct question question = { path, range, false };
    pthread_t thread;

    REQUIRE(pthread_create(&thread, NULL, ask, &question) == 0 && pthread_join(thread, NULL) == 0);
    return question.answer;
}

TEST(range_lock_excludes_processes_and_threads)
{
    AUTO(free) char *path = test_path("locks");
    struct range_lock *lock = NULL;
    struct error err = { 0 };
    struct stat st;

    REQUIRE(range_lock_take(path, one, lock_wait_of(0, "ask the test"), "it", &lock, &err), "%s", err.why);
    REQUIRE(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 0777, 0600, "mode");
    CHECK(range_lock_is_mine(path, one) && !range_lock_is_mine(path, other) && !range_lock_is_mine(path, all));
    CHECK(!is_free_for_child(path, one) && !is_free_for_thread(path, one), "the same");
    CHECK(is_free_for_child(path, other) && is_free_for_thread(path, other), "another");
    CHECK(!is_free_for_child(path, one), "a thread that has come and gone took the lock with it");
    CHECK(!is_free_for_child(path, all) && !is_free_for_thread(path, all), "all");
    range_lock_release(lock);
    CHECK(!range_lock_is_mine(path, one));
    CHECK(is_free_for_child(path, all) && is_free_for_thread(path, all), "given up");
    CHECK(file_exists(path), "the file stays");
    range_lock_release(NULL);
}

TEST(range_lock_is_shared_by_its_thread)
{
    AUTO(free) char *path = test_path("locks");
    struct range_lock *whole = NULL, *part = NULL, *again = NULL;
    struct error err = { 0 };

    REQUIRE(range_lock_take(path, all, lock_wait_of(0, "ask the test"), "all", &whole, &err), "%s", err.why);
    CHECK(range_lock_is_mine(path, one));
    REQUIRE(range_lock_take(path, one, lock_wait_of(0, "ask the test"), "it", &part, &err), "%s", err.why);
    REQUIRE(range_lock_try(path, other, &again, &err) && again != NULL, "%s", err.why);
    range_lock_release(part);
    CHECK(!is_free_for_child(path, one), "a part was given up although all is held");
    range_lock_release(whole);
    CHECK(!is_free_for_child(path, one), "one holder is left");
    range_lock_release(again);
    CHECK(is_free_for_child(path, all), "given up");

    REQUIRE(range_lock_take(path, one, lock_wait_of(0, "ask the test"), "it", &part, &err), "%s", err.why);
    REQUIRE(range_lock_try(path, all, &whole, &err), "%s", err.why);
    CHECK(whole == NULL, "the kernel would join both locks, and open both with the first");
    range_lock_release(part);
}

struct held {
    const char *path;
    struct range range;
};

static bool take_range(void *ctx)
{
    const struct held *held = ctx;
    struct range_lock *lock = NULL;
    struct error err = { 0 };

    return range_lock_take(held->path, held->range, lock_wait_of(0, "ask the test"), "it", &lock, &err);
}

/* A child that holds a range until it is killed. */
static pid_t hold(const char *path, struct range range)
{
    return child_that(take_range, &(struct held){ path, range });
}

static void collect(void *ctx, enum log_level level, const char *message)
{
    buf_putf(ctx, "%d:%s;", (int)level, message);
}

TEST(range_lock_waits_only_so_long)
{
    AUTO(free) char *path = test_path("locks");
    AUTO(buf_clear) struct buf said = BUF(4096);
    pid_t pid = hold(path, one);
    AUTO(free)
    char *wait = xprintf(" s for process %ld (base_range_lock), which is busy with the certificate x.;", (long)pid);
    AUTO(free)
    char *why = xprintf("process %ld (base_range_lock) is busy with the certificate x, still after 3 s", (long)pid);
    struct range_lock *lock = NULL;
    struct error err = { 0 };
    int64_t begin = clock_monotonic_ms();

    log_thread_sink(collect, &said);
    CHECK(
        !range_lock_take(path, one, lock_wait_of(3, "ask the test"), "the certificate x", &lock, &err) && lock == NULL,
        "held, and yet taken");
    log_thread_sink(NULL, NULL);
    CHECK(clock_monotonic_ms() - begin >= 3000, "gave up too early");
    CHECK(text_starts(buf_text(&said), "30:Waiting up to "), "%s", buf_text(&said));
    CHECK_TEXT(strstr(buf_text(&said), " s for "), wait, "once, after a second");
    CHECK_TEXT(err.why, why, "who and what");
    CHECK_INT(err.kind, ERROR_STORE, "kind");
    CHECK(strstr(err.next, ", or ask the test") != NULL, "%s", err.next);
    child_kill(pid);
    REQUIRE(range_lock_take(path, one, lock_wait_of(0, "ask the test"), "it", &lock, &err), "nothing is stale: %s",
        err.why);
    range_lock_release(lock);
}

TEST(range_lock_is_had_when_the_holder_ends)
{
    AUTO(free) char *path = test_path("locks");
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(buf_clear) struct buf said = BUF(4096);
    struct error err = { 0 };
    pid_t holder = hold(path, all);
    int64_t begin = clock_monotonic_ms();
    pid_t killer = fork();

    if (killer == 0) {
        (void)clock_sleep_ms(300);
        (void)kill(holder, SIGKILL);
        _exit(0);
    }
    log_thread_sink(collect, &said);
    CHECK(range_lock_take(path, one, lock_wait_of(60, "ask the test"), "it", &lock, &err), "%s", err.why);
    log_thread_sink(NULL, NULL);
    CHECK(said.len == 0 || clock_monotonic_ms() - begin >= 1000, "not worth a word: %s", buf_text(&said));
    (void)waitpid(killer, NULL, 0);
    (void)waitpid(holder, NULL, 0);
}

/* Threads and processes at once: nobody is inside with another. */
struct crowd {
    const char *path, *inside;
    int together;
};

static void *contend(void *arg)
{
    struct crowd *crowd = arg;

    for (int rounds = 0; rounds < 40; rounds++) {
        AUTO(range_lock_release) struct range_lock *lock = NULL;
        struct error err = { 0 };
        int fd;

        if (!range_lock_take(crowd->path, one, lock_wait_of(60, "ask the test"), "it", &lock, &err)) {
            crowd->together = 1;
            return NULL;
        }
        fd = open(crowd->inside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || close(fd) != 0 || unlink(crowd->inside) != 0)
            crowd->together = 1;
    }
    return NULL;
}

TEST(range_lock_under_contention)
{
    AUTO(free) char *path = test_path("locks"), *inside = test_path("inside");
    pid_t pids[2];

    for (size_t i = 0; i < COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct crowd first = { path, inside, 0 }, second = first;
            pthread_t thread;

            if (pthread_create(&thread, NULL, contend, &second) != 0)
                _exit(2);
            (void)contend(&first);
            (void)pthread_join(thread, NULL);
            _exit(first.together || second.together ? 1 : 0);
        }
    }
    for (size_t i = 0; i < COUNT(pids); i++) {
        int status = -1;

        REQUIRE(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_INT(status, 0, "two were inside at the same time");
    }
}

TEST(range_lock_fails)
{
    AUTO(free) char *path = test_path("missing/locks"), *link = test_path("link"), *target = test_path("target");
    struct range_lock *lock = NULL;
    struct error err = { 0 };

    CHECK(!range_lock_take(path, one, lock_wait_of(0, "ask the test"), "it", &lock, &err) && lock == NULL);
    CHECK(strstr(err.why, path) != NULL, "%s", err.why);
    REQUIRE(symlink(target, link) == 0);
    CHECK(!range_lock_try(link, one, &lock, &err) && lock == NULL, "a link was followed");
    CHECK(!file_exists(target));
}

TEST_MAIN()
