#include "base/mem.h"

#include <sys/wait.h>

#include "base/test.h"

TEST(memory_of_nothing_is_not_null)
{
    AUTO(free) void *a = xcalloc(0, 8), *b = xcalloc(8, 0), *c = xrealloc(NULL, 0, 4);

    CHECK(a != NULL && b != NULL && c != NULL);
}

TEST(strings_are_copied)
{
    AUTO(free) char *a = xstrdup("abc"), *b = xstrndup("abc", 2);
    AUTO(free) char *c = xstrdup_or_null(NULL), *d = xprintf("%d-%s", 7, "x");

    CHECK_TEXT(a, "abc", "xstrdup");
    CHECK_TEXT(b, "ab", "xstrndup");
    CHECK_TEXT(c, NULL, "xstrdup_or_null");
    CHECK_TEXT(d, "7-x", "xprintf");
}

TEST(xreplace_takes_a_part_of_the_old)
{
    AUTO(free) char *text = xstrdup("prefix-rest");

    xreplace(&text, text + 7);
    CHECK_TEXT(text, "rest", "part of itself");
    xreplace(&text, NULL);
    CHECK_TEXT(text, NULL, "NULL");
}

TEST(wipe_overwrites)
{
    char secret[] = "secret";
    AUTO(wipe_free) char *heap = xstrdup("secret"); /* the sanitizer sees it if this is not freed */

    wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        CHECK(secret[i] == 0, "byte %zu", i);
    wipe(NULL, 0);
    wipe_free(NULL);
    CHECK_TEXT(heap, "secret", "untouched until the end");
}

/* In a child, for it ends the program: an amount that overflows must not become a small one. */
TEST(too_much_memory_ends_the_program)
{
    int ends[2], status = 0;
    char line[128] = "";
    pid_t pid;

    REQUIRE(pipe(ends) == 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        free(xrealloc(NULL, SIZE_MAX / 2, 3));
        _exit(0);
    }
    (void)close(ends[1]);
    (void)!read(ends[0], line, sizeof line - 1);
    (void)close(ends[0]);
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d", status);
    CHECK_TEXT(line, "evercert: out of memory\n", "line");
}

TEST_MAIN()
