/*
 * The directories on the way: whom they let pass, of both layouts. Only root may give directories to groups that it is
 * in by chance.
 */
#include "access/traversal.h"

#include <fcntl.h>

#include "access/scene.h"
#include "base/acl.h"

#define MAIL 54321 /* groups */
#define OCSP 54322
#define OTHER 54323

#define EVERYBODY ((gid_t)-1)

static void check_reach(const char *path, gid_t gid, bool want, const char *name)
{
    AUTO(free) char *obstacle = NULL;
    bool can = access_may_reach(path, (uid_t)-1, gid, &obstacle);

    CHECK(can == want, "%s: group %d, %s: %s", name, (int)gid, path, can ? "is let through" : obstacle);
}

TEST(closed_by_default)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        make(&world, "a");
        check_reach(at("live/a/privkey.pem"), MAIL, false, *layout);
        check_reach(at("live/a/cert.pem"), EVERYBODY, false, *layout);
        CHECK_INT(mode_of(at("live")), 0700, *layout);
        CHECK_INT(mode_of(at("archive")), 0700, *layout);
    }
}

TEST(a_group_reads_keys)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("a_group_reads_keys") || !has_lists())
            return;
        make(&world, "b"); /* of another: opened to nobody */
        ask(&world, "key-group", "54321");
        make(&world, "a");
        for (int turn = 0; turn < 2; turn++) {
            for (int kind = 0; kind < KIND_COUNT; kind++)
                check_reach(at("live/a/%s.pem", kind_name((enum kind)kind)), MAIL, true, *layout);
            check_reach(at("live/a/privkey.pem"), OTHER, false, *layout);
            check_reach(at("live/a/cert.pem"), OTHER, false, *layout);
            check_reach(at("live/a/cert.pem"), EVERYBODY, false, *layout);
            check_reach(at("live/b/privkey.pem"), MAIL, false, *layout);
            CHECK_INT(mode_of(at("live")), 0710, *layout);
            CHECK_INT(mode_of(at("live/a")), 0750, *layout);
            CHECK_INT(mode_of(at("archive")), strcmp(*layout, "certbot") == 0 ? 0710 : 0700, *layout);
            renew(&world, "a");
        }
    }
}

#define EXIM 54331 /* a user, known by number only */

static void check_user(const char *path, uid_t uid, bool want, const char *name)
{
    AUTO(free) char *obstacle = NULL;
    bool can = access_may_reach(path, uid, EVERYBODY, &obstacle);

    CHECK(can == want, "%s: user %d, %s: %s", name, (int)uid, path, can ? "is let through" : obstacle);
}

/* The owner of the key reaches it without being in any group. */
TEST(an_owner_reads_keys)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("an_owner_reads_keys") || !has_lists())
            return;
        make(&world, "b");
        make(&world, "old"); /* of an ancient Certbot */
        REQUIRE(chmod(at("live/old/privkey.pem"), 0644) == 0);
        ask(&world, "key-owner", "54331");
        make(&world, "a");
        for (int turn = 0; turn < 2; turn++) {
            for (int kind = 0; kind < KIND_COUNT; kind++)
                check_user(at("live/a/%s.pem", kind_name((enum kind)kind)), EXIM, true, *layout);
            check_user(at("live/a/privkey.pem"), EXIM + 1, false, *layout);
            check_user(at("live/a/cert.pem"), EXIM + 1, false, *layout);
            check_user(at("live/b/privkey.pem"), EXIM, false, *layout);
            check_user(at("live/old/privkey.pem"), EXIM, false, *layout);
            check_reach(at("live/a/cert.pem"), EVERYBODY, false, *layout);
            check_reach(at("live/a/privkey.pem"), MAIL, false, *layout);
            CHECK_INT(mode_of(at("live/a/privkey.pem")), 0600, *layout);
            renew(&world, "a");
        }
        ask(&world, "key-group", "54321"); /* both */
        apply(&world, "a");
        check_user(at("live/a/privkey.pem"), EXIM, true, *layout);
        check_reach(at("live/a/privkey.pem"), MAIL, true, *layout);
        check_user(at("live/old/privkey.pem"), EXIM, false, *layout);
        check_reach(at("live/old/privkey.pem"), MAIL, false, *layout);
    }
}

TEST(an_owner_reads_certificates_only)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("an_owner_reads_certificates_only") || !has_lists())
            return;
        ask(&world, "cert-owner", "54331");
        make(&world, "a");
        renew(&world, "a");
        check_user(at("live/a/cert.pem"), EXIM, true, *layout);
        check_user(at("live/a/privkey.pem"), EXIM, false, *layout);
        check_user(at("live/a/cert.pem"), EXIM + 1, false, *layout);
    }
}

/* Keys that an ancient Certbot writes there next are closed to other users, in whatever order these were admitted. */
TEST(a_key_that_comes_later)
{
    static const struct {
        const char *name, *options[2], *values[2];
        uid_t uid;
        gid_t gid;
    } cases[] = {
        { "owner and group", { "key-owner", "cert-group" }, { "54331", "54322" }, (uid_t)-1, OCSP },
        { "group and owner", { "key-group", "cert-owner" }, { "54321", "54331" }, EXIM, EVERYBODY },
        { "two groups", { "key-group", "cert-group" }, { "54321", "54322" }, (uid_t)-1, OCSP },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");

        if (!is_root("a_key_that_comes_later") || !has_lists())
            return;
        for (int k = 0; k < 2; k++)
            ask(&world, cases[i].options[k], cases[i].values[k]);
        make(&world, "a");
        for (int turn = 0; turn < 3; turn++) {
            mode_t mask = umask(022);
            AUTO(close) int fd = open(at("archive/a/privkey9.pem"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
            AUTO(free) char *obstacle = NULL;

            (void)umask(mask);
            REQUIRE(fd >= 0);
            CHECK(!access_may_reach(at("archive/a/privkey9.pem"), cases[i].uid, cases[i].gid, &obstacle), "%s: %d",
                cases[i].name, turn);
            REQUIRE(unlink(at("archive/a/privkey9.pem")) == 0);
            apply(&world, "a");
        }
    }
}

/* Root passes everywhere: nothing is opened for it. */
TEST(an_owner_who_is_root)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    struct error err = { 0 };
    struct stat st;
    struct acl acl;

    if (!is_root("an_owner_who_is_root"))
        return;
    ask(&world, "key-owner", "root");
    make(&world, "a");
    REQUIRE(stat(at("live"), &st) == 0 && acl_of_path(at("live"), &st, &acl, &err), "%s", err.why);
    CHECK(!acl_is_extended(&acl), "an entry for root");
    CHECK_INT(mode_of(at("live")), 0700, "live");
}

/* Helpers of low trust: they staple, and must not have the key. */
TEST(a_group_reads_certificates_only)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("a_group_reads_certificates_only") || !has_lists())
            return;
        ask(&world, "cert-group", "54322");
        make(&world, "a");
        renew(&world, "a");
        check_reach(at("live/a/fullchain.pem"), OCSP, true, *layout);
        check_reach(at("live/a/privkey.pem"), OCSP, false, *layout);
        check_reach(at("live/a/fullchain.pem"), OTHER, false, *layout);
    }
}

TEST(two_groups)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("two_groups") || !has_lists())
            return;
        ask(&world, "key-group", "54321");
        ask(&world, "cert-group", "54322");
        make(&world, "a");
        ask(&world, "key-group", "54323");
        ask(&world, "cert-group", "");
        make(&world, "b");
        ask(&world, "key-group", "54321");
        ask(&world, "cert-group", "54322");
        renew(&world, "a");
        check_reach(at("live/a/privkey.pem"), MAIL, true, *layout);
        check_reach(at("live/a/privkey.pem"), OCSP, false, *layout);
        check_reach(at("live/a/cert.pem"), OCSP, true, *layout);
        check_reach(at("live/a/privkey.pem"), OTHER, false, *layout);
        check_reach(at("live/b/privkey.pem"), OTHER, true, *layout);
        check_reach(at("live/b/privkey.pem"), MAIL, false, *layout);
        check_reach(at("live/b/privkey.pem"), OCSP, false, *layout);
        check_reach(at("live/a/cert.pem"), EVERYBODY, false, *layout);
    }
}

/* Where a group was let in by hand, it stays, and the new one comes beside it. */
TEST(a_group_that_was_there)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        const char *const dirs[] = { "live", "archive" };

        if (!is_root("a_group_that_was_there") || !has_lists())
            return;
        make(&world, "a");
        make(&world, "b");
        for (size_t i = 0; i < COUNT(dirs); i++)
            REQUIRE(chown(at("%s", dirs[i]), (uid_t)-1, OTHER) == 0 && chmod(at("%s", dirs[i]), 0750) == 0);
        REQUIRE(chown(at("live/b/privkey.pem"), (uid_t)-1, OTHER) == 0 && chmod(at("live/b/privkey.pem"), 0640) == 0);
        ask(&world, "key-group", "54321");
        apply(&world, "a");
        check_reach(at("live/a/privkey.pem"), MAIL, true, *layout);
        check_reach(at("live/b/privkey.pem"), OTHER, true, *layout);
        check_reach(at("live/b/privkey.pem"), MAIL, false, *layout);
        check_reach(at("live/b/cert.pem"), OTHER, true, *layout);
        /* what an old Certbot left open is not opened to the new group */
        REQUIRE(chmod(at("live/b/privkey.pem"), 0644) == 0);
        if (strcmp(*layout, "certbot") == 0)
            check_reach(at("archive/b/privkey1.pem"), MAIL, false, *layout);
    }
}

/* Keys of an ancient Certbot: 0644, protected by the closed directory alone. */
TEST(old_open_keys)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("old_open_keys") || !has_lists())
            return;
        make(&world, "a");
        make(&world, "old");
        REQUIRE(chmod(at("live/old/privkey.pem"), 0644) == 0);
        ask(&world, "key-group", "54321");
        apply(&world, "a");
        check_reach(at("live/a/privkey.pem"), MAIL, true, *layout);
        check_reach(at("live/old/privkey.pem"), MAIL, false, *layout);
    }
}

TEST(an_open_key_beside_certificates)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        if (!is_root("an_open_key_beside_certificates") || !has_lists())
            return;
        make(&world, "a");
        REQUIRE(chmod(at("live/a/privkey.pem"), 0644) == 0);
        ask(&world, "cert-group", "54322");
        apply(&world, "a");
        check_reach(at("live/a/privkey.pem"), OCSP, false, *layout);
        REQUIRE(chmod(at("live/a/privkey.pem"), 0600) == 0);
        apply(&world, "a");
        check_reach(at("live/a/privkey.pem"), OCSP, false, *layout);
        check_reach(at("live/a/cert.pem"), OCSP, true, *layout);
    }
}

TEST(certificates_for_everybody)
{
    AUTO(world_clear) struct world world = world_new("versioned");

    ask(&world, "cert-mode", "644");
    make(&world, "a");
    check_reach(at("live/a/cert.pem"), EVERYBODY, true, "versioned");
    check_reach(at("live/a/privkey.pem"), EVERYBODY, false, "versioned");
    CHECK_INT(mode_of(at("archive")), 0700, "archive");
    renew(&world, "a");
    check_reach(at("live/a/cert.pem"), EVERYBODY, true, "renewed");
    check_reach(at("live/a/privkey.pem"), EVERYBODY, false, "renewed");
}

TEST(certbots_layout_is_not_opened_to_everybody)
{
    AUTO(world_clear) struct world world = world_new("certbot");

    ask(&world, "cert-mode", "644");
    make(&world, "a");
    check_reach(at("live/a/cert.pem"), EVERYBODY, false, "certbot");
    CHECK_INT(mode_of(at("archive")), 0700, "archive");
    CHECK_INT(mode_of(at("live")), 0700, "live");
}

static const struct {
    const char *name, *path, *text;
    mode_t mode;
    bool opens;
} beside[] = {
    { "a key of another", "live/b/privkey.pem", NULL, 0644, false },
    { "a key in a file of the user's", "live/b/haproxy.pem", "x\n-----BEGIN EC PRIVATE KEY-----\n", 0644, false },
    { "a key store", "live/b/tomcat.p12", "\x30\x82", 0604, false },
    { "a key in the directory itself", "live/old.key", "?", 0644, false },
    { "a closed key in a file of the user's", "live/b/haproxy.pem", "-----BEGIN PRIVATE KEY-----\n", 0640, true },
    { "something else of the user's", "live/b/notes", "x", 0644, true },
};

TEST(everybody_and_open_keys)
{
    for (size_t i = 0; i < COUNT(beside); i++) {
        AUTO(world_clear) struct world world = world_new("versioned");

        make(&world, "a");
        make(&world, "b");
        if (beside[i].text != NULL)
            write_text(at("%s", beside[i].path), beside[i].text);
        REQUIRE(chmod(at("%s", beside[i].path), beside[i].mode) == 0);
        ask(&world, "cert-mode", "644");
        apply(&world, "a");
        check_reach(at("live/a/cert.pem"), EVERYBODY, beside[i].opens, beside[i].name);
    }
}

/* Files that an older Certbot would create in a directory that is open to a group. */
TEST(an_older_certbot)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(close) int new = -1;
    AUTO(close) int next = -1;

    if (!is_root("an_older_certbot") || !has_lists())
        return;
    ask(&world, "key-group", "54321");
    make(&world, "a");
    ask(&world, "cert-group", "54322");
    ask(&world, "key-group", "54323");
    make(&world, "b");
    (void)umask(0022);
    REQUIRE(mkdir(at("archive/new"), 0777) == 0);
    new = open(at("archive/new/privkey1.pem"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    next = open(at("archive/b/privkey2.pem"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    REQUIRE(new >= 0 && next >= 0);
    check_reach(at("archive/new/privkey1.pem"), MAIL, false, "a new lineage");
    check_reach(at("archive/new/privkey1.pem"), EVERYBODY, false, "a new lineage");
    check_reach(at("archive/b/privkey2.pem"), MAIL, false, "a group of another lineage");
    check_reach(at("archive/b/privkey2.pem"), OCSP, false, "a group that reads certificates");
    check_reach(at("archive/b/privkey2.pem"), EVERYBODY, false, "everybody");
}

TEST_MAIN()
