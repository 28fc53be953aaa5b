/* Where programs are looked for. */
#include <stdlib.h>
#include <string.h>
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

TEST(itself)
{
    static const struct {
        const char *call, *found; /* below the directory of the test; NULL: none */
    } cases[] = { { "p/prog", "p/prog" }, { "p/../p/prog", "p/prog" }, { "p/link", "p/prog" }, { "p/gone", NULL },
        { "p", NULL }, { "", NULL } };
    AUTO(free) char *dir = test_path("p"), *link = test_path("p/link"), *prog = test_path("p/prog"), *self = NULL;
    AUTO(free) char *named = NULL, *by_link = NULL, *unnamed = NULL;

    REQUIRE(mkdir(dir, 0755) == 0 && symlink("prog", link) == 0);
    put("p/prog", 0755);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *wanted = cases[i].found == NULL ? NULL : test_path(cases[i].found);
        AUTO(free) char *call = cases[i].call[0] == '\0' ? xstrdup("") : test_path(cases[i].call);
        AUTO(free) char *found = program_of_call(call, "");

        CHECK_TEXT(found, wanted, cases[i].call);
    }
    named = program_of_call("prog", dir);
    by_link = program_of_call("link", dir);
    unnamed = program_of_call(NULL, dir);
    CHECK_TEXT(named, prog, "a name");
    CHECK_TEXT(by_link, prog, "and one of a link");
    CHECK_TEXT(unnamed, NULL, "nothing was said");
    self = program_self();
    CHECK(self != NULL && strstr(self, "program_test") != NULL, "%s", self);
}

TEST_MAIN()
