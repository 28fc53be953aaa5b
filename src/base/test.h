#pragma once
/*
 * Unit tests: cmocka with named cases, for every room. Included by test programs only, once each.
 *
 *     TEST(order_parse) { ... CHECK(ok, "%s: %s", cases[i].name, err.why); ... }
 *     TEST_MAIN()
 *
 * A failed CHECK is printed and the test goes on, so that one run shows every bad row of a table; the test
 * fails at its end. REQUIRE ends the test at once: for what later lines need.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define TEST(name)                                                                                                     \
    static void name##_body(void);                                                                                     \
    static void name##_run(void **state __attribute__((unused)))                                                       \
    {                                                                                                                  \
        test_run(name##_body);                                                                                         \
    }                                                                                                                  \
    __attribute__((constructor)) static void name##_register(void)                                                     \
    {                                                                                                                  \
        test_register(#name, name##_run);                                                                              \
    }                                                                                                                  \
    static void name##_body(void)

#define TEST_MAIN()                                                                                                    \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        test_signals();                                                                                                \
        return _cmocka_run_group_tests(__FILE__, test_all, test_count, NULL, NULL);                                    \
    }

/* Arguments after the condition are a printf format and its values: name the case and the values seen. */
#define CHECK(cond, ...) (void)test_check((cond), #cond, __FILE__, __LINE__, " " __VA_ARGS__)
#define REQUIRE(cond, ...)                                                                                             \
    do {                                                                                                               \
        if (!test_check((cond), #cond, __FILE__, __LINE__, " " __VA_ARGS__))                                           \
            fail();                                                                                                    \
    } while (0)
/* Compare and show both sides; name is a plain string, that of the case. NULL equals NULL only. */
#define CHECK_TEXT(got, want, name) test_check_text((got), (want), #got, (name), __FILE__, __LINE__)
#define CHECK_INT(got, want, name) test_check_int((got), (want), #got, (name), __FILE__, __LINE__)

#define TEST_MAX 256
static struct CMUnitTest test_all[TEST_MAX];
static size_t test_count;
static atomic_int test_failures;
static char *test_dir_path;

static inline void test_register(const char *name, CMUnitTestFunction run)
{
    if (test_count == TEST_MAX)
        abort();
    test_all[test_count++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

PRINTF(5, 6)
static inline bool test_check(bool ok, const char *cond, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (ok)
        return true;
    test_failures++;
    fprintf(stderr, "%s:%d: failed: %s:", file, line, cond);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

/* Not inline: else the compiler warns of the NULL that it sees us compare with. */
__attribute__((unused, noinline)) static void test_check_text(
    const char *got, const char *want, const char *expression, const char *name, const char *file, int line)
{
    bool same = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;
    const char *seen = got != NULL ? got : "(NULL)", *wanted = want != NULL ? want : "(NULL)";

    (void)test_check(same, expression, file, line, "%s: got \"%s\", not \"%s\"", name, seen, wanted);
}

static inline void test_check_int(
    int64_t got, int64_t want, const char *expression, const char *name, const char *file, int line)
{
    (void)test_check(got == want, expression, file, line, "%s: got %" PRId64 ", not %" PRId64, name, got, want);
}

/* An empty directory for the running test, removed after it. */
__attribute__((unused)) static const char *test_dir(void)
{
    if (test_dir_path == NULL) {
        const char *tmp = getenv("TMPDIR");

        test_dir_path = xprintf("%s/evercert-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
        if (mkdtemp(test_dir_path) == NULL)
            fail_msg("cannot make %s", test_dir_path);
    }
    return test_dir_path;
}

/* PATH inside that directory, of the caller's. */
__attribute__((unused)) static char *test_path(const char *name)
{
    return file_join(test_dir(), name);
}

static inline void test_drop_dir(void)
{
    struct error err = { 0 };

    if (test_dir_path == NULL)
        return;
    if (!file_remove_tree(test_dir_path, &err))
        (void)test_check(false, "test_drop_dir", __FILE__, __LINE__, "%s", err.why);
    free(test_dir_path);
    test_dir_path = NULL;
}

/* Restores the default action of signals that nohup or a shell's background job made us ignore: tests send signals. */
static inline void test_signals(void)
{
    static const int numbers[] = { SIGINT, SIGQUIT, SIGHUP };

    for (size_t i = 0; i < COUNT(numbers); i++)
        (void)signal(numbers[i], SIG_DFL);
}

static inline void test_run(void (*body)(void))
{
    test_failures = 0;
    test_drop_dir(); /* of an earlier test that ended in REQUIRE */
    body();
    test_drop_dir();
    if (test_failures > 0)
        fail_msg("%d checks failed", (int)test_failures);
}
