/*
 * Tests that hold in both layouts: each test runs over each of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "disk/layout.h"
#include "disk/layouts.h"
#include "store/history.h"
#include "store/layout_world.h"
#include "store/lineage_create.h"
#include "store/lineage_delete.h"
#include "store/lineage_users.h"
#include "store/lineage_verify.h"

static struct world world_new(const char *layout)
{
    return world_new_of(layout, "a");
}

/* live has this certificate, and everything of it belongs together. */
static void check_live(const struct world *world, const char *serial, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(world->store, "a", &lineage, &err), "%s: %s", name, err.why);
    CHECK_TEXT(lineage->cert->serial, serial, name);
    CHECK(!lineage->pending_deployment, "%s", name);
    CHECK(lineage_verify(lineage, &err), "%s: %s", name, err.why);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *expected = read_text(lineage->current[kind]);
        AUTO(free) char *found = read_text(lineage->live[kind]);

        CHECK_TEXT(found, expected, lineage->live[kind]);
    }
}

TEST(a_new_one)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        CHECK_TEXT(lineage_layout(world.lineage), *layout, "layout");
        check_live(&world, SERIAL_A, *layout);
        CHECK_INT(mode_of(at("live/a/privkey.pem")), 0600, *layout);
        CHECK_INT(mode_of(at("live")), 0700, *layout);
        CHECK_INT(mode_of(at("archive")), 0700, *layout);
    }
}

TEST(the_next_version)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(history_clear) struct history history = { 0 };
        struct error err = { 0 };

        world_add(&world, 'b');
        check_live(&world, SERIAL_B, *layout);
        REQUIRE(lineage_history(world.lineage, &history, &err), "%s", err.why);
        REQUIRE(history.len == 2, "%s: %zu", *layout, history.len);
        CHECK_TEXT(history.at[0].cert->serial, SERIAL_A, *layout);
        CHECK(!history.at[0].live && history.at[1].live, "%s", *layout);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            CHECK(file_exists(history.at[0].path[kind]), "%s", history.at[0].path[kind]);
    }
}

TEST(an_old_version_again)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *first = NULL, *now = NULL;
        struct error err = { 0 };

        first = xstrdup(world.lineage->version);
        world_add(&world, 'b');
        REQUIRE(lineage_restore(world.store, world.lineage, first, &now, &err), "%s: %s", *layout, err.why);
        CHECK_TEXT(world.lineage->version, now, *layout);
        check_live(&world, SERIAL_A, *layout);
        CHECK(!lineage_restore(world.store, world.lineage, now, &first, &err), "%s: it is live", *layout);
        CHECK(strstr(err.why, " is live") != NULL, "%s", err.why);
        CHECK(!lineage_restore(world.store, world.lineage, "99", &first, &err), "%s", *layout);
        CHECK(strstr(err.why, "has no version 99") != NULL, "%s", err.why);
        world_add(&world, 'b'); /* the same certificate once more, as after a restored backup */
        check_live(&world, SERIAL_B, *layout);
    }
}

TEST(deleted)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *live = NULL, *archive = NULL;
        struct error err = { 0 };

        world_add(&world, 'b');
        REQUIRE(lineage_delete(world.store, "a", &err), "%s", err.why);
        live = names_in(at("live"));
        archive = names_in(at("archive"));
        CHECK_TEXT(live, "README", *layout);
        CHECK_TEXT(archive, "", *layout);
        CHECK(!store_has_lineage(world.store, "a"));
    }
}

TEST(found_by_path)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(history_clear) struct history history = { 0 };
        AUTO(free) char *name = NULL, *none = NULL;
        struct error err = { 0 };

        world_add(&world, 'b');
        REQUIRE(lineage_history(world.lineage, &history, &err), "%s", err.why);
        CHECK(store_find_by_path(world.store, history.at[0].path[KIND_FULLCHAIN], &name, &err), "%s", err.why);
        CHECK_TEXT(name, "a", *layout);
        CHECK(store_find_by_path(world.store, at("archive/a/privkey.pem"), &none, &err) && none == NULL, "%s", *layout);
    }
}

/* ---- what is not ours alone ---- */

static void add_until(struct world *world, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        world_add(world, i % 2 == 0 ? 'a' : 'b');
}

static void prune_to(struct world *world, int max)
{
    struct error err = { 0 };

    REQUIRE(lineage_prune(world->store, world->lineage, max, NULL, &err), "%s", err.why);
}

TEST(an_archive_that_another_uses_too)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(free) char *conf = read_text(at("renewal/a.conf"));
    AUTO(free) char *files = NULL;

    write_text(at("renewal/b.conf"), conf);
    world.settings->history_keep = 100;
    add_until(&world, 6);
    prune_to(&world, 1);
    files = names_in(at("archive/a"));
    CHECK(strstr(files, "privkey1.pem") != NULL, "%s", files);
}

TEST(live_files_that_another_uses_too)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        AUTO(free) char *conf = read_text(at("renewal/a.conf"));
        AUTO(free) char *other = xstrdup(conf);
        char *line = strstr(other, "archive_dir = ");
        struct error err = { 0 };

        memcpy(line, "archive_dxx", 11); /* another key: then the default of its name */
        write_text(at("renewal/b.conf"), other);
        CHECK(!lineage_delete(world.store, "b", &err), "%s", *layout);
        CHECK(strstr(err.why, "same live files") != NULL, "%s", err.why);
        check_live(&world, SERIAL_A, *layout);
    }
}

TEST(live_directories_with_other_things)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(free) char *meta = NULL;
    struct stat before, after;

    write_text(at("live/a/meta.txt"), "mine");
    REQUIRE(stat(at("live/a"), &before) == 0);
    world_add(&world, 'b');
    REQUIRE(stat(at("live/a"), &after) == 0);
    CHECK(before.st_ino == after.st_ino, "the directory stays");
    meta = read_text(at("live/a/meta.txt"));
    CHECK_TEXT(meta, "mine", "a name that is ours in the other layout only");
    REQUIRE(mkdir(at("live/a/conf.d"), 0755) == 0);
    world_add(&world, 'a');
    REQUIRE(stat(at("live/a/conf.d/.."), &before) == 0);
    CHECK(before.st_ino == after.st_ino, "with a directory in it, too");
    check_live(&world, SERIAL_A, "afterwards");
}

TEST(a_live_directory_that_is_a_link)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(rename(at("live/a"), at("live/elsewhere")) == 0 && symlink("elsewhere", at("live/a")) == 0);
    CHECK(!lineage_load(world.store, "a", &lineage, &err));
    CHECK(strstr(err.why, " is a link") != NULL, "%s", err.why);
}

TEST(a_choice_outlasts_what_was_waiting)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *first = xstrdup(world.lineage->version), *now = NULL, *dir = NULL, *next = NULL;
    struct error err = { 0 };

    world_add(&world, 'b');
    REQUIRE(lineage_restore(world.store, world.lineage, first, &now, &err), "%s", err.why);
    dir = xstrdup(at("archive/a/20261122T024405Z-" SERIAL_B)); /* back to when b had not become live yet */
    next = xprintf("%s.next", dir);
    REQUIRE(rename(dir, next) == 0);
    REQUIRE(lineage_reload(world.store, world.lineage, &err), "%s", err.why);
    CHECK(world.lineage->pending_deployment);
    world_add(&world, 'a'); /* the newest is made live, whatever waits */
    check_live(&world, SERIAL_A, "the newest");
}

/* ---- which layout a new one gets ---- */

TEST(a_store_keeps_its_layout)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(settings_free) struct settings *ours = settings_new(&voice_own);

    CHECK_TEXT(layout_for_new(world.store, ours)->name, "certbot", "as the first lineage");
    xreplace(&ours->store_layout, "versioned");
    SETTING_MARK(ours, store_layout, ORIGIN_COMMAND_LINE);
    CHECK_TEXT(layout_for_new(world.store, ours)->name, "versioned", "unless somebody says otherwise");
}

TEST(layout_of_a_new_store)
{
    AUTO(settings_free) struct settings *here = settings_here();
    AUTO(store_close) struct store *store = store_here(here);
    AUTO(settings_free) struct settings *ours = settings_new(&voice_own);
    AUTO(settings_free) struct settings *certbots = settings_new(&voice_certbot);

    CHECK_TEXT(layout_for_new(store, ours)->name, "versioned", "evercert");
    CHECK_TEXT(layout_for_new(store, certbots)->name, "certbot", "certbot");
}

TEST_MAIN()
