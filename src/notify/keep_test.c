/* The files of what targets were told. */
#include "base/test.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "notify/keep.h"

#define NOW 1764547752
#define DAY 86400

static struct memory one(const char *name)
{
    struct memory memory = { 0 };

    memory_add(&memory, &(struct known){ .name = (char *)name, .trouble = TROUBLE_RENEWAL, .since = NOW, .runs = 1 });
    return memory;
}

TEST(written_read_and_removed)
{
    AUTO(memory_clear) struct memory memory = one("a.test"), got = { 0 }, none = { 0 };
    AUTO(free) char *path = xprintf("%s/alarms/json-1.txt", test_dir());
    struct error err = { 0 };
    struct stat first, second;

    keep_read(test_dir(), "json-1", &got);
    CHECK_INT((int)got.len, 0, "nothing there");
    REQUIRE(keep_write(test_dir(), "json-1", &memory, &err), "%s", err.why);
    REQUIRE(stat(path, &first) == 0 && (first.st_mode & 0777) == 0600, "private");
    REQUIRE(keep_write(test_dir(), "json-1", &memory, &err), "%s", err.why);
    CHECK(stat(path, &second) == 0 && first.st_ino == second.st_ino, "not written again where nothing has changed");
    keep_read(test_dir(), "json-1", &got);
    REQUIRE(got.len == 1, "one");
    CHECK_TEXT(got.at[0].name, "a.test", "it");
    REQUIRE(keep_write(test_dir(), "json-1", &none, &err), "%s", err.why);
    CHECK(!file_exists(path), "nothing is to be remembered");
}

TEST(where_nothing_can_be_written_it_is_told_at_times)
{
    AUTO(free) char *folder = xprintf("%s/alarms", test_dir());
    struct error err = { 0 };

    REQUIRE(file_mkdirs(folder, 0700, &err), "%s", err.why);
    CHECK(keep_may_tell(test_dir(), "json-2", NOW, DAY), "the first time");
    CHECK(!keep_may_tell(test_dir(), "json-2", NOW + 60, DAY), "not again");
    CHECK(!keep_may_tell(test_dir(), "json-2", NOW + DAY - 1, DAY), "not yet");
    CHECK(keep_may_tell(test_dir(), "json-2", NOW + DAY, DAY), "a day later");
    CHECK(!keep_may_tell(test_dir(), "json-2", NOW + DAY + 60, 0), "an hour at least");
    CHECK(keep_may_tell(test_dir(), "json-2", NOW, DAY), "told by a clock that was wrong");
}

TEST(swept)
{
    AUTO(memory_clear) struct memory memory = one("a.test");
    AUTO(list_clear) struct list named = { 0 }, left = { 0 };
    AUTO(free) char *folder = xprintf("%s/alarms", test_dir()), *all = NULL;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };

    REQUIRE(file_remove_tree(folder, &err), "%s", err.why);
    REQUIRE(keep_write(test_dir(), "json-1", &memory, &err) && keep_write(test_dir(), "json-12", &memory, &err), "%s",
        err.why);
    REQUIRE(keep_lock(test_dir(), "json-1", &lock, &err), "%s", err.why);
    list_add(&named, "json-1");
    keep_sweep(test_dir(), &named, clock_now());
    REQUIRE(file_list_dir(folder, &left, &err) && left.len == 3, "%zu", left.len);
    keep_sweep(test_dir(), &named, clock_now() + 61 * DAY);
    REQUIRE(file_list_dir(folder, &left, &err), "%s", err.why);
    all = list_join(&left, " ");
    CHECK_TEXT(all, ".lock json-1.txt", "those that are named stay, and the lock");
}

TEST_MAIN()
