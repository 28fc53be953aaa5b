/*
 * The interface of layouts, kept by both: what a version is called, what is live, and what an interruption leaves.
 */
#include "disk/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/text.h"
#include "disk/test_lineage.h"

#define OLD "20261122T024405Z-" SERIAL_A
#define NEW "20261122T024405Z-" SERIAL_B
#define PLAIN "cert.pem chain.pem fullchain.pem meta.txt privkey.pem"

static struct world world_new(const char *layout)
{
    return world_new_of(layout, "a");
}

/* ---- versions ---- */

static char *ids_of(const struct lineage *lineage)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct error err = { 0 };

    REQUIRE(lineage->layout->list(lineage, &ids, &err), "%s", err.why);
    list_sort(&ids);
    return list_join(&ids, " ");
}

static char *live_id(const struct lineage *lineage)
{
    struct error err = { 0 };
    char *id = NULL;

    REQUIRE(lineage->layout->live(lineage, &id, &err), "%s", err.why);
    return id;
}

static const struct {
    const char *layout, *issued; /* one certificate after the other */
    const char *ids, *live;
} versions[] = {
    { "certbot", "a", "1", "1" },
    { "certbot", "ab", "1 2", "2" },
    { "certbot", "aba", "1 2 3", "3" },
    { "versioned", "a", OLD, OLD },
    { "versioned", "ab", OLD " " NEW, NEW },
};

TEST(what_versions_are_called)
{
    for (size_t i = 0; i < COUNT(versions); i++) {
        AUTO(world_clear) struct world world = world_new_of(versions[i].layout, versions[i].issued);
        const struct lineage *lineage = world.lineage;
        AUTO(free) char *ids = ids_of(lineage), *live = live_id(lineage);
        AUTO(free) char *file = lineage->layout->path(lineage, live, KIND_FULLCHAIN), *found = read_text(file);
        AUTO(free) char *wanted = read_text(lineage->live[KIND_FULLCHAIN]);

        CHECK_TEXT(ids, versions[i].ids, versions[i].layout);
        CHECK_TEXT(live, versions[i].live, versions[i].layout);
        CHECK_TEXT(lineage->version, live, "the newest is live");
        CHECK_TEXT(found, wanted, "where it keeps a file");
        CHECK(lineage->layout->has_version(lineage) && !lineage->pending_deployment && !lineage->unsettled, "%s",
            versions[i].layout);
        CHECK_INT(mode_of(lineage->live[KIND_PRIVKEY]), 0600, versions[i].layout);
    }
}

TEST(files_of_versions_are_known)
{
    static const struct {
        const char *layout, *path; /* below conf */
        bool want;
    } paths[] = {
        { "certbot", "archive/a/cert1.pem", true },
        { "certbot", "archive/a/fullchain2.pem", true },
        { "certbot", "archive/a/privkey1.pem", false },
        { "certbot", "archive/a/cert9.pem", false },
        { "certbot", "archive/b/cert1.pem", false },
        { "versioned", "archive/a/" OLD "/cert.pem", true },
        { "versioned", "archive/a/" OLD "/fullchain.pem", true },
        { "versioned", "archive/a/" OLD "/privkey.pem", false },
        { "versioned", "archive/a/cert.pem", false },
    };

    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO(world_clear) struct world world = world_new_of(paths[i].layout, "ab");

        CHECK(world.lineage->layout->has_version_file(world.lineage, at("%s", paths[i].path)) == paths[i].want,
            "%s: %s", paths[i].layout, paths[i].path);
    }
}

static void shell(const char *words)
{
    AUTO(free) char *command = xprintf("cd '%s' && %s", at("%s", ""), words);

    REQUIRE(system(command) == 0, "%s", command); /* NOLINT(cert-env33-c): a test's own words */
}

TEST(a_copy_that_a_user_keeps_is_no_version)
{
    AUTO(world_clear) struct world world = world_new_of("versioned", "ab");
    AUTO(free) char *ids = NULL;

    shell("cp -r archive/a/" OLD " archive/a/mine");
    ids = ids_of(world.lineage);
    CHECK_TEXT(ids, OLD " " NEW, "by its name");
}

TEST(an_old_version_again_and_the_other_one)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new_of(*layout, "ab");
        bool numbered = world.lineage->layout->numbered;
        AUTO(free) char *ids = NULL;

        restore(&world, numbered ? "1" : OLD);
        CHECK_TEXT(world.lineage->cert->serial, SERIAL_A, *layout);
        CHECK_TEXT(world.lineage->version, numbered ? "3" : OLD, "Certbot makes the highest number live");
        ids = ids_of(world.lineage);
        CHECK_TEXT(ids, numbered ? "1 2 3" : OLD " " NEW, *layout);
        restore(&world, numbered ? "2" : NEW);
        CHECK_TEXT(world.lineage->cert->serial, SERIAL_B, *layout);
    }
}

TEST(what_is_dropped_is_gone)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new_of(*layout, "ab");
        bool numbered = world.lineage->layout->numbered;
        AUTO(free) char *ids = NULL, *names = NULL;
        struct error err = { 0 };

        CHECK(world.lineage->layout->drop(world.lineage, numbered ? "1" : OLD, &err), "%s: %s", *layout, err.why);
        ids = ids_of(world.lineage);
        CHECK_TEXT(ids, numbered ? "2" : NEW, *layout);
        names = names_in(at("archive/a"));
        CHECK_TEXT(names, numbered ? "cert2.pem chain2.pem fullchain2.pem privkey2.pem" : "", *layout);
        check_text(at("live/a/cert.pem"), pem_b, *layout);
    }
}

static const struct {
    const char *name, *path; /* something that is there */
    const char *want;        /* what is taken; NULL: neither is */
    bool is_dir;
} taken[] = {
    { "nothing", NULL, NULL, false },
    { "an empty directory", "live/a", NULL, true },
    { "a file in its place", "live/a", "live/a", false },
    { "something in it", "archive/a/x", "archive/a", true },
};

static bool create(struct world *world, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    struct issued issued = issued_of('a');
    struct access access = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };

    TRY(world->lineage->layout->create(world->lineage, &issued, &access, &undo, err));
    undo_keep(&undo);
    return true;
}

TEST(places_that_are_taken)
{
    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(taken); i++) {
        struct world world = { plan(*layout) };
        const char *found;
        struct error err = { 0 };

        REQUIRE(file_mkdirs(at("live"), 0755, &err) && file_mkdirs(at("archive"), 0755, &err), "%s", err.why);
        if (taken[i].is_dir)
            REQUIRE(file_mkdirs(at("%s", taken[i].path), 0755, &err), "%s", err.why);
        else if (taken[i].path != NULL)
            write_text(at("%s", taken[i].path), "x");
        found = world.lineage->layout->taken(world.lineage);
        CHECK_TEXT(found, taken[i].want == NULL ? NULL : at("%s", taken[i].want), taken[i].name);
        CHECK(create(&world, &err) == (taken[i].want == NULL), "%s: %s", taken[i].name, err.why);
        CHECK(taken[i].path == NULL || taken[i].is_dir || file_exists(at("%s", taken[i].path)), "%s: it is gone",
            taken[i].name);
        world_clear_at(&world);
    }
}

TEST(what_is_removed)
{
    static const struct {
        bool whole;
        const char *archive; /* what is left there; NULL: not even the directory */
    } cases[] = { { true, NULL }, { false, "notes" } };

    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new_of(*layout, "ab");
        AUTO(free) char *archive = NULL;
        struct error err = { 0 };

        write_text(at("archive/a/notes"), "mine");
        CHECK(world.lineage->layout->remove(world.lineage, cases[i].whole, &err), "%s: %s", *layout, err.why);
        archive = file_exists(at("archive/a")) ? names_in(at("archive/a")) : NULL;
        CHECK_TEXT(archive, cases[i].archive, *layout);
        CHECK(!file_exists(at("live/a/cert.pem")) && !file_exists(at("live/a/privkey.pem")), "%s", *layout);
        CHECK(world.lineage->layout->remove(world.lineage, cases[i].whole, &err), "%s: again: %s", *layout, err.why);
    }
}

/* ---- interrupted work ---- */

/* Certificate a is superseded and b live; then the shell does what an interruption leaves, in the configuration
 * directory. */
#define EACH "for k in cert chain fullchain privkey; do "
#define LINKS_TO(number) EACH "ln -sfn ../../archive/a/${k}" number ".pem live/a/$k.pem; done"

static const struct {
    const char *name, *layout, *shell;
    const char *serial; /* of the newest */
    bool pending;       /* it waits to become live */
    const char *archive, *live;
} interrupted[] = {
    { "a version was added, and not made live", "certbot", LINKS_TO("1"), SERIAL_B, true,
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem privkey1.pem privkey2.pem",
        "README cert.pem chain.pem fullchain.pem privkey.pem" },
    { "a version was begun", "certbot", "cp archive/a/cert2.pem archive/a/cert3.pem", SERIAL_B, false,
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem privkey1.pem privkey2.pem",
        "README cert.pem chain.pem fullchain.pem privkey.pem" },
    { "the links were being switched: all four are put back", "certbot",
        EACH "ln -s ../../archive/a/${k}1.pem live/a/previous_$k.pem; done; rm archive/a/*2.pem", SERIAL_A, false,
        "cert1.pem chain1.pem fullchain1.pem privkey1.pem", "README cert.pem chain.pem fullchain.pem privkey.pem" },
    { "not all four are recorded: nothing was switched yet, or all was", "certbot",
        "ln -s ../../archive/a/cert1.pem live/a/previous_cert.pem", SERIAL_B, false,
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem privkey1.pem privkey2.pem",
        "README cert.pem chain.pem fullchain.pem previous_cert.pem privkey.pem" },

    { "a version was being written", "versioned", "mkdir archive/a/.20271122T024405Z-1a09.new", SERIAL_B, false, OLD,
        PLAIN },
    { "a version was being removed", "versioned", "mv archive/a/" OLD " archive/a/." OLD ".gone", SERIAL_B, false, "",
        PLAIN },
    { "a version was added, and not made live", "versioned", "mv archive/a/" OLD " archive/a/" OLD ".next", SERIAL_A,
        true, OLD ".next", PLAIN },
    { "it was made live, and what it stood in was not removed", "versioned", "cp -r live/a archive/a/" NEW ".next",
        SERIAL_B, false, OLD, PLAIN },
    { "half of a version", "versioned", "mkdir archive/a/.20271122T024405Z-1a09.next.new", SERIAL_B, false, OLD,
        PLAIN },
};

TEST(interruptions)
{
    for (size_t i = 0; i < COUNT(interrupted); i++) {
        AUTO(world_clear) struct world world = world_new_of(interrupted[i].layout, "ab");
        AUTO(free) char *archive = NULL, *live = NULL;
        struct error err = { 0 };

        shell(interrupted[i].shell);
        for (int turn = 0; turn < 2; turn++) {
            REQUIRE(world_reload(&world, &err), "%s: %s", interrupted[i].name, err.why);
            free(archive);
            free(live);
            archive = names_in(at("archive/a"));
            live = names_in(at("live/a"));
            CHECK_TEXT(world.lineage->cert->serial, interrupted[i].serial, interrupted[i].name);
            CHECK(world.lineage->pending_deployment == interrupted[i].pending, "%s", interrupted[i].name);
            CHECK_TEXT(archive, interrupted[i].archive, interrupted[i].name);
            CHECK_TEXT(live, interrupted[i].live, interrupted[i].name);
        }
    }
}

/* A version that waits is made live, and then waits no more. */
TEST(what_waits_becomes_live)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        const struct layout *of = world.lineage->layout;
        AUTO(undo) struct undo undo = { 0 };
        struct issued issued = issued_of('b');
        struct access access = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };
        AUTO(free) char *id = NULL;
        struct error err = { 0 };

        REQUIRE(of->add(world.lineage, &issued, &access, &undo, &id, &err), "%s: %s", *layout, err.why);
        undo_keep(&undo);
        REQUIRE(world_reload(&world, &err), "%s", err.why);
        CHECK(world.lineage->pending_deployment, "%s: it waits", *layout);
        check_text(at("live/a/cert.pem"), pem_a, *layout);
        CHECK(of->deploy(world.lineage, id, &err) && world_reload(&world, &err), "%s: %s", *layout, err.why);
        CHECK(!world.lineage->pending_deployment, "%s: it is live", *layout);
        check_text(at("live/a/cert.pem"), pem_b, *layout);
    }
}

/* A disk that is full in the middle: what was made goes again, and nothing waits. */
TEST(what_is_not_kept_is_undone)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *before = names_in(at("archive/a")), *after = NULL;
        struct error err = { 0 };

        {
            AUTO(undo) struct undo undo = { 0 };
            struct issued issued = issued_of('b');
            struct access access = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };
            AUTO(free) char *id = NULL;

            REQUIRE(world.lineage->layout->add(world.lineage, &issued, &access, &undo, &id, &err), "%s", err.why);
        }
        after = names_in(at("archive/a"));
        CHECK_TEXT(after, before, *layout);
        REQUIRE(world_reload(&world, &err), "%s", err.why);
        CHECK(!world.lineage->pending_deployment, "%s", *layout);
    }
}

/* ---- what else is in a directory ---- */

TEST(versioned_has_plain_files)
{
    AUTO(world_clear) struct world world __attribute__((unused)) = world_new("versioned");
    AUTO(free) char *files = names_in(at("live/a"));
    AUTO(free) char *archive = names_in(at("archive/a"));
    AUTO(free) char *meta = read_text(at("live/a/meta.txt"));
    struct stat st;

    CHECK_TEXT(files, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "live");
    CHECK_TEXT(archive, "", "archive");
    CHECK(lstat(at("live/a/cert.pem"), &st) == 0 && S_ISREG(st.st_mode));
    CHECK(strstr(meta, "names: a.example, www.a.example\n") != NULL, "%s", meta);
    CHECK(strstr(meta, "serial: " SERIAL_A "\n") != NULL, "%s", meta);
    CHECK(strstr(meta, "key type: ECDSA 256\n") != NULL, "%s", meta);
    CHECK(strstr(meta, "issuer: Test CA\n") != NULL, "%s", meta);
    CHECK_INT(mode_of(at("archive/a")), 0700, "nobody else's");
}

TEST(access_is_handed_on)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        REQUIRE(chmod(at("live/a/privkey.pem"), 0644) == 0);
        world_add(&world, 'b');
        CHECK_INT(mode_of(at("live/a/privkey.pem")), 0644, *layout);
    }
}

TEST(what_a_user_keeps_beside)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *files = NULL, *text = NULL, *old = NULL;

    write_text(at("live/a/haproxy.pem"), "mine");
    REQUIRE(symlink("cert.pem", at("live/a/server.crt")) == 0);
    REQUIRE(mkdir(at("live/a/extra"), 0755) == 0);
    write_text(at("live/a/extra/x"), "x");
    REQUIRE(chmod(at("live/a"), 0750) == 0);
    world_add(&world, 'b');
    files = names_in(at("live/a"));
    CHECK_TEXT(files, "cert.pem chain.pem extra fullchain.pem haproxy.pem meta.txt privkey.pem server.crt", "live");
    text = read_text(at("live/a/haproxy.pem"));
    CHECK_TEXT(text, "mine", "content");
    CHECK_TEXT(link_text(at("live/a/server.crt")), "cert.pem", "link");
    CHECK(file_exists(at("live/a/extra/x")));
    CHECK_INT(mode_of(at("live/a")), 0750, "mode");
    old = names_in(at("archive/a/" OLD));
    CHECK_TEXT(old, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "the old one has what is its own");
}

/* As a container does that has it mounted. */
TEST(a_directory_that_is_held_open)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(close) int dir = open(at("live/a"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO(close) int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        char events[4096];

        REQUIRE(mkdir(at("live/a/conf.d"), 0755) == 0);
        REQUIRE(inotify_add_watch(watch, at("live/a"), IN_MOVED_TO) >= 0);
        for (const char *which = "ba"; *which != '\0'; which++) {
            AUTO(close) int cert = -1;
            char text[8192] = "";

            world_add(&world, *which);
            cert = openat(dir, "cert.pem", O_RDONLY | O_CLOEXEC);
            REQUIRE(cert >= 0 && read(cert, text, sizeof text - 1) > 0, "%s", *layout);
            CHECK_TEXT(text, *which == 'a' ? pem_a : pem_b, *layout);
            CHECK(read(watch, events, sizeof events) > 0, "%s: who watches sees the change", *layout);
            CHECK(faccessat(dir, "conf.d", F_OK, 0) == 0, "%s: a user's directory stays", *layout);
        }
    }
}

/* Some Certbots made a link to the old key where it was kept. */
TEST(a_key_that_a_newer_one_links_to)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(free) char *key = NULL;
    struct error err = { 0 };

    world_add(&world, 'b');
    write_text(at("archive/a/privkey1.pem"), key_b);
    REQUIRE(unlink(at("archive/a/privkey2.pem")) == 0);
    REQUIRE(symlink("privkey1.pem", at("archive/a/privkey2.pem")) == 0);
    REQUIRE(layout_certbot.drop(world.lineage, "1", &err), "%s", err.why);
    key = read_text(at("live/a/privkey.pem"));
    CHECK_TEXT(key, key_b, "the key of the live version");
    CHECK(!file_exists(at("archive/a/cert1.pem")));
}
TEST_MAIN()
