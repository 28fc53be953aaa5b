/* Tests which users may change what a path leads to; the advice given is followed until none is found. */
#include "base/writers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/acl.h"
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

#define R 4
#define RX 5
#define RWX 7
#define NOBODY UINT32_MAX

/* On top/dir, and on the file in it; the group is root's but where it is said. */
static const struct {
    const char *name;
    struct acl_entry named, mask;
    unsigned group_may;
    gid_t group;
    mode_t sticky;
    const char *who; /* NULL: nobody is found */
} lists[] = {
    { "a user", { ACL_USER, RWX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, "by user 12345, as its" },
    { "a group", { ACL_GROUP, RWX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, "by group 12345, as its" },
    { "a user, masked", { ACL_USER, RWX, FOREIGN }, { ACL_MASK, RX, NOBODY }, RX, 0, 0, NULL },
    { "a group, masked", { ACL_GROUP, RWX, FOREIGN }, { ACL_MASK, R, NOBODY }, RX, 0, 0, NULL },
    { "a user who may read", { ACL_USER, RX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, NULL },
    { "a group that may nothing", { ACL_GROUP, 0, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, NULL },
    { "root", { ACL_USER, RWX, 0 }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, NULL },
    { "root's group", { ACL_GROUP, RWX, 0 }, { ACL_MASK, RWX, NOBODY }, RX, 0, 0, NULL },
    { "root's own group", { ACL_USER, RX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RWX, 0, 0, NULL },
    { "a foreign owning group", { ACL_USER, RX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RWX, FOREIGN, 0, "by its group" },
    { "one that may read, for the mask's sake", { ACL_USER, RX, 77 }, { ACL_MASK, RWX, NOBODY }, RX, FOREIGN, 0, NULL },
    { "a foreign owning group, masked", { ACL_USER, RX, 77 }, { ACL_MASK, RX, NOBODY }, RWX, FOREIGN, 0, NULL },
    { "a sticky directory", { ACL_USER, RWX, FOREIGN }, { ACL_MASK, RWX, NOBODY }, RX, 0, S_ISVTX, "by user 12345" },
};

/* False where the file system keeps no lists. */
static bool set_list(const char *path, size_t i)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct acl acl = { .len = 5,
        .at = { { ACL_OWNER, RWX, NOBODY }, lists[i].named, { ACL_OWNING_GROUP, (uint16_t)lists[i].group_may, NOBODY },
            lists[i].mask, { ACL_OTHER, RX, NOBODY } } };
    struct error err = { 0 };
    bool set;

    if (lists[i].named.tag == ACL_GROUP) { /* they are sorted */
        acl.at[1] = acl.at[2];
        acl.at[2] = lists[i].named;
    }
    REQUIRE(fd >= 0 && fchown(fd, 0, lists[i].group) == 0);
    set = acl_set_fd(fd, path, &acl, &err);
    REQUIRE(set || err.sys == ENOTSUP, "%s: %s", lists[i].name, err.why);
    REQUIRE(lists[i].sticky == 0 || fchmod(fd, lists[i].sticky | 0775) == 0);
    return set;
}

static void check_list(size_t i, const char *path, const char *who)
{
    AUTO(free) char *file = test_path("top/dir/file");
    AUTO(writers_clear) struct writers writers = { 0 };
    bool is_found = writers_find(file, &writers);

    CHECK(is_found == (who != NULL), "%s: %s %s", lists[i].name, path, is_found ? writers.who : "nobody");
    if (!is_found)
        return;
    CHECK_TEXT(writers.path, path, lists[i].name);
    CHECK(strstr(writers.who, who) != NULL, "%s: %s", lists[i].name, writers.who);
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

/* Of the way there nothing is said; the file itself, and where a link leads, is looked at as ever. */
TEST(writers_beside_one_that_was_looked_at)
{
    static const struct {
        const char *name, *path, *spoilt, *who;
        mode_t mode;
    } beside[] = {
        { "all is well", "top/dir/file", "top/dir/file", NULL, 0755 },
        { "the file", "top/dir/file", "top/dir/file", "everybody", 0757 },
        { "a directory above", "top/dir/file", "top/dir", NULL, 0777 },
        { "where a link leads", "top/link", "top/dir", "everybody", 0777 },
        { "nothing there", "top/dir/none", "top/dir", NULL, 0777 },
    };

    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < COUNT(beside); i++) {
        AUTO(writers_clear) struct writers writers = { 0 };
        AUTO(free) char *path = test_path(beside[i].path), *spoilt = test_path(beside[i].spoilt);
        bool is_found;

        build();
        REQUIRE(chmod(spoilt, beside[i].mode) == 0);
        is_found = writers_find_beside(path, &writers);
        CHECK(is_found == (beside[i].who != NULL), "%s: %s", beside[i].name, is_found ? writers.who : "nobody");
        CHECK(!is_found || strstr(writers.who, beside[i].who) != NULL, "%s: %s", beside[i].name, writers.who);
    }
}

TEST(writers_that_a_list_names)
{
    AUTO(free) char *dir = test_path("top/dir"), *file = test_path("top/dir/file");

    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < COUNT(lists); i++) {
        build();
        if (!set_list(file, i))
            skip();
        check_list(i, file, lists[i].who);
        CHECK_INT(follow_advice(file, lists[i].name), lists[i].who != NULL, lists[i].name);
        build();
        REQUIRE(set_list(dir, i));
        check_list(i, dir, lists[i].sticky == 0 ? lists[i].who : NULL);
        CHECK_INT(follow_advice(file, lists[i].name), lists[i].who != NULL && lists[i].sticky == 0, lists[i].name);
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
