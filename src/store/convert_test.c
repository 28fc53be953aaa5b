/*
 * Converting there and back; what is refused; every state that an interruption can leave.
 */
#include "store/convert.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/traversal.h"
#include "disk/convert_in_place.h"
#include "disk/layouts.h"
#include "store/convert_build.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/lineage_delete.h"
#include "store/lineage_verify.h"

struct world {
    struct settings *settings;
    struct store *store;
};

/* "a", with certificate a superseded and b live; a line of a user's in the renewal file, and files in the directories.
 */
static struct world world_new(const char *layout)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *conf = NULL, *more = NULL;
    struct world world = { .settings = settings_of(layout) };
    struct issued a = issued_of('a'), b = issued_of('b');
    struct error err = { 0 };

    world.store = store_here(world.settings);
    if (!lineage_create(world.store, "a", &a, world.settings, &lineage, &err) ||
        !lineage_add_version(world.store, lineage, &b, world.settings, &err))
        fail_msg("%s: %s: %s", layout, err.what, err.why);
    conf = read_text(at("renewal/a.conf"));
    more = xprintf("# mine\n%s", conf);
    write_text(at("renewal/a.conf"), more);
    write_text(at("live/a/haproxy.pem"), "mine");
    write_text(at("archive/a/notes"), "mine, too");
    return world;
}

static void world_clear_at(struct world *world)
{
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}

static struct lineage *load(struct world *world, const char *name)
{
    struct lineage *lineage = NULL;
    struct error err = { 0 };

    if (!lineage_load(world->store, "a", &lineage, &err))
        fail_msg("%s: %s %s", name, err.what, err.why);
    return lineage;
}

static const char *other(const char *layout)
{
    return strcmp(layout, "certbot") == 0 ? "versioned" : "certbot";
}

/* Everything is whole, of that layout, and nothing is left over. */
static void check_whole(struct world *world, const char *layout, const char *serial, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = load(world, name);
    AUTO(free)
    char *live = NULL, *archive = NULL, *notes = read_text(at("archive/a/notes")),
         *haproxy = read_text(at("live/a/haproxy.pem"));
    struct error err = { 0 };

    live = names_in(at("live"));
    archive = names_in(at("archive"));
    CHECK_TEXT(lineage_layout(lineage), layout, name);
    CHECK_TEXT(lineage->cert->serial, serial, name);
    CHECK(!lineage->pending_deployment, "%s", name);
    CHECK(lineage_verify(lineage, &err), "%s: %s", name, err.why);
    CHECK_TEXT(live, "README a", name);
    CHECK_TEXT(archive, "a", name);
    CHECK_TEXT(notes, "mine, too", name);
    CHECK_TEXT(haproxy, "mine", name);
}

static void convert_to(struct world *world, const char *layout)
{
    AUTO(conversion_clear) struct conversion done = { 0 };
    struct error err = { 0 };

    REQUIRE(lineage_convert(world->store, "a", layout, false, &done, &err), "%s: %s: %s", layout, err.what, err.why);
    CHECK_TEXT(done.to, layout, "result");
}

TEST(to_versioned)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(free) char *files = NULL, *archive = NULL, *conf = NULL, *old = NULL, *meta = NULL, *ids = NULL;
    struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
    struct error err = { 0 };
    struct stat st;

    REQUIRE(chmod(at("archive/a/privkey1.pem"), 0640) == 0 && chmod(at("live/a"), 0750) == 0);
    REQUIRE(utimensat(AT_FDCWD, at("archive/a/cert1.pem"), times, 0) == 0);
    REQUIRE(lineage_convert(world.store, "a", "versioned", false, &done, &err), "%s", err.why);
    check_whole(&world, "versioned", SERIAL_B, "converted");
    ids = list_join(&done.new_ids, " ");
    CHECK_TEXT(ids, "20261122T024405Z-1a01 20261122T024405Z-1a02", "new names");
    files = names_in(at("live/a"));
    CHECK_TEXT(files, "cert.pem chain.pem fullchain.pem haproxy.pem meta.txt privkey.pem", "live");
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive, "20261122T024405Z-1a01 notes", "archive");
    old = names_in(at("archive/a/20261122T024405Z-1a01"));
    CHECK_TEXT(old, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "the old version");
    meta = read_text(at("live/a/meta.txt"));
    CHECK(strstr(meta, "serial: " SERIAL_B "\n") != NULL, "%s", meta);
    CHECK_INT(mode_of(at("archive/a/20261122T024405Z-1a01/privkey.pem")), 0640, "mode of a key");
    CHECK_INT(mode_of(at("live/a")), 0750, "mode of the live directory");
    CHECK_INT(mode_of(at("archive/a")), 0700, "mode of the archive");
    CHECK(stat(at("archive/a/20261122T024405Z-1a01/cert.pem"), &st) == 0 && st.st_mtime == 1000000000, "time");
    CHECK(st.st_nlink == 1, "no second name stays");
    CHECK(stat(at("archive/a/20261122T024405Z-1a01/meta.txt"), &st) == 0 && st.st_mtime == 1000000000,
        "time of meta.txt");
    conf = read_text(at("renewal/a.conf"));
    CHECK(strncmp(conf, "# mine\n", 7) == 0 && strstr(conf, "store_layout = versioned\n") != NULL, "%s", conf);
}

TEST(to_certbot)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(free) char *files = NULL, *archive = NULL, *conf = NULL, *ids = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_convert(world.store, "a", "certbot", false, &done, &err), "%s", err.why);
    check_whole(&world, "certbot", SERIAL_B, "converted");
    ids = list_join(&done.new_ids, " ");
    CHECK_TEXT(ids, "1 2", "new names");
    files = names_in(at("live/a"));
    CHECK_TEXT(files, "README cert.pem chain.pem fullchain.pem haproxy.pem privkey.pem", "live");
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive,
        "cert1.pem cert2.pem chain1.pem chain2.pem fullchain1.pem fullchain2.pem notes privkey1.pem "
        "privkey2.pem",
        "archive");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *want = xprintf("../../archive/a/%s2.pem", kind_name((enum kind)kind));

        CHECK_TEXT(link_text(at("live/a/%s.pem", kind_name((enum kind)kind))), want, "link");
    }
    CHECK_INT(mode_of(at("archive/a/privkey1.pem")), 0600, "key");
    CHECK_INT(mode_of(at("archive/a")), 0755, "archive, as Certbot has it");
    conf = read_text(at("renewal/a.conf"));
    CHECK(strncmp(conf, "# mine\n", 7) == 0 && strstr(conf, "store_layout") == NULL, "%s", conf);
}

TEST(an_older_version_is_live)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(lineage_free) struct lineage *lineage = load(&world, "before");
    AUTO(free) char *now = NULL, *first = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_restore(world.store, lineage, "20261122T024405Z-1a01", &now, &err), "%s", err.why);
    convert_to(&world, "certbot");
    check_whole(&world, "certbot", SERIAL_A, "what is live has the highest number");
    CHECK_TEXT(link_text(at("live/a/cert.pem")), "../../archive/a/cert2.pem", "link");
    first = read_text(at("archive/a/cert1.pem"));
    CHECK_TEXT(first, pem_b, "the other one");
}

TEST(there_and_back)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *before = read_text(at("renewal/a.conf")), *after = NULL;

        convert_to(&world, other(*layout));
        check_whole(&world, other(*layout), SERIAL_B, *layout);
        convert_to(&world, *layout);
        check_whole(&world, *layout, SERIAL_B, *layout);
        after = read_text(at("renewal/a.conf"));
        if (strcmp(*layout, "certbot") == 0)
            CHECK_TEXT(after, before, "renewal file");
        convert_to(&world, *layout); /* nothing to do */
        check_whole(&world, *layout, SERIAL_B, *layout);
    }
}

TEST(only_looked)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(conversion_clear) struct conversion done = { 0 };
        AUTO(free) char *before = names_in(at("archive/a")), *after = NULL;
        struct error err = { 0 };

        CHECK(lineage_convert(world.store, "a", other(*layout), true, &done, &err), "%s", err.why);
        CHECK_INT(done.old_ids.len, 2, *layout);
        after = names_in(at("archive/a"));
        CHECK_TEXT(after, before, *layout);
        check_whole(&world, *layout, SERIAL_B, *layout);
    }
}

/* After `history restore` in Certbot's layout a version is there twice. */
TEST(copies)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(lineage_free) struct lineage *lineage = load(&world, "before");
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(free) char *now = NULL, *archive = NULL, *ids = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_restore(world.store, lineage, "1", &now, &err), "%s", err.why);
    write_text(at("archive/a/chain1.pem"), "changed");
    CHECK(!lineage_convert(world.store, "a", "versioned", false, &done, &err));
    CHECK(strstr(err.why, "differ, but belong to the same certificate") != NULL, "%s", err.why);
    check_whole(&world, "certbot", SERIAL_A, "refused");
    write_text(at("archive/a/chain1.pem"), pem_ca);
    REQUIRE(lineage_convert(world.store, "a", "versioned", false, &done, &err), "%s", err.why);
    check_whole(&world, "versioned", SERIAL_A, "converted");
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive, "20261122T024405Z-1a02 notes", "archive");
    ids = list_join(&done.new_ids, " ");
    CHECK_TEXT(ids, "20261122T024405Z-1a01 20261122T024405Z-1a02 20261122T024405Z-1a01", "two become one");
}

TEST(one_that_waits)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        if (strcmp(*layout, "certbot") == 0) {
            for (int kind = 0; kind < KIND_COUNT; kind++) {
                AUTO(free) char *text = xprintf("../../archive/a/%s1.pem", kind_name((enum kind)kind));
                const char *link = at("live/a/%s.pem", kind_name((enum kind)kind));

                REQUIRE(unlink(link) == 0 && symlink(text, link) == 0);
            }
        } else {
            REQUIRE(rename(at("archive/a/20261122T024405Z-1a01"), at("archive/a/20261122T024405Z-1a01.next")) == 0);
        }
        convert_to(&world, other(*layout));
        lineage = load(&world, *layout);
        CHECK(lineage->pending_deployment, "%s", *layout);
        CHECK_TEXT(lineage->cert->serial, strcmp(*layout, "certbot") == 0 ? SERIAL_B : SERIAL_A, *layout);
        REQUIRE(lineage_fix_deployment(lineage, &err), "%s", err.why);
        check_whole(&world, other(*layout), strcmp(*layout, "certbot") == 0 ? SERIAL_B : SERIAL_A, *layout);
    }
}

/* ---- what is refused ---- */

#define OLD "archive/a/20261122T024405Z-1a01"

static const struct {
    const char *name, *layout, *path, *text; /* text NULL: removed; "->x": a link; "/": a directory */
    const char *why;
} damages[] = {
    { "a version that is not whole", "certbot", "archive/a/privkey1.pem", NULL,
        "belongs to a version that is not whole" },
    { "a version that is no certificate", "certbot", "archive/a/cert1.pem", "x", "is no certificate" },
    { "a file that is a link", "certbot", "archive/a/chain1.pem", "->chain2.pem", "is no file of its own" },
    { "the live key does not fit", "certbot", "archive/a/privkey2.pem", key_a, "has failed" },
    { "links of two versions", "certbot", "live/a/chain.pem", "->../../archive/a/chain1.pem", "is not of the version" },
    { "something of the other layout", "certbot", OLD, "/", "is of the other layout" },
    { "live files that are none", "certbot", "live/a/cert.pem", pem_b, "expected " },
    { "an old version that is not whole", "versioned", OLD "/chain.pem", NULL,
        "belongs to a version that is not whole" },
    { "an old version that is no certificate", "versioned", OLD "/cert.pem", "x", "is no certificate" },
    { "a user's file in an old version", "versioned", OLD "/mine", "x", "has no place for it" },
    { "a number", "versioned", "archive/a/cert1.pem", "x", "is of the other layout" },
    { "the key does not fit", "versioned", "live/a/privkey.pem", key_a, "has failed" },
    { "fullchain is another's", "versioned", "live/a/fullchain.pem", pem_a, "fullchain does not match" },
};

TEST(what_is_damaged)
{
    for (size_t i = 0; i < COUNT(damages); i++) {
        AUTO(world_clear) struct world world = world_new(damages[i].layout);
        AUTO(conversion_clear) struct conversion done = { 0 };
        AUTO(free) char *archive = NULL, *live = NULL, *conf = read_text(at("renewal/a.conf")), *after = NULL;
        const char *path = at("%s", damages[i].path), *text = damages[i].text;
        struct error err = { 0 };

        if (text != NULL && text[0] == '/') {
            REQUIRE(mkdir(path, 0700) == 0);
        } else {
            (void)unlink(path);
            if (text != NULL && text[0] == '-' && text[1] == '>')
                REQUIRE(symlink(text + 2, path) == 0);
            else if (text != NULL)
                write_text(path, text);
        }
        CHECK(!lineage_convert(world.store, "a", other(damages[i].layout), false, &done, &err), "%s", damages[i].name);
        CHECK(strstr(err.why, damages[i].why) != NULL || strstr(err.what, damages[i].why) != NULL, "%s: %s: %s",
            damages[i].name, err.what, err.why);
        CHECK(err.next[0] != '\0' || strstr(err.why, "expected") != NULL || strstr(err.what, "has failed") != NULL ||
                  strstr(err.why, "does not match") != NULL,
            "%s: what to do", damages[i].name);
        live = names_in(at("live"));
        archive = names_in(at("archive"));
        after = read_text(at("renewal/a.conf"));
        CHECK_TEXT(live, "README a", damages[i].name);
        CHECK_TEXT(archive, "a", damages[i].name);
        CHECK_TEXT(after, conf, damages[i].name);
    }
}

TEST(an_archive_of_two)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(free) char *conf = read_text(at("renewal/a.conf"));
    struct error err = { 0 };

    write_text(at("renewal/b.conf"), conf);
    CHECK(!lineage_convert(world.store, "a", "versioned", false, &done, &err));
    CHECK(strstr(err.why, "is the archive of more than one certificate") != NULL, "%s", err.why);
}

/* ---- interrupted ---- */

enum { BUILT = 1, COMMITTED = 2, FIRST = 4, SECOND = 8, ASIDE = 16, CLEANING = 32, IN_PLACE = 64 };

static const struct {
    const char *name;
    int done;
} states[] = {
    { "built", BUILT },
    { "partly built", BUILT | CLEANING },
    { "committed", BUILT | COMMITTED },
    { "committed, between two steps of the first switch", BUILT | COMMITTED | ASIDE },
    { "committed, first switch done", BUILT | COMMITTED | FIRST },
    { "committed, between two steps of the second switch", BUILT | COMMITTED | FIRST | ASIDE },
    { "committed, both done", BUILT | COMMITTED | FIRST | SECOND },
    { "committed, removing", BUILT | COMMITTED | FIRST | SECOND | CLEANING },
    { "taken back after the first switch", BUILT | FIRST },
    { "in place, first done", BUILT | COMMITTED | FIRST | IN_PLACE },
    { "in place, both done", BUILT | COMMITTED | FIRST | SECOND | IN_PLACE },
    { "in place, taken back after the first", BUILT | FIRST | IN_PLACE },
    { "in place, taken back after both", BUILT | FIRST | SECOND | IN_PLACE },
    { "taken back after both", BUILT | FIRST | SECOND },
};

static void exchange(const char *part)
{
    struct error err = { 0 };
    const char *dir = at("%s/a", part), *beside = at("%s/.a.convert", part);

    if (!file_exchange(dir, beside, &err)) {
        const char *spare = at("%s/.a.spare", part);

        REQUIRE(rename(dir, spare) == 0 && rename(beside, dir) == 0 && rename(spare, beside) == 0);
    }
}

/* Where they cannot change places. */
static void switch_in_place(const char *part, const char *to)
{
    AUTO(free) char *dir = xstrdup(at("%s/a", part)), *beside = xstrdup(at("%s/.a.convert", part));
    struct error err = { 0 };

    if (strcmp(part, "archive") == 0)
        REQUIRE(convert_archive_in_place(dir, beside, strcmp(to, "certbot") == 0, &err), "%s", err.why);
    else
        REQUIRE(convert_live_in_place(dir, beside, at("live/.a.convert.was"), true, &err), "%s", err.why);
}

static void switch_part(int done, const char *part, const char *to)
{
    if (done & IN_PLACE)
        switch_in_place(part, to);
    else
        exchange(part);
}

static void build(struct world *world, const char *to)
{
    AUTO(lineage_free) struct lineage *lineage = load(world, "building");
    struct part parts[2] = { { 0 } };
    struct plan plan = { .lineage = lineage, .to = layout_find(to), .parts = parts, .len = 2 };
    bool dates = strcmp(to, "versioned") == 0;
    char old_id[] = "20261122T024405Z-1a01", new_id[] = "20261122T024405Z-1a02", one[] = "1", two[] = "2";
    struct error err = { 0 };

    REQUIRE(lineage_history(lineage, &plan.history, &err) && plan.history.len == 2, "%s", err.why);
    parts[0] = (struct part){ .version = &plan.history.at[0], .id = dates ? old_id : one };
    parts[1] = (struct part){ .version = &plan.history.at[1], .id = dates ? new_id : two };
    REQUIRE(convert_build(&plan, &err), "%s: %s", to, err.why);
    history_clear(&plan.history);
}

static void commit(const char *to)
{
    AUTO(free) char *conf = read_text(at("renewal/a.conf")), *changed = NULL;
    static const char line[] = "store_layout = versioned\n";
    char *found = strstr(conf, line);

    if (strcmp(to, "versioned") == 0)
        changed = xprintf("%.*sstore_layout = versioned\n%s", 7, conf, conf + 7);
    else
        changed = xprintf("%.*s%s", (int)(found - conf), conf, found + strlen(line));
    write_text(at("renewal/a.conf"), changed);
}

TEST(interrupted)
{
    for (size_t i = 0; i < COUNT(states); i++)
        OVER_LAYOUTS(layout)
        {
            AUTO(world_clear) struct world world = world_new(*layout);
            const char *to = other(*layout), *first = strcmp(to, "certbot") == 0 ? "archive" : "live",
                       *second = strcmp(to, "certbot") == 0 ? "live" : "archive";
            AUTO(free) char *key = NULL;
            int done = states[i].done;

            build(&world, to);
            if (done & COMMITTED)
                commit(to);
            if (done & FIRST)
                switch_part(done, first, to);
            if (done & SECOND)
                switch_part(done, second, to);
            if (done & ASIDE) {
                const char *part = done & FIRST ? second : first;

                REQUIRE(rename(at("%s/a", part), at("%s/.a.convert.was", part)) == 0);
            } else {
                key = read_text(at("live/a/privkey.pem"));
                CHECK_TEXT(key, key_b, states[i].name);
            }
            if (done & CLEANING)
                (void)!(unlink(at("archive/.a.convert/privkey1.pem")) == 0 ||
                        unlink(at("archive/.a.convert/20261122T024405Z-1a01/privkey.pem")) == 0);
            check_whole(&world, done & COMMITTED ? to : *layout, SERIAL_B, states[i].name);
            convert_to(&world, done & COMMITTED ? *layout : to);
            check_whole(&world, done & COMMITTED ? *layout : to, SERIAL_B, states[i].name);
        }
}

/* A file in the archive under a name that the conversion wanted, and that is not its own, is not removed. */
TEST(undone_in_place)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *left = NULL;
    struct error err = { 0 };

    build(&world, "certbot");
    switch_in_place("archive", "certbot");
    write_text(at("archive/a/chain1.pem"), "another");
    CHECK(
        convert_archive_undo(at("archive/a"), at("archive/.a.convert"), layout_find("versioned"), &err), "%s", err.why);
    left = names_in(at("archive/a"));
    CHECK_TEXT(left, "20261122T024405Z-1a01 chain1.pem notes", "left");
}

/* Certbot takes names of up to 250 bytes, and ".NAME.convert.was" would be longer than a file name may be. */
TEST(the_longest_name)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(free) char *name = xprintf("%0*d", 250, 7), *now = NULL, *live = NULL, *archive = NULL, *renewal = NULL;
        AUTO(list_clear) struct list ids = { 0 };
        struct issued b = issued_of('b');
        struct error err = { 0 };
        const char *to[] = { other(*layout), *layout };

        make_lineage(world.store, world.settings, name);
        REQUIRE(lineage_load(world.store, name, &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(world.store, lineage, &b, world.settings, &err), "%s", err.why);
        REQUIRE(lineage_save_settings(lineage, world.settings, &err), "%s", err.why);
        REQUIRE(lineage->layout->list(lineage, &ids, &err), "%s", err.why);
        REQUIRE(lineage_restore(world.store, lineage, ids.at[0], &now, &err), "%s", err.why);
        CHECK(!lineage_check_name(world.store, name, &err) && strstr(err.why, "no room") != NULL, "%s", err.why);
        for (size_t i = 0; i < COUNT(to); i++) {
            AUTO(conversion_clear) struct conversion done = { 0 };
            AUTO(lineage_free) struct lineage *converted = NULL;

            REQUIRE(lineage_convert(world.store, name, to[i], false, &done, &err), "%s: %s", to[i], err.why);
            REQUIRE(rename(at("live/%s", name), at("live/.%.*s", 20, name)) == 0); /* between two steps */
            {
                AUTO(free) char *path = xstrdup(at("live/%s", name)), *aside = file_beside(path, "convert.was");

                REQUIRE(rename(at("live/.%.*s", 20, name), aside) == 0, "%zu bytes", strlen(file_basename(aside)));
            }
            REQUIRE(lineage_load(world.store, name, &converted, &err), "%s: %s", to[i], err.why);
            CHECK_TEXT(converted->cert->serial, SERIAL_A, to[i]);
        }
        REQUIRE(lineage_delete(world.store, name, &err), "%s", err.why);
        live = names_in(at("live"));
        archive = names_in(at("archive"));
        renewal = names_in(at("renewal"));
        CHECK_TEXT(live, "README a", *layout);
        CHECK_TEXT(archive, "a", *layout);
        CHECK_TEXT(renewal, "a.conf", *layout);
    }
}

/* Certbot's goes, and ours; what somebody wrote there himself stays, all the way. */
TEST(a_readme)
{
    static const struct {
        const char *name, *text;
        bool stays;
    } cases[] = {
        { "a user's", "Ask Bob before you touch this.\n", true },
        { "a user's about the files", "Exim reads privkey.pem and fullchain.pem: ask Bob before you touch them.\n",
            true },
        { "Certbot's",
            "This directory contains your keys and certificates.\n\n`privkey.pem`  : the private key for your "
            "certificate.\n`fullchain.pem`: the certificate file used in most server software.\n",
            false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(free) char *text = NULL, *back = NULL;

        write_text(at("live/a/README"), cases[i].text);
        convert_to(&world, "versioned");
        check_whole(&world, "versioned", SERIAL_B, cases[i].name);
        text = read_text(at("live/a/README"));
        CHECK_TEXT(text, cases[i].stays ? cases[i].text : NULL, cases[i].name);
        convert_to(&world, "certbot");
        back = read_text(at("live/a/README"));
        CHECK((strcmp(back, cases[i].text) == 0) == cases[i].stays, "%s: %s", cases[i].name, back);
    }
}

/* A user's meta.txt would be taken for ours from then on. */
TEST(a_file_with_a_name_of_ours)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(conversion_clear) struct conversion done = { 0 };
    AUTO(free) char *mine = NULL;
    struct error err = { 0 };

    write_text(at("live/a/meta.txt"), "mine");
    CHECK(!lineage_convert(world.store, "a", "versioned", false, &done, &err), "converted");
    CHECK(strstr(err.why, "uses itself") != NULL && strstr(err.next, "another name") != NULL, "%s (%s)", err.why,
        err.next);
    mine = read_text(at("live/a/meta.txt"));
    CHECK_TEXT(mine, "mine", "as it was");
}

TEST(interrupted_and_deleted)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *live = NULL, *archive = NULL;
        struct error err = { 0 };

        build(&world, other(*layout));
        CHECK(lineage_delete(world.store, "a", &err), "%s", err.why);
        live = names_in(at("live"));
        archive = names_in(at("archive"));
        CHECK_TEXT(live, "README a", "a user's file keeps the directory");
        CHECK(strstr(archive, "convert") == NULL, "%s", archive);
    }
}

/* ---- who may read keys ---- */

/* "old", in directories as the way to a store usually is. */
static struct world world_of_old(void)
{
    struct world world = { .settings = settings_of("certbot") };

    REQUIRE(chmod(test_dir(), 0755) == 0);
    world.store = store_here(world.settings);
    make_lineage(world.store, world.settings, "old");
    return world;
}

static void check_reach(const char *path, bool want, const char *name)
{
    AUTO(free) char *obstacle = NULL;

    CHECK(access_may_reach(path, (uid_t)-1, (gid_t)-1, &obstacle) == want, "%s: %s", name,
        obstacle == NULL ? "open" : obstacle);
}

/* A key of an ancient Certbot leaves the closed archive for live/, which others pass. */
TEST(converting_an_open_key)
{
    for (int closed = 0; closed < 2; closed++) {
        AUTO(world_clear) struct world world = world_of_old();
        AUTO(conversion_clear) struct conversion done = { 0 };
        struct error err = { 0 };

        REQUIRE(chmod(at("live/old/privkey.pem"), 0644) == 0 && chmod(at("live"), closed ? 0700 : 0711) == 0);
        REQUIRE(lineage_convert(world.store, "old", "versioned", false, &done, &err), "%s", err.why);
        check_reach(at("live/old/privkey.pem"), false, "converted");
        CHECK_INT(mode_of(at("live/old/privkey.pem")), closed ? 0644 : 0640, "mode");
    }
}

/* Where everybody read it before, everybody does. */
TEST(converting_a_key_that_everybody_reads)
{
    AUTO(world_clear) struct world world = world_of_old();
    AUTO(conversion_clear) struct conversion done = { 0 };
    struct error err = { 0 };

    REQUIRE(chmod(at("live/old/privkey.pem"), 0644) == 0);
    REQUIRE(chmod(at("live"), 0755) == 0 && chmod(at("archive"), 0755) == 0);
    check_reach(at("live/old/privkey.pem"), true, "before");
    REQUIRE(lineage_convert(world.store, "old", "versioned", false, &done, &err), "%s", err.why);
    check_reach(at("live/old/privkey.pem"), true, "converted");
}

TEST_MAIN()
