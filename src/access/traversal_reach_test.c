#include <unistd.h>

#include "access/traversal.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"

#define EVERYBODY ((gid_t)-1)

static void check_reach(const char *path, gid_t gid, bool want, const char *name)
{
    AUTO(free) char *obstacle = NULL;
    bool can = access_may_reach(path, (uid_t)-1, gid, &obstacle);

    CHECK(can == want, "%s: group %d, %s: %s", name, (int)gid, path, can ? "is let through" : obstacle);
}

TEST(reaching)
{
    AUTO(free)
    char *found = NULL, *above = test_path("top"), *file = test_path("top/dir/file"), *link = test_path("link");
    AUTO(free) char *dir = test_path("top/dir"), *loop = test_path("loop"), *missing = test_path("top/none");
    struct error err = { 0 };

    REQUIRE(chmod(test_dir(), 0755) == 0 && mkdir(above, 0755) == 0 && mkdir(dir, 0755) == 0);
    REQUIRE(file_create(file, view_of("x"), (struct file_access){ .mode = 0644 }, &err), "%s", err.why);
    REQUIRE(symlink("top/./dir/../dir/file", link) == 0 && symlink("loop", loop) == 0);
    check_reach(file, EVERYBODY, true, "open");
    check_reach(link, EVERYBODY, true, "by a link");
    check_reach(dir, EVERYBODY, true, "a directory");
    check_reach(loop, EVERYBODY, false, "a loop");
    check_reach(missing, EVERYBODY, false, "missing");
    REQUIRE(chmod(above, 0710) == 0);
    CHECK(!access_may_reach(link, (uid_t)-1, EVERYBODY, &found), "closed");
    CHECK_TEXT(found, above, "the part that is in the way");
    check_reach(file, getegid(), true, "its group");
    free(found);
    found = NULL;
    CHECK(access_may_reach(file, 0, EVERYBODY, &found), "root passes everywhere");
    CHECK(access_may_reach(file, geteuid(), EVERYBODY, &found), "the owner");
    REQUIRE(chmod(above, 0755) == 0 && chmod(file, 0600) == 0);
    CHECK(!access_may_reach(link, (uid_t)-1, getegid(), &found), "the file itself");
    CHECK_TEXT(found, file, "it is in the way");
    test_drop_dir();
}

TEST_MAIN()
