/* Who may change what a path leads to. The advice is followed until nothing is found. */
#include "base/writers.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

enum { FOREIGN = 12345 };

/* Everything lies in the test's directory: top/dir/file, and top/link, which leads to dir. */
static const struct {
    const char *name, *path, *spoilt; /* the one that is not as it should be */
    mode_t mode;                      /* 0: left alone */
    uid_t uid;
    gid_t gid;
    const char *who; /* NULL: nobody is found */
} cases[] = {
    { "all is well", "top/dir/file", "top", 0755, 0, 0, NULL },
    { "for everybody", "top/dir/file", "top/dir/file", 0757, 0, 0, "everybody" },
    { "for a group", "top/dir/file", "top/dir/file", 0775, 0, FOREIGN, "its group (12345)" },
    { "for root's group", "top/dir/file", "top/dir/file", 0775, 0, 0, NULL },
    { "a foreign file", "top/dir/file", "top/dir/file", 0755, FOREIGN, 0, "belongs to user 12345" },
    { "a directory for everybody", "top/dir/file", "top/dir", 0777, 0, 0, "everybody" },
    { "one above, for a group", "top/dir/file", "top", 0775, 0, FOREIGN, "its group" },
    { "a foreign one above", "top/dir/file", "top", 0755, FOREIGN, 0, "belongs to user 12345" },
    { "a sticky one above", "top/dir/file", "top", 01777, 0, 0, NULL },
    { "a sticky one to be listed", "top/dir", "top/dir", 01777, 0, 0, "everybody" },
    { "by way of a link", "top/link/file", "top/dir", 0775, 0, FOREIGN, "its group" },
    { "a foreign link", "top/link/file", "top/link", 0, FOREIGN, 0, "is a link of user 12345" },
    { "dots", "top/./dir/../dir/file", "top/dir/file", 0757, 0, 0, "everybody" },
    { "nothing there", "top/dir/none", "top", 0755, 0, 0, NULL },
    { "a link to itself", "top/round", "top", 0755, 0, 0, NULL },
};

static void build(void)
{
    AUTO(free)
    char *top = test_path("top"), *dir = test_path("top/dir"), *file = test_path("top/dir/file"),
         *link = test_path("top/link"), *round = test_path("top/round");
    struct error err = { 0 };

    REQUIRE(file_remove_tree(top, &err), "%s", err.why);
    REQUIRE(
        mkdir(top, 0755) == 0 && mkdir(dir, 0755) == 0 && symlink("dir", link) == 0 && symlink("round", round) == 0);
    REQUIRE(file_create(file, view_of("#!/bin/sh\n"), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
}

/* How many times an advice had to be followed; each names one place. */
static int follow_advice(const char *path, const char *name)
{
    int followed = 0;

    for (; followed < 10; followed++) {
        AUTO(writers_clear) struct writers writers = { 0 };

        if (!writers_find(path, &writers))
            break;
        CHECK(strstr(writers.mend, writers.path) != NULL, "%s: %s", name, writers.mend);
        REQUIRE(system(writers.mend) == 0, "%s: %s", name, writers.mend);
    }
    return followed;
}

TEST(writers_are_found_and_ended)
{
    if (geteuid() != 0)
        skip(); /* only root can give files away */
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(writers_clear) struct writers writers = { 0 };
        AUTO(free) char *path = test_path(cases[i].path), *spoilt = test_path(cases[i].spoilt);
        bool is_found;

        build();
        REQUIRE(lchown(spoilt, cases[i].uid, cases[i].gid) == 0 &&
                (cases[i].mode == 0 || chmod(spoilt, cases[i].mode) == 0));
        is_found = writers_find(path, &writers);
        CHECK(is_found == (cases[i].who != NULL), "%s: %s", cases[i].name, is_found ? writers.who : "nobody");
        if (!is_found)
            continue;
        CHECK_TEXT(writers.path, spoilt, cases[i].name);
        CHECK(strstr(writers.who, cases[i].who) != NULL, "%s: %s", cases[i].name, writers.who);
        CHECK_INT(follow_advice(path, cases[i].name), 1, cases[i].name);
    }
}

TEST(writers_of_ones_own_files)
{
    AUTO(free) char *file = test_path("top/dir/file"), *dir = test_path("top/dir");
    AUTO(writers_clear) struct writers writers = { 0 };

    build();
    CHECK(!writers_find(file, &writers), "%s", writers.who);
    REQUIRE(chmod(file, 0757) == 0);
    CHECK(writers_find(file, &writers), "everybody may write it");
    CHECK_INT(follow_advice(file, "file"), 1, "file");
    REQUIRE(chmod(dir, 0777) == 0);
    CHECK_INT(follow_advice(dir, "dir"), 1, "dir");
}

TEST_MAIN()
