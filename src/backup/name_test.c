/* Names of backups: what is ours, what is not, and that their order is that of their making. */
#include "backup/name.h"

#include "base/test.h"

static const struct {
    const char *text;
    int64_t made;
    unsigned serial;
    const char *reason;
    bool sealed;
} ours[] = {
    { "20261122T002912Z-0001.tar.gz", 1795307352, 1, "", false },
    { "20261122T002912Z-9999.tar.gz.cms", 1795307352, 9999, "", true },
    { "20261122T002912Z-0002.delete.tar.gz", 1795307352, 2, "delete", false },
    { "20261122T002912Z-0002.doctor-fix.tar.gz.cms", 1795307352, 2, "doctor-fix", true },
};

TEST(names_of_ours)
{
    for (size_t i = 0; i < COUNT(ours); i++) {
        struct backup_name name = { 0 };
        char again[BACKUP_NAME_SIZE];

        REQUIRE(backup_name_parse(ours[i].text, &name), "%s", ours[i].text);
        CHECK_INT(name.made, ours[i].made, ours[i].text);
        CHECK_INT(name.serial, ours[i].serial, ours[i].text);
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
        "20261122T002912Z-0001.tar.gz.cms.cms", "20261122T002912Z-0001.tar.gz.old",
        "20261122T002912Z-0001.aaaaaaaaaabbbbbbbbbbccccccccccddd.tar.gz",
        "20261122T002912Z-0001.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg.tar.gz" };
    struct backup_name name = { .serial = 77 };

    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!backup_name_parse(others[i], &name), "%s", others[i]);
    CHECK_INT(name.serial, 77, "*out was touched");
}

TEST_MAIN()
