/*
 * Tests a user's own files in live/NAME and in directories of old versions, and the access that he gives to others:
 * through renewals and restores.
 */
#include "disk/live_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/acl.h"
#include "disk/live_switch.h"
#include "disk/test_lineage.h"
#include "disk/version_dir.h"

#define OLD "20261122T024405Z-" SERIAL_A
#define NEW "20261122T024405Z-" SERIAL_B
#define SOMEBODY 54329 /* a user */

/* Certificate a is superseded and b live. */
static struct world world_new(const char *layout)
{
    return world_new_of(layout, "ab");
}

/* ---- replacing what is in a directory ---- */

static void make_version(const char *dir, const char *content, bool meta)
{
    REQUIRE(mkdir(dir, 0755) == 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);

        write_text(path, content);
    }
    if (meta)
        write_text(at("%s/meta.txt", file_basename(dir)), content);
}

/* meta.txt of the old version stays as long as its files do. */
TEST(the_old_description_goes_last)
{
    AUTO(world_clear) struct world world = world_new("versioned"); /* in whose directory the two lie */
    struct error err = { 0 };

    (void)world;
    make_version(at("old"), "old", true);
    make_version(at("new"), "new", false);
    REQUIRE(unlink(at("old/chain.pem")) == 0 && mkdir(at("old/chain.pem"), 0755) == 0); /* in the way */
    for (int cert_last = 0; cert_last < 2; cert_last++) {
        CHECK(!live_refill(at("old"), at("new"), cert_last, &err), "a directory was replaced");
        check_text(at("old/meta.txt"), "old", "the old files are not all replaced");
    }
    REQUIRE(rmdir(at("old/chain.pem")) == 0);
    CHECK(live_refill(at("old"), at("new"), false, &err), "%s", err.why);
    CHECK(!file_exists(at("old/meta.txt")), "it tells of files that are gone");
    check_text(at("old/chain.pem"), "new", "replaced");
}

/* A crash between the last file and the description that the new version lacks. */
TEST(an_old_description_is_settled)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    struct error err = { 0 };

    REQUIRE(rename(at("archive/a/" OLD), at("archive/a/" OLD ".next")) == 0);
    REQUIRE(unlink(at("archive/a/" OLD ".next/meta.txt")) == 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *from = version_file(at("archive/a/" OLD ".next"), (enum kind)kind);
        AUTO(free) char *to = version_file(at("live/a"), (enum kind)kind);
        AUTO(free) char *text = read_text(from);

        write_text(to, text);
    }
    CHECK(world_reload(&world, &err), "%s", err.why);
    CHECK(!file_exists(at("live/a/meta.txt")), "it tells of the version that was live before");
    CHECK(!file_exists(at("archive/a/" OLD ".next")), "settled");
}

/* ---- files ---- */

TEST(the_same_name_in_an_old_version)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *live = NULL, *archive = NULL;

    write_text(at("archive/a/" OLD "/haproxy.pem"), "old");
    write_text(at("live/a/haproxy.pem"), "new");
    write_text(at("archive/a/" OLD "/notes"), "alone");
    write_text(at("archive/a/" OLD "/same"), "same");
    write_text(at("live/a/same"), "same");
    REQUIRE(symlink("x", at("archive/a/" OLD "/link")) == 0 && symlink("y", at("live/a/link")) == 0);
    restore(&world, OLD);
    live = names_in(at("live/a"));
    CHECK_TEXT(live,
        "cert.pem chain.pem fullchain.pem haproxy.pem haproxy.pem." OLD " link link." OLD " meta.txt notes "
        "privkey.pem same",
        "live");
    check_text(at("live/a/haproxy.pem"), "new", "the younger");
    check_text(at("live/a/haproxy.pem." OLD), "old", "the older");
    CHECK_TEXT(link_text(at("live/a/link")), "y", "the younger");
    archive = names_in(at("archive/a/" NEW));
    CHECK_TEXT(archive, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "the version that was live");
    restore(&world, NEW); /* and everything goes along from then on */
    check_text(at("live/a/haproxy.pem." OLD), "old", "the older");
    check_text(at("live/a/haproxy.pem"), "new", "the younger");
}

TEST(directories_of_the_same_name)
{
    AUTO(world_clear) struct world world = world_new("versioned");

    REQUIRE(mkdir(at("archive/a/" OLD "/extra"), 0755) == 0 && mkdir(at("live/a/extra"), 0755) == 0);
    REQUIRE(mkdir(at("archive/a/" OLD "/mixed"), 0755) == 0);
    write_text(at("archive/a/" OLD "/extra/x"), "old");
    write_text(at("live/a/extra/x"), "new");
    write_text(at("live/a/mixed"), "a file");
    restore(&world, OLD);
    check_text(at("live/a/extra/x"), "new", "the younger");
    check_text(at("live/a/extra." OLD "/x"), "old", "the older");
    check_text(at("live/a/mixed"), "a file", "a file");
    CHECK(file_is_dir(at("live/a/mixed." OLD)), "a directory");
}

TEST(written_while_they_changed_places)
{
    static const struct {
        const char *name;
        time_t old, live;
        const char *want;
    } cases[] = { { "just before", 2000, 1000, "old" }, { "just after", 1000, 2000, "live" },
        { "at once", 1000, 1000, "live" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
        const char *old = at("archive/a/" OLD "/mine"), *live = at("live/a/mine");
        struct timespec of_old[2] = { { .tv_sec = cases[i].old }, { .tv_sec = cases[i].old } };
        struct timespec of_live[2] = { { .tv_sec = cases[i].live }, { .tv_sec = cases[i].live } };
        struct error err = { 0 };

        write_text(old, "old");
        write_text(live, "live");
        REQUIRE(utimensat(AT_FDCWD, old, of_old, 0) == 0 && utimensat(AT_FDCWD, live, of_live, 0) == 0);
        REQUIRE(live_hand_over(at("archive/a/" OLD), at("live/a"), &err), "%s", err.why);
        check_text(at("live/a/mine"), cases[i].want, cases[i].name);
        CHECK(!file_exists(at("archive/a/" OLD "/mine")), "%s", cases[i].name);
    }
}

/* After an interruption: whoever missed his directory made it anew. */
TEST(directories_made_anew)
{
    AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
    AUTO(free) char *live = NULL, *left = NULL;
    struct error err = { 0 };

    REQUIRE(mkdir(at("archive/a/" OLD "/extra"), 0755) == 0 && mkdir(at("live/a/extra"), 0755) == 0);
    write_text(at("archive/a/" OLD "/extra/x"), "mine");
    REQUIRE(mkdir(at("archive/a/" OLD "/empty"), 0755) == 0 && mkdir(at("live/a/empty"), 0755) == 0);
    REQUIRE(mkdir(at("live/a/mixed"), 0755) == 0);
    write_text(at("archive/a/" OLD "/mixed"), "a file");
    REQUIRE(live_hand_over(at("archive/a/" OLD), at("live/a"), &err), "%s", err.why);
    check_text(at("live/a/extra.was/x"), "mine", "both are kept");
    check_text(at("live/a/mixed.was"), "a file", "a file");
    live = names_in(at("live/a"));
    CHECK_TEXT(
        live, "cert.pem chain.pem empty extra extra.was fullchain.pem meta.txt mixed mixed.was privkey.pem", "live");
    left = names_in(at("archive/a/" OLD));
    CHECK_TEXT(left, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "nothing is left behind");
}

/* A partial version with a user's file in it is replaced by the complete one. */
TEST(the_rest_of_a_version)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *names = NULL;

    REQUIRE(mkdir(at("archive/a/" NEW), 0700) == 0);
    write_text(at("archive/a/" NEW "/notes"), "mine");
    restore(&world, OLD);
    names = names_in(at("archive/a/" NEW));
    CHECK_TEXT(names, "cert.pem chain.pem fullchain.pem meta.txt notes privkey.pem", "both");
}

/* An interruption may come when a user's files are in the version that is to take the place of another one. */
TEST(what_is_in_a_version_without_a_name)
{
    static const struct {
        const char *name, *dir, *kept;
    } cases[] = {
        { "its place is there", "archive/a/." OLD ".new", "archive/a/" OLD "/notes" },
        { "it waits", "archive/a/." OLD ".next.new", "archive/a/" OLD "/notes" },
        { "its place is gone", "archive/a/." NEW ".new", "live/a/notes" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new("versioned");
        struct error err = { 0 };

        REQUIRE(mkdir(at("%s", cases[i].dir), 0700) == 0);
        write_text(at("%s/notes", cases[i].dir), "mine");
        REQUIRE(world.lineage->layout->settle(world.lineage, &err), "%s: %s", cases[i].name, err.why);
        check_text(at("%s", cases[i].kept), "mine", cases[i].name);
        CHECK(!file_exists(at("%s", cases[i].dir)), "%s", cases[i].name);
    }
}

/* It waits, and is superseded as well: a newer one ends that, and takes nothing of a user's away. */
TEST(a_version_that_is_there_twice)
{
    AUTO(world_clear) struct world world = world_new("versioned");

    REQUIRE(mkdir(at("archive/a/" OLD ".next"), 0700) == 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *name = kind_name((enum kind)kind);

        REQUIRE(link(at("archive/a/" OLD "/%s.pem", name), at("archive/a/" OLD ".next/%s.pem", name)) == 0);
    }
    write_text(at("archive/a/" OLD ".next/notes"), "mine");
    world_add(&world, 'c');
    check_text(at("archive/a/" OLD "/notes"), "mine", "kept in the one that stays");
    CHECK(!file_exists(at("archive/a/" OLD ".next")), "the other is gone");
}

TEST(a_link_of_a_users_stays_the_same)
{
    const char *const layouts[] = { "versioned", "certbot" };

    for (size_t i = 0; i < COUNT(layouts); i++) {
        AUTO(world_clear) struct world world = world_new(layouts[i]);
        struct stat before, after;

        REQUIRE(symlink("x", at("live/a/mine")) == 0 && lstat(at("live/a/mine"), &before) == 0);
        world_add(&world, 'a');
        REQUIRE(lstat(at("live/a/mine"), &after) == 0);
        CHECK(before.st_ino == after.st_ino, "%s", layouts[i]);
    }
}

/* Two directories that changed places, and could not be changed back: the old one is not to be removed. */
TEST(the_directory_behind_a_stand_in)
{
    AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
    AUTO(free) char *live = NULL;
    struct error err = { 0 };

    REQUIRE(mkdir(at("live/.a.next"), 0755) == 0);
    write_text(at("live/a/" LIVE_MARK), "");
    REQUIRE(live_drop(at("live/a"), at("live/.a.next"), &err), "%s", err.why);
    CHECK(file_is_dir(at("live/.a.next")), "it stays");
    REQUIRE(live_settle(at("live/a"), at("live/.a.next"), &err), "%s", err.why);
    CHECK(!file_exists(at("live/.a.next")), "until it has come back");
    live = names_in(at("live/a"));
    CHECK_TEXT(live, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "live");
}

/* ---- access control lists ---- */

static void put_list(const char *path, unsigned perm)
{
    AUTO(buf_clear) struct buf value = BUF(ACL_SIZE_MAX);
    struct acl acl = { .len = 5,
        .at = { { ACL_OWNER, 7, UINT32_MAX }, { ACL_USER, (uint16_t)perm, SOMEBODY },
            { ACL_OWNING_GROUP, 0, UINT32_MAX }, { ACL_MASK, (uint16_t)perm, UINT32_MAX },
            { ACL_OTHER, 0, UINT32_MAX } } };

    acl_put(&acl, &value);
    REQUIRE(setxattr(path, "system.posix_acl_access", value.at, value.len, 0) == 0, "%s: %s", path, strerror(errno));
}

static void take_list(const char *path, mode_t mode)
{
    REQUIRE(
        chmod(path, mode) == 0 && removexattr(path, "system.posix_acl_access") == 0, "%s: %s", path, strerror(errno));
}

/* The permissions of the user whom the list names, and of the owning group. */
static void check_list(const char *path, unsigned user, unsigned group, const char *name)
{
    struct error err = { 0 };
    struct stat st;
    struct acl acl;

    REQUIRE(stat(path, &st) == 0 && acl_of_path(path, &st, &acl, &err), "%s: %s", name, err.why);
    CHECK_INT(acl_user_may(&acl, st.st_gid, &(struct acl_user){ .uid = SOMEBODY }), user, name);
    CHECK_INT(acl_group_may(&acl, st.st_gid, st.st_gid), group, name);
}

TEST(lists_go_along)
{
    const char *const layouts[] = { "versioned", "certbot" };

    for (size_t i = 0; i < COUNT(layouts); i++) {
        AUTO(world_clear) struct world world = world_new(layouts[i]);
        AUTO(free) char *key = NULL;

        if (!has_lists())
            return;
        key = i == 0 ? xstrdup(at("live/a/privkey.pem")) : xstrdup(at("archive/a/privkey2.pem"));
        put_list(at("live/a"), 5);
        put_list(key, 4);
        world_add(&world, 'a');
        check_list(at("live/a"), 5, 0, layouts[i]);
        check_list(at("live/a/privkey.pem"), 4, 0, "the key of the next version");
    }
}

TEST(lists_that_were_taken_away)
{
    AUTO(world_clear) struct world world = world_new("versioned");

    if (!has_lists())
        return;
    put_list(at("live/a"), 5);
    put_list(at("live/a/privkey.pem"), 4);
    restore(&world, OLD); /* b keeps its lists in the archive */
    check_list(at("live/a"), 5, 0, "the live one had it");
    check_list(at("live/a/privkey.pem"), 4, 0, "its key, too");
    take_list(at("live/a"), 0700);
    take_list(at("live/a/privkey.pem"), 0600);
    check_list(at("archive/a/" NEW "/privkey.pem"), 4, 0, "as it was when it was put away");
    restore(&world, NEW);
    check_list(at("live/a"), 0, 0, "nobody was asked for any more");
    check_list(at("live/a/privkey.pem"), 0, 0, "the key");
    CHECK_INT(mode_of(at("live/a")), 0700, "mode");
    CHECK_INT(mode_of(at("live/a/privkey.pem")), 0600, "mode");
}

/* Settings for owner, group or mode replace access control lists set by hand. */
TEST(lists_that_wishes_replace)
{
    static const struct {
        const char *name;
        struct ownership key;
        unsigned user, owning;
    } cases[] = {
        { "a mode", { .uid = (uid_t)-1, .gid = (gid_t)-1, .mode = 0640 }, 0, 4 },
        { "a group", { .uid = (uid_t)-1, .gid = 54321 }, 0, 4 },
        { "nothing", { .uid = (uid_t)-1, .gid = (gid_t)-1 }, 4, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
        const struct ownerships wanted = { .key = cases[i].key, .cert = { .uid = (uid_t)-1, .gid = (gid_t)-1 } };
        struct error err = { 0 };

        if (!has_lists() || geteuid() != 0)
            return;
        put_list(at("live/a/privkey.pem"), 4);
        REQUIRE(access_apply(at("live/a/privkey.pem"), KIND_PRIVKEY, &wanted, &err), "%s: %s", cases[i].name, err.why);
        check_list(at("live/a/privkey.pem"), cases[i].user, cases[i].owning, cases[i].name);
    }
}

TEST_MAIN()
