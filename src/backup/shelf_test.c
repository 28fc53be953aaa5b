/* The directory of backups: what a rotation removes and what it leaves, what is swept, and what is not. */
#include "backup/shelf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

#define OURS "0123abcd"

/* Files with these names, and nothing else, in the test's directory. */
static void lay_out(const char *const *names)
{
    struct error err = { 0 };

    test_drop_dir();
    for (size_t i = 0; names[i] != NULL; i++) {
        AUTO(free) char *path = test_path(names[i]);

        REQUIRE(file_create(path, view_of(names[i]), FILE_PRIVATE, &err), "%s", err.why);
    }
}

static void check_left(const char *what, const char *const *names)
{
    AUTO(list_clear) struct list found = { 0 }, wanted = { 0 };
    AUTO(free) char *is = NULL, *should = NULL;
    struct error err = { 0 };

    REQUIRE(file_list_dir(test_dir(), &found, &err), "%s", err.why);
    for (size_t i = 0; names[i] != NULL; i++)
        list_add(&wanted, names[i]);
    list_sort(&wanted);
    is = list_join(&found, " ");
    should = list_join(&wanted, " ");
    CHECK_TEXT(is, should, what);
}

#define OLD "20260101T000000Z-0001-" OURS
#define LATER "20260102T000000Z-0001-" OURS
#define LATEST "20990101T000000Z-0001-" OURS

static const struct {
    const char *what;
    unsigned keep;
    const char *there[8], *stay[3], *left[8];
} rotations[] = {
    { "the oldest goes", 2, { OLD ".tar.gz", LATER ".tar.gz", LATEST ".tar.gz.cms" }, { NULL },
        { LATER ".tar.gz", LATEST ".tar.gz.cms" } },
    { "each kind for itself", 1,
        { OLD ".tar.gz", OLD ".delete.tar.gz", LATER ".restore.tar.gz", OLD ".incomplete.tar.gz", OLD ".empty.tar.gz",
            LATER ".empty.tar.gz" },
        { NULL }, { OLD ".tar.gz", LATER ".restore.tar.gz", OLD ".incomplete.tar.gz", LATER ".empty.tar.gz" } },
    { "the clock was set back", 1, { OLD ".tar.gz", LATEST ".tar.gz" }, { OLD ".tar.gz" }, { OLD ".tar.gz" } },
    { "what is restored from", 1, { OLD ".restore.tar.gz", LATER ".restore.tar.gz", LATEST ".restore.tar.gz" },
        { OLD ".restore.tar.gz", LATEST ".restore.tar.gz" }, { OLD ".restore.tar.gz", LATEST ".restore.tar.gz" } },
    { "other stores, and unknown ones", 1,
        { OLD ".tar.gz", LATER ".tar.gz", "20250101T000000Z-0001-ffffffff.tar.gz", "20250101T000000Z-0001.tar.gz",
            "notes" },
        { "20250101T000000Z-0001-ffffffff.tar.gz" },
        { LATER ".tar.gz", "20250101T000000Z-0001-ffffffff.tar.gz", "20250101T000000Z-0001.tar.gz", "notes" } },
};

TEST(rotation)
{
    for (size_t i = 0; i < COUNT(rotations); i++) {
        AUTO(list_clear) struct list stay = { 0 }, removed = { 0 };
        struct error err = { 0 };
        size_t there = 0, left = 0;

        lay_out(rotations[i].there);
        for (size_t k = 0; rotations[i].stay[k] != NULL; k++) {
            AUTO(free) char *path = xprintf("%s/./%s", test_dir(), rotations[i].stay[k]); /* another way to it */

            list_add(&stay, path);
        }
        REQUIRE(shelf_rotate(test_dir(), OURS, rotations[i].keep, &stay, &removed, &err), "%s", err.why);
        check_left(rotations[i].what, rotations[i].left);
        while (rotations[i].there[there] != NULL)
            there++;
        while (rotations[i].left[left] != NULL)
            left++;
        CHECK_INT(removed.len, there - left, rotations[i].what);
    }
    test_drop_dir();
}

/* A new backup is begun, published, and has a name of its own beside one of the same second. */
TEST(begun_and_published)
{
    for (unsigned serial = 1; serial <= 2; serial++) {
        AUTO(shelf_file_clear) struct shelf_file file = { .fd = -1 };
        struct backup_name name = { .made = 1795307352, .store = OURS };
        AUTO(free) char *path = NULL;
        struct error err = { 0 };
        struct stat st;

        REQUIRE(shelf_begin(test_dir(), &file, &err), "%s", err.why);
        REQUIRE(fstat(file.fd, &st) == 0 && (st.st_mode & 07777) == 0600, "its mode");
        REQUIRE(shelf_publish(&file, &name, &path, &err), "%s", err.why);
        CHECK_INT(name.serial, serial, path);
        CHECK(file_exists(path), "%s", path);
    }
    check_left("both", (const char *const[]){
                           "20261122T002912Z-0001-" OURS ".tar.gz", "20261122T002912Z-0002-" OURS ".tar.gz", NULL });
    test_drop_dir();
}

#define LEFT ".new-00112233445566ff"
#define HELD ".new-0011223344556600"

/* Only what killed runs have left goes; what cannot be removed is in nobody's way. */
TEST(swept)
{
    static const char *const there[] = { LEFT, HELD, ".new-notes", ".new-00112233445566FF", ".new-00112233445566ff0",
        NULL };
    AUTO(free) char *held = NULL, *dir = NULL, *link = NULL;
    struct error err = { 0 };
    int fd;

    lay_out(there);
    held = test_path(HELD);
    dir = test_path(".new-ffffffffffffffff");
    link = test_path(".new-eeeeeeeeeeeeeeee");
    REQUIRE(file_mkdirs(dir, 0700, &err) && symlink("/nowhere", link) == 0, "%s", err.why);
    fd = open(held, O_WRONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0, "%s is not ours", held);
    {
        AUTO(shelf_file_clear) struct shelf_file file = { .fd = -1 };

        REQUIRE(shelf_begin(test_dir(), &file, &err), "%s", err.why);
    } /* what was not published goes again */
    check_left("all but one", (const char *const[]){ HELD, ".new-notes", ".new-00112233445566FF",
                                  ".new-00112233445566ff0", ".new-ffffffffffffffff", ".new-eeeeeeeeeeeeeeee", NULL });
    (void)close(fd);
    test_drop_dir();
}

TEST(whose_it_is)
{
    struct shelf_entry entry = { .name = { .store = OURS } };

    CHECK(shelf_is_of(&entry, OURS) && !shelf_is_of(&entry, "ffffffff"), "of one store");
    entry.name.store[0] = '\0';
    CHECK(shelf_is_of(&entry, OURS), "of none that is known");
}

TEST_MAIN()
