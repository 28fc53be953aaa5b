/* Where programs are looked for. */
#include <stdlib.h>
#include <unistd.h>

#include "base/program.h"
#include "base/test.h"

static void put(const char *name, mode_t mode)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of("#!/bin/sh\n"), (struct file_access){ .mode = mode }, &err), "%s", err.why);
}

TEST(find)
{
    static const struct {
        const char *name, *found; /* below the directory of the test; NULL: none */
    } cases[] = { { "both", "a/both" }, { "second", "b/second" }, { "missing", NULL }, { "no-program", NULL },
        { "directory", NULL }, { "", NULL } };
    AUTO(free) char *a = test_path("a"), *b = test_path("b"), *directory = test_path("a/directory");
    AUTO(free) char *directories = xprintf("%s/none:%s:%s", test_dir(), a, b), *itself = test_path("a/both");
    AUTO(free) char *given = NULL, *wrong = NULL;

    REQUIRE(mkdir(a, 0755) == 0 && mkdir(b, 0755) == 0 && mkdir(directory, 0755) == 0);
    put("a/both", 0755);
    put("b/both", 0755);
    put("b/second", 0755);
    put("a/no-program", 0644);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *wanted = cases[i].found != NULL ? test_path(cases[i].found) : NULL;
        AUTO(free) char *found = program_find(cases[i].name, directories);

        CHECK_TEXT(found, wanted, cases[i].name);
    }
    wrong = program_find(directory, directories);
    given = program_find(itself, "");
    CHECK_TEXT(given, itself, "a path");
    CHECK_TEXT(wrong, NULL, "a directory");
}

TEST(directories)
{
    static const struct {
        const char *path, *all;
    } cases[] = {
        { "/usr/bin:/bin", "/usr/bin:/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin" },
        { "/usr/local/sbin:/usr/sbin", "/usr/local/sbin:/usr/sbin:/usr/local/bin" },
        { "", "/usr/sbin:/usr/local/bin:/usr/local/sbin" },
    };
    AUTO(free) char *before = xstrdup_or_null(getenv("PATH"));

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *all = NULL;

        REQUIRE(setenv("PATH", cases[i].path, 1) == 0);
        all = program_directories();
        CHECK_TEXT(all, cases[i].all, cases[i].path);
    }
    if (before != NULL)
        REQUIRE(setenv("PATH", before, 1) == 0);
}

TEST_MAIN()
