/* Access lists as text: one form whoever wrote it, and back to what the kernel keeps. */
#include "backup/acl_text.h"

#include "base/test.h"

static const struct {
    const char *text, *canonical; /* NULL: refused */
} rows[] = {
    { "", "" },
    { "user::rw-,group::r--,other::---", "user::rw-,group::r--,other::---" },
    { "user::rw-,group::r--,other::---,user:alice:r--:1000,mask::r--",
        "user::rw-,user:alice:r--:1000,group::r--,mask::r--,other::---" },
    { "user::rwx,user:33:r-x:33,group::r-x,group:7:--x:7,mask::r-x,other::--x",
        "user::rwx,user:33:r-x:33,group::r-x,group:7:--x:7,mask::r-x,other::--x" },
    { "user::rwx,user:33:r-x,group::r-x,mask::r-x,other::--x",
        "user::rwx,user:33:r-x:33,group::r-x,mask::r-x,other::--x" },
    { "group:b:r--:2,group:a:r--:1", "group:a:r--:1,group:b:r--:2" },
    { "user::rw", NULL },
    { "user::rwz", NULL },
    { "user:alice:rw-", NULL },
    { "user:alice:rw-:-1", NULL },
    { "user:alice:rw-:4294967295", NULL },
    { "mask:alice:rw-:7", NULL },
    { "someone::rw-", NULL },
    { "user::rw-,", NULL },
    { ",", NULL },
    { "user::rw-:5", NULL },
    { "user:a:rw-:5:6", NULL },
};

TEST(acl_text_canonical)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf out = BUF(1024);
        struct error err = { 0 };
        bool ok = acl_text_canonical(view_of(rows[i].text), &out, &err);

        CHECK(ok == (rows[i].canonical != NULL), "%s: %s", rows[i].text, err.why);
        if (ok && rows[i].canonical != NULL)
            CHECK_TEXT(buf_text(&out), rows[i].canonical, rows[i].text);
    }
}

TEST(acl_text_of_here)
{
    AUTO(owners_free) struct owners *owners = owners_new();
    AUTO(buf_clear) struct buf text = BUF(1024), again = BUF(1024);
    const struct acl acl = { .len = 6,
        .at = { { ACL_OWNER, 6, UINT32_MAX }, { ACL_USER, 4, 0 }, { ACL_USER, 4, 4123456789U },
            { ACL_OWNING_GROUP, 4, UINT32_MAX }, { ACL_MASK, 4, UINT32_MAX }, { ACL_OTHER, 0, UINT32_MAX } } };
    struct error err = { 0 };
    struct acl read;

    acl_text_put(&acl, owners, &text);
    CHECK_TEXT(buf_text(&text),
        "user::rw-,user:root:r--:0,user:4123456789:r--:4123456789,group::r--,mask::r--,other::---", "with names");
    REQUIRE(acl_text_canonical(buf_view(&text), &again, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&again), buf_text(&text), "it is in its form already");
    REQUIRE(acl_text_read(buf_view(&text), owners, &read, &err), "%s", err.why);
    CHECK_INT(read.len, acl.len, "entries");
    CHECK(memcmp(read.at, acl.at, acl.len * sizeof acl.at[0]) == 0);
}

/* A name counts before its number, which may be another's here. */
TEST(acl_text_names_of_other_machines)
{
    AUTO(owners_free) struct owners *owners = owners_new();
    struct error err = { 0 };
    struct acl read;

    REQUIRE(acl_text_read(view_of("user:root:r--:77,user:nobody-at-all:r--:78"), owners, &read, &err), "%s", err.why);
    CHECK_INT(read.at[0].id, 0, "root is root");
    CHECK_INT(read.at[1].id, 78, "whom nobody knows here keeps the number");
    REQUIRE(owners_missing(owners)->len == 1);
    CHECK_TEXT(owners_missing(owners)->at[0], "user nobody-at-all", "and is told of");
}

TEST_MAIN()
