/*
 * Tests refusals of the file system, and states that other processes can see only for a moment: its calls go by way of
 * this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "access/traversal.h"
#include "disk/layout.h"
#include "store/convert.h"
#include "store/fixture.h"
#include "store/history.h"
#include "store/lineage_create.h"
#include "store/lineage_delete.h"
#include "store/lineage_verify.h"

static bool apart;                     /* live/ is on another file system than archive/ */
static void (*linked)(const char *to); /* called after each link */
static int no_links;                   /* errno of making symbolic links; 0: it succeeds */

static bool is_in(const char *path, const char *part)
{
    return strncmp(path, at("%s/", part), strlen(at("%s/", part))) == 0;
}

int rename(const char *from, const char *to)
{
    if (apart && is_in(from, "archive") && is_in(to, "live")) {
        errno = EXDEV;
        return -1;
    }
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to)
{
    int result = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);

    if (result == 0 && linked != NULL)
        linked(to);
    return result;
}

int symlink(const char *text, const char *to)
{
    if (no_links != 0) {
        errno = no_links;
        return -1;
    }
    return (int)syscall(SYS_symlinkat, text, AT_FDCWD, to);
}

struct world {
    struct settings *settings;
    struct store *store;
};

static struct world world_new(const char *layout)
{
    struct world world = { .settings = settings_of(layout) };

    REQUIRE(chmod(test_dir(), 0755) == 0);
    world.store = store_here(world.settings);
    return world;
}

static void world_clear_at(struct world *world)
{
    apart = false;
    linked = NULL;
    no_links = 0;
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}

TEST(a_new_one_across_file_systems)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *archive = NULL, *live = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    apart = true;
    REQUIRE(lineage_create(world.store, "a", &issued, world.settings, &lineage, &err), "%s", err.why);
    CHECK(lineage_verify(lineage, &err), "%s", err.why);
    live = names_in(at("live/a"));
    archive = names_in(at("archive/a"));
    CHECK_TEXT(live, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "live");
    CHECK_TEXT(archive, "", "nothing is left behind");
}

/* ---- what was begun before ---- */

/* A file of a version as issued_of has it, in DIR. */
static void write_version(const char *dir, char which)
{
    struct issued issued = issued_of(which);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0700, &err), "%s", err.why);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = xprintf("%s/%s.pem", dir, kind_name((enum kind)kind));

        REQUIRE(file_replace(path, issued_part(&issued, (enum kind)kind), FILE_PRIVATE, &err), "%s", err.why);
    }
}

#define OLD "20261122T024405Z-" SERIAL_A
#define NEW "20261122T024405Z-" SERIAL_B

/* An entry of the same name does not keep a new certificate from being saved and made live. */
TEST(the_same_version_twice)
{
    static const struct {
        const char *name, *dir;
        char which;
    } cases[] = { { "it waits already", "archive/a/" NEW ".next", 'b' },
        { "an old one waits once more", "archive/a/" OLD ".next", 'a' },
        { "it is superseded", "archive/a/" NEW, 'b' } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new("versioned");
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(free) char *key = NULL, *archive = NULL;
        struct issued b = issued_of('b');
        struct error err = { 0 };

        make_lineage(world.store, world.settings, "a");
        REQUIRE(lineage_load(world.store, "a", &lineage, &err), "%s", err.why);
        if (cases[i].which == 'a') {
            REQUIRE(lineage_add_version(world.store, lineage, &b, world.settings, &err), "%s", err.why);
        }
        write_version(at("%s", cases[i].dir), cases[i].which);
        REQUIRE(lineage_add_version(world.store, lineage, &b, world.settings, &err), "%s: %s: %s", cases[i].name,
            err.what, err.why);
        CHECK_TEXT(lineage->cert->serial, SERIAL_B, cases[i].name);
        CHECK(!lineage->pending_deployment && lineage_verify(lineage, &err), "%s: %s", cases[i].name, err.why);
        key = read_text(at("live/a/privkey.pem"));
        CHECK_TEXT(key, key_b, cases[i].name);
        archive = names_in(at("archive/a"));
        CHECK_TEXT(archive, OLD, cases[i].name);
    }
}

/* A version that could not be restored is not made live by the next renewal, which was not asked to. */
TEST(a_restore_that_failed)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *now = NULL, *archive = NULL;
    struct issued b = issued_of('b');
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "a");
    REQUIRE(lineage_load(world.store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_add_version(world.store, lineage, &b, world.settings, &err), "%s", err.why);
    no_links = EIO;
    CHECK(!lineage_restore(world.store, lineage, "1", &now, &err) && err.sys == EIO, "%s", err.why);
    no_links = 0;
    archive = names_in(at("archive/a"));
    CHECK(strstr(archive, "3.pem") == NULL, "%s", archive);
    REQUIRE(lineage_reload(world.store, lineage, &err), "%s", err.why);
    CHECK(!lineage->pending_deployment, "nothing waits");
    CHECK_TEXT(lineage->cert->serial, SERIAL_B, "live");
}

/* ---- keys that others might read ---- */

static int seen; /* keys that could be read at some moment */

static void look(const char *to)
{
    AUTO(free) char *obstacle = NULL;

    if (strncmp(file_basename(to), "privkey", strlen("privkey")) == 0 &&
        access_may_reach(to, (uid_t)-1, (gid_t)-1, &obstacle))
        seen++;
}

/* Keys of old, which only closed directories protect. */
TEST(converting_keys_that_are_open)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(history_clear) struct history history = { 0 };
    struct issued issued = issued_of('b');
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "a");
    REQUIRE(lineage_load(world.store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_add_version(world.store, lineage, &issued, world.settings, &err), "%s", err.why);
    REQUIRE(lineage_history(lineage, &history, &err), "%s", err.why);
    for (size_t i = 0; i < history.len; i++)
        REQUIRE(chmod(history.at[i].path[KIND_PRIVKEY], 0644) == 0);
    REQUIRE(chmod(at("archive"), 0755) == 0 && chmod(at("live"), 0755) == 0);
    linked = look;
    REQUIRE(lineage_convert(world.store, "a", "certbot", false, &done, &err), "%s", err.why);
    CHECK_INT(seen, 0, "keys that could be read meanwhile");
    CHECK_INT(mode_of(at("archive/a")), 0755, "the archive");
    CHECK_INT(mode_of(at("archive/a/privkey1.pem")), 0640, "a key");
}

/* ---- keys that are removed ---- */

static bool is_wiped(int fd)
{
    char text[64] = "";
    ssize_t got = pread(fd, text, sizeof text, 0);

    for (ssize_t i = 0; i < got; i++)
        if (text[i] != '\0')
            return false;
    return got > 0;
}

static int open_key(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    REQUIRE(fd >= 0, "%s", path);
    return fd;
}

TEST(deleted_keys_are_overwritten)
{
    static const struct {
        const char *layout;
        mode_t mode;
    } cases[] = { { "certbot", 0600 }, { "versioned", 0600 }, { "certbot", 0400 }, { "versioned", 0400 } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new(cases[i].layout);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(history_clear) struct history history = { 0 };
        struct issued issued = issued_of('b');
        struct error err = { 0 };
        int fds[2];

        make_lineage(world.store, world.settings, "a");
        REQUIRE(lineage_load(world.store, "a", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(world.store, lineage, &issued, world.settings, &err), "%s", err.why);
        REQUIRE(lineage_history(lineage, &history, &err) && history.len == 2, "%s", err.why);
        for (size_t k = 0; k < 2; k++) {
            REQUIRE(chmod(history.at[k].path[KIND_PRIVKEY], cases[i].mode) == 0);
            fds[k] = open_key(history.at[k].path[KIND_PRIVKEY]);
        }
        REQUIRE(lineage_delete(world.store, "a", &err), "%s", err.why);
        for (size_t k = 0; k < 2; k++) {
            CHECK(is_wiped(fds[k]), "%s, mode %o: %s", cases[i].layout, cases[i].mode, history.at[k].id);
            close_at(&fds[k]);
        }
    }
}

TEST(pruned_keys_are_overwritten)
{
    const char *const layouts[] = { "certbot", "versioned" };

    for (size_t i = 0; i < COUNT(layouts); i++) {
        AUTO(world_clear) struct world world = world_new(layouts[i]);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(history_clear) struct history history = { 0 };
        AUTO(close) int fd = -1;
        AUTO(close) int twin = -1;
        struct issued a = issued_of('a'), b = issued_of('b');
        struct error err = { 0 };

        make_lineage(world.store, world.settings, "a");
        REQUIRE(lineage_load(world.store, "a", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(world.store, lineage, &b, world.settings, &err), "%s", err.why);
        REQUIRE(lineage_history(lineage, &history, &err), "%s", err.why);
        fd = open_key(history.at[0].path[KIND_PRIVKEY]);
        REQUIRE(lineage_add_version(world.store, lineage, &a, world.settings, &err), "%s", err.why); /* once more */
        REQUIRE(lineage_prune(world.store, lineage, 1, NULL, &err), "%s", err.why);
        CHECK(is_wiped(fd), "%s", layouts[i]);
        /* a file with a second name is in use */
        REQUIRE(link(lineage->current[KIND_PRIVKEY], at("backup")) == 0);
        twin = open_key(at("backup"));
        REQUIRE(lineage_delete(world.store, "a", &err), "%s", err.why);
        CHECK(!is_wiped(twin), "%s", layouts[i]);
    }
}

TEST_MAIN()
