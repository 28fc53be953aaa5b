#include "base/acl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

#define U "\x01\x00"
#define NAMED_U "\x02\x00"
#define G "\x04\x00"
#define NAMED_G "\x08\x00"
#define M "\x10\x00"
#define O "\x20\x00"
#define NONE "\xff\xff\xff\xff"
#define HEAD "\x02\x00\x00\x00"
#define ID(n) n "\x00\x00\x00"
#define RWX "\x07\x00"
#define RX "\x05\x00"
#define NIL "\x00\x00"
#define VALUE(text)                                                                                                    \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

static const struct {
    const char *name;
    struct view value;
    const char *why; /* NULL: read, and written as the same */
} cases[] = {
    { "nothing", VALUE(""), "unknown form" },
    { "cut short", VALUE(HEAD U RWX "\xff"), "unknown form" },
    { "another version", VALUE("\x03\x00\x00\x00" U RWX NONE G NIL NONE O NIL NONE), "unknown form" },
    { "no entries", VALUE(HEAD), "not complete" },
    { "no others", VALUE(HEAD U RWX NONE G NIL NONE), "not complete" },
    { "named without a mask", VALUE(HEAD U RWX NONE G NIL NONE NAMED_G RX ID("\x09") O NIL NONE), "not complete" },
    { "out of order", VALUE(HEAD G NIL NONE U RWX NONE O NIL NONE), "not in order" },
    { "owner twice", VALUE(HEAD U RWX NONE U RWX NONE G NIL NONE O NIL NONE), "not in order" },
    { "a group twice",
        VALUE(HEAD U RWX NONE G NIL NONE NAMED_G RX ID("\x09") NAMED_G RX ID("\x09") M RX NONE O NIL NONE),
        "not in order" },
    { "an unknown tag", VALUE(HEAD U RWX NONE G NIL NONE O NIL NONE "\x40\x00" NIL NONE), "unknown entry" },
    { "an unknown permission", VALUE(HEAD U "\x08\x00" NONE G NIL NONE O NIL NONE), "unknown entry" },
    { "a group without id", VALUE(HEAD U RWX NONE G NIL NONE NAMED_G RX NONE M RX NONE O NIL NONE), "unknown entry" },
    { "a plain mode", VALUE(HEAD U RWX NONE G RX NONE O NIL NONE), NULL },
    { "one of everything",
        VALUE(HEAD U RWX NONE NAMED_U RX ID("\x07") G RX NONE NAMED_G RX ID("\x09") M RX NONE O NIL NONE), NULL },
    { "two groups", VALUE(HEAD U RWX NONE G RX NONE NAMED_G RX ID("\x09") NAMED_G NIL ID("\x0a") M RX NONE O NIL NONE),
        NULL },
};

TEST(the_attribute)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf again = BUF(ACL_SIZE_MAX);
        struct acl acl = { .len = 77 };
        struct error err = { 0 };
        bool ok = acl_parse(cases[i].value, &acl, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || acl.len == 77, "%s: was touched", cases[i].name);
        if (ok) {
            acl_put(&acl, &again);
            CHECK(view_equal(buf_view(&again), cases[i].value), "%s: written otherwise", cases[i].name);
        }
    }
}

static struct acl list_of(struct view value)
{
    struct acl acl;
    struct error err = { 0 };

    if (!acl_parse(value, &acl, &err))
        fail_msg("%s", err.why);
    return acl;
}

static unsigned user_may(const struct acl *acl, uid_t uid, gid_t one, gid_t two)
{
    const gid_t gids[] = { one, two };

    return acl_user_may(acl, 4, &(struct acl_user){ uid, gids, 2 });
}

/* The mask holds back: group 9 has read and pass, the mask lets read only; group 10 is denied. */
TEST(who_may_what)
{
    const struct acl acl = list_of((struct view)VALUE(HEAD U RWX NONE NAMED_U RWX ID("\x07")
            G RWX NONE NAMED_G RX ID("\x09") NAMED_G NIL ID("\x0a") M "\x04\x00" NONE O RX NONE));
    struct acl plain;

    CHECK_INT(acl_group_may(&acl, 4, 4), 4, "the owning group, masked");
    CHECK_INT(acl_group_may(&acl, 4, 9), 4, "a named group, masked");
    CHECK_INT(acl_group_may(&acl, 4, 10), 0, "a denied group does not become others");
    CHECK_INT(acl_group_may(&acl, 4, 11), 5, "another group");
    CHECK_INT(acl_group_may(&acl, 4, (gid_t)-1), 5, "no group");
    CHECK_INT(user_may(&acl, 7, 10, 11), 4, "a named user, masked");
    CHECK_INT(user_may(&acl, 8, 10, 11), 0, "another user by a group that is denied");
    CHECK_INT(user_may(&acl, 8, 10, 9), 4, "by one of two");
    CHECK_INT(user_may(&acl, 8, 11, 12), 5, "by none");
    CHECK_INT(acl_mode(&acl), 0745, "a mode shows the mask");
    CHECK(!acl_has_guests(&acl), "nobody has more than others");
    acl_of_mode(0750, &plain);
    CHECK(acl_has_guests(&plain), "0750");
    acl_of_mode(0755, &plain);
    CHECK(!acl_has_guests(&plain), "0755");
    CHECK_INT(acl_mode(&plain), 0755, "there and back");
}

TEST(granting)
{
    struct acl acl;

    acl_of_mode(0750, &acl);
    REQUIRE(acl_grant(&acl, 4, 9, 1), "room");
    CHECK_INT(acl_group_may(&acl, 4, 9), 1, "the new group");
    CHECK_INT(acl_group_may(&acl, 4, 4), 5, "the old one as before");
    CHECK_INT(acl_group_may(&acl, 4, 10), 0, "nobody else");
    CHECK_INT(acl_mode(&acl), 0750, "the mode");
    REQUIRE(acl_grant(&acl, 4, 3, 5), "room");
    REQUIRE(acl_grant(&acl, 4, 9, 4), "it is there already");
    CHECK_INT(acl_group_may(&acl, 4, 9), 5, "added to what it had");
    CHECK_INT(acl.len, 6, "entries");
    CHECK(acl.at[2].id == 3 && acl.at[3].id == 9, "sorted");
    REQUIRE(acl_deny(&acl, 9), "there");
    CHECK_INT(acl_group_may(&acl, 4, 9), 0, "denied");

    acl_of_mode(0755, &acl);
    REQUIRE(acl_grant(&acl, 4, 9, 1), "room");
    CHECK_INT(acl_group_may(&acl, 4, 9), 5, "what it had as others it keeps");
    acl_of_mode(0700, &acl);
    REQUIRE(acl_grant(&acl, 4, 4, 1), "room");
    CHECK_INT(acl_mode(&acl), 0710, "the owning group needs no list");
    CHECK(!acl_is_extended(&acl), "none");
    acl_of_mode(0755, &acl);
    REQUIRE(acl_deny(&acl, 9), "room");
    CHECK_INT(acl_group_may(&acl, 4, 9), 0, "denied");
    CHECK_INT(acl_group_may(&acl, 4, 8), 5, "others are not");
}

TEST(granting_a_user)
{
    const gid_t gids[] = { 9 };
    const struct acl_user user = { 7, gids, 1 };
    struct acl acl;

    acl_of_mode(0750, &acl);
    REQUIRE(acl_grant(&acl, 4, 9, 4), "room");
    REQUIRE(acl_grant_user(&acl, 4, &user, 1), "room");
    CHECK_INT(acl_user_may(&acl, 4, &user), 5, "with what the group has");
    CHECK_INT(acl_group_may(&acl, 4, 9), 4, "the group as before");
    CHECK_INT(acl_group_may(&acl, 4, 4), 5, "the owning one, too");
    CHECK_INT(acl_other_may(&acl), 0, "nobody else");
    CHECK_INT(acl.at[1].tag, ACL_USER, "sorted");
    REQUIRE(acl_deny_user(&acl, 7), "there");
    CHECK_INT(acl_user_may(&acl, 4, &user), 0, "denied, in spite of the group");
}

/* A permission that the mask suppressed stays suppressed when the mask is widened for another entry. */
TEST(a_mask_is_kept)
{
    struct acl acl =
        list_of((struct view)VALUE(HEAD U RWX NONE G RWX NONE NAMED_G RWX ID("\x09") M "\x04\x00" NONE O NIL NONE));

    REQUIRE(acl_grant(&acl, 4, 10, 1), "room");
    CHECK_INT(acl_group_may(&acl, 4, 10), 1, "granted");
    CHECK_INT(acl_group_may(&acl, 4, 9), 4, "as before");
    CHECK_INT(acl_group_may(&acl, 4, 4), 4, "as before");
}

TEST(full)
{
    struct acl acl;

    acl_of_mode(0700, &acl);
    for (gid_t gid = 100; acl.len < ACL_MAX; gid++)
        REQUIRE(acl_grant(&acl, 4, gid, 1), "%zu", acl.len);
    CHECK(!acl_grant(&acl, 4, 99, 1), "no room");
    CHECK(!acl_deny(&acl, 99), "no room");
    CHECK(acl_grant(&acl, 4, 100, 4), "there already");
    CHECK_INT(acl.len, ACL_MAX, "entries");
}

static bool has_lists(int fd, const char *path)
{
    struct error err = { 0 };

    if (acl_close_new(fd, path, &err))
        return true;
    REQUIRE(err.sys == ENOTSUP, "%s", err.why);
    (void)fprintf(stderr, "skipped: the file system of %s has no access control lists\n", path);
    return false;
}

TEST(on_disk)
{
    AUTO(free) char *path = test_path("d");
    AUTO(free) char *below = test_path("d/f");
    AUTO(close) int fd = -1;
    AUTO(close) int file = -1;
    struct error err = { 0 };
    struct acl acl;
    struct stat st;

    REQUIRE(mkdir(path, 0750) == 0 && chmod(path, 0750) == 0);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!has_lists(fd, path))
        return;
    file = open(below, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    REQUIRE(file >= 0 && fstat(file, &st) == 0);
    CHECK_INT(st.st_mode & 07777, 0600, "what is made there is closed");
    REQUIRE(acl_open_new(fd, path, &err), "%s", err.why);
    (void)unlink(below);
    (void)close(file);
    file = open(below, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0604);
    REQUIRE(file >= 0 && fstat(file, &st) == 0);
    CHECK_INT(st.st_mode & 07007, 0004, "no longer");

    REQUIRE(acl_of_fd(fd, path, &acl, &err), "%s", err.why);
    CHECK(!acl_is_extended(&acl), "a mode only");
    REQUIRE(acl_grant(&acl, getegid(), 54321, 1));
    REQUIRE(acl_set_fd(fd, path, &acl, &err), "%s", err.why);
    REQUIRE(stat(path, &st) == 0 && acl_of_path(path, &st, &acl, &err), "%s", err.why);
    CHECK_INT(acl_group_may(&acl, getegid(), 54321), 1, "read back");
    CHECK_INT(st.st_mode & 07777, 0750, "the mode");
    test_drop_dir();
}

TEST_MAIN()
