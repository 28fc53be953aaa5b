/* Names of backups: what is ours, what is not, and that their order is that of their making. */
#include "backup/name.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/test.h"

static const struct {
    const char *text;
    int64_t made;
    unsigned serial;
    const char *store;
    const char *reason;
    bool sealed;
} ours[] = {
    { "20261122T002912Z-0001.tar.gz", 1795307352, 1, "", "", false },
    { "20261122T002912Z-9999.tar.gz.cms", 1795307352, 9999, "", "", true },
    { "20261122T002912Z-0002.delete.tar.gz", 1795307352, 2, "", "delete", false },
    { "20261122T002912Z-0002.doctor-fix.tar.gz.cms", 1795307352, 2, "", "doctor-fix", true },
    { "20261122T002912Z-0003-0123cdef.tar.gz", 1795307352, 3, "0123cdef", "", false },
    { "20261122T002912Z-0003-deadbeef.incomplete.tar.gz.cms", 1795307352, 3, "deadbeef", "incomplete", true },
};

TEST(names_of_ours)
{
    for (size_t i = 0; i < COUNT(ours); i++) {
        struct backup_name name = { 0 };
        char again[BACKUP_NAME_SIZE];

        REQUIRE(backup_name_parse(ours[i].text, &name), "%s", ours[i].text);
        CHECK_INT(name.made, ours[i].made, ours[i].text);
        CHECK_INT(name.serial, ours[i].serial, ours[i].text);
        CHECK_TEXT(name.store, ours[i].store, ours[i].text);
        CHECK_TEXT(name.reason, ours[i].reason, ours[i].text);
        CHECK_INT(name.sealed, ours[i].sealed, ours[i].text);
        backup_name_format(&name, again);
        CHECK_TEXT(again, ours[i].text, ours[i].text);
    }
}

TEST(names_of_others)
{
    static const char *const others[] = { "", "notes.txt", ".20261122T002912Z-0001.tar.gz", "20261122T002912Z-0001",
        "20261122T002912Z-0001.tar", "20261122T002912Z-0000.tar.gz", "20261122T002912Z-001.tar.gz",
        "20261132T002912Z-0001.tar.gz", "20260231T002912Z-0001.tar.gz", "20261122T002912Z-0001..tar.gz",
        "20261122T002912Z-0001.Delete.tar.gz", "20261122T002912Z-0001.a.b.tar.gz", "20261122T002912Z-0001x.tar.gz",
        "20261122T002912Z-0001-.tar.gz", "20261122T002912Z-0001-deadbee.tar.gz",
        "20261122T002912Z-0001-deadbeef0.tar.gz", "20261122T002912Z-0001-DEADBEEF.tar.gz",
        "20261122T002912Z-0001-deadbeef-deadbeef.tar.gz", "20261122T002912Z-0001.tar.gz.cms.cms",
        "20261122T002912Z-0001.tar.gz.old", "20261122T002912Z-0001.aaaaaaaaaabbbbbbbbbbccccccccccddd.tar.gz",
        "20261122T002912Z-0001.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg.tar.gz" };
    struct backup_name name = { .serial = 77 };

    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!backup_name_parse(others[i], &name), "%s", others[i]);
    CHECK_INT(name.serial, 77, "*out was touched");
}

TEST(stores_are_told_apart)
{
    AUTO(free) char *dir = test_path("store"), *other = test_path("other"), *link = test_path("link");
    char of_dir[BACKUP_STORE_LEN + 1], of_other[BACKUP_STORE_LEN + 1], of_link[BACKUP_STORE_LEN + 1];
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0700, &err) && symlink(dir, link) == 0, "%s", err.why);
    REQUIRE(backup_name_store(dir, of_dir, &err) && backup_name_store(other, of_other, &err) &&
                backup_name_store(link, of_link, &err),
        "%s", err.why);
    CHECK_INT(strspn(of_dir, "0123456789abcdef"), BACKUP_STORE_LEN, of_dir);
    CHECK(strcmp(of_dir, of_other) != 0, "%s is both", of_dir);
    CHECK_TEXT(of_link, of_dir, "the same store by way of a link");
    test_drop_dir();
}

TEST_MAIN()
