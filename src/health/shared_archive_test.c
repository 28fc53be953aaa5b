/*
 * Two lineages whose renewal files name one archive directory: what one of them finds there may be the other's.
 */
#include <unistd.h>

#include "disk/layout.h"
#include "health/health.h"
#include "store/fixture.h"
#include "store/history.h"
#include "store/lineage_access.h"
#include "store/lineage_create.h"
#include "store/lineage_delete.h"

#define ONE "20261122T024405Z-" SERIAL_A
#define TWO "20261122T024405Z-" SERIAL_B

struct world {
    struct settings *settings;
    struct store *store;
};

/* "a" and "b", each with certificate a; b's renewal file names archive/a, and in Certbot's layout its links lead there.
 */
static struct world world_new(const char *layout)
{
    struct world world = { .settings = settings_here() };
    AUTO(free) char *conf = NULL, *edited = NULL, *line;

    xreplace(&world.settings->store_layout, layout);
    SETTING_MARK(world.settings, store_layout, ORIGIN_COMMAND_LINE);
    world.settings->history_keep = 3;
    world.store = store_here(world.settings);
    make_lineage(world.store, world.settings, "a");
    make_lineage(world.store, world.settings, "b");
    conf = read_text(at("renewal/b.conf"));
    line = strstr(conf, "/archive/b");
    REQUIRE(line != NULL);
    edited = xprintf("%.*s/archive/a%s", (int)(line - conf), conf, line + strlen("/archive/b"));
    line = NULL;
    write_text(at("renewal/b.conf"), edited);
    for (int kind = 0; kind < KIND_COUNT && strcmp(layout, "certbot") == 0; kind++) {
        const char *name = kind_name((enum kind)kind);
        AUTO(free) char *text = xprintf("../../archive/a/%s1.pem", name);

        REQUIRE(unlink(at("live/b/%s.pem", name)) == 0 && symlink(text, at("live/b/%s.pem", name)) == 0);
    }
    return world;
}

static void world_clear_at(struct world *world)
{
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}

/* It loads, is what was live, and changes nothing in the archive. */
static void check_left_alone(struct world *world, const char *lineage_name, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *before = names_in(at("archive/a")), *after = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(world->store, lineage_name, &lineage, &err), "%s: %s", name, err.why);
    CHECK_TEXT(lineage->cert->serial, SERIAL_A, name);
    CHECK(!lineage->pending_deployment, "%s: nothing of its own waits", name);
    after = names_in(at("archive/a"));
    CHECK_TEXT(after, before, name);
}

TEST(a_version_that_the_other_is_writing)
{
    AUTO(world_clear) struct world world = world_new("certbot");

    write_text(at("archive/a/cert2.pem"), pem_b);
    write_text(at("archive/a/privkey2.pem"), key_b);
    check_left_alone(&world, "a", "begun");
    write_text(at("archive/a/chain2.pem"), pem_ca);
    check_left_alone(&world, "b", "nearly done"); /* else it would be completed */
}

TEST(a_version_that_the_other_is_about_to_make_live)
{
    AUTO(world_clear) struct world certbots = world_new("certbot");
    AUTO(free) char *fullchain = xprintf("%s%s", pem_b, pem_ca);

    write_text(at("archive/a/cert2.pem"), pem_b);
    write_text(at("archive/a/privkey2.pem"), key_b);
    write_text(at("archive/a/chain2.pem"), pem_ca);
    write_text(at("archive/a/fullchain2.pem"), fullchain);
    check_left_alone(&certbots, "a", "certbot");
}

static void write_version(const char *dir)
{
    struct error err = { 0 };
    AUTO(free) char *fullchain = xprintf("%s%s", pem_b, pem_ca);

    REQUIRE(file_mkdirs(at("%s", dir), 0700, &err), "%s", err.why);
    write_text(at("%s/cert.pem", dir), pem_b);
    write_text(at("%s/privkey.pem", dir), key_b);
    write_text(at("%s/chain.pem", dir), pem_ca);
    write_text(at("%s/fullchain.pem", dir), fullchain);
}

TEST(directories_of_the_other)
{
    static const char *const dirs[] = { "archive/a/" TWO ".next", "archive/a/." TWO ".new", "archive/a/." TWO ".gone",
        "archive/a/" ONE ".next" }; /* the last: b was live in the other before */
    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(world_clear) struct world world = world_new("versioned");
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct issued issued = issued_of('a');
        struct error err = { 0 };

        write_version(dirs[i]);
        check_left_alone(&world, "a", dirs[i]);
        check_left_alone(&world, "b", dirs[i]);
        if (i > 0)
            continue;
        REQUIRE(lineage_load(world.store, "b", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(world.store, lineage, &issued, world.settings, &err), "%s", err.why);
        CHECK(file_is_dir(at("%s", dirs[i])), "it waits on, whatever the other makes live");
    }
}

TEST(a_conversion_of_the_other)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *names = NULL;
    struct error err = { 0 };

    write_version("archive/.a.convert/" TWO);
    CHECK(!lineage_load(world.store, "b", &lineage, &err), "nobody can tell whose");
    CHECK(strstr(err.why, "more than one certificate") != NULL && strstr(err.next, "archive_dir") != NULL, "%s (%s)",
        err.why, err.next);
    names = names_in(at("archive/.a.convert"));
    CHECK_TEXT(names, TWO, "not removed");
}

TEST(a_version_of_the_other_is_not_restored)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    write_version("archive/a/" TWO);
    REQUIRE(lineage_load(world.store, "b", &lineage, &err), "%s", err.why);
    CHECK(!lineage_restore(world.store, lineage, TWO, &now, &err), "it may be the other's");
    CHECK(strstr(err.why, "more than one certificate") != NULL, "%s", err.why);
    CHECK(file_is_dir(at("archive/a/" TWO)), "there it stays");
}

static void check_health(struct world *world, const char *want, const char *name)
{
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(list_clear) struct list codes = { 0 };
    AUTO(free) char *found = NULL;
    struct error err = { 0 };

    REQUIRE(health_examine(world->store, world->settings, "b", HEALTH_FIX, &findings, &err), "%s: %s", name, err.why);
    for (size_t i = 0; i < findings.len; i++) {
        CHECK(!findings.at[i].repaired && !finding_is_repairable(&findings.at[i]), "%s: %s", name, findings.at[i].code);
        list_add(&codes, findings.at[i].code);
    }
    found = list_join(&codes, " ");
    CHECK_TEXT(found, want, name);
}

/* As rsync without links leaves it: which version was live in "b", nothing says. */
TEST(nothing_is_repaired_by_what_may_be_of_the_other)
{
    AUTO(world_clear) struct world world = world_new("certbot");

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *name = kind_name((enum kind)kind);

        REQUIRE(link(at("archive/a/%s1.pem", name), at("archive/a/%s2.pem", name)) == 0);
    }
    check_health(&world, "archive-shared", "a version of the other");
    for (int kind = 0; kind < KIND_COUNT; kind++)
        REQUIRE(unlink(at("live/b/%s.pem", kind_name((enum kind)kind))) == 0);
    check_health(&world, "archive-shared live-link-missing", "no links");
    CHECK(!file_is_link(at("live/b/privkey.pem")), "whose key?");
}

TEST(modes_of_what_may_be_the_others)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    write_text(at("archive/a/cert2.pem"), pem_b);
    write_text(at("archive/a/privkey2.pem"), key_b);
    write_text(at("archive/a/chain2.pem"), pem_ca);
    write_text(at("archive/a/fullchain2.pem"), pem_b);
    REQUIRE(chmod(at("archive/a/privkey2.pem"), 0600) == 0);
    xreplace(&world.settings->key_mode, "0644");
    SETTING_MARK(world.settings, key_mode, ORIGIN_COMMAND_LINE);
    REQUIRE(lineage_load(world.store, "b", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_apply_access(world.store, lineage, world.settings, &err), "%s", err.why);
    CHECK_INT(mode_of(at("archive/a/privkey1.pem")), 0644, "live");
    CHECK_INT(mode_of(at("archive/a/privkey2.pem")), 0600, "it may be the key of a");
}

TEST(a_deletion_that_was_interrupted)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(free) char *names = NULL;
    struct error err = { 0 };
    bool found = false;

    REQUIRE(rename(at("renewal/a.conf"), at("renewal/.a.conf.gone")) == 0);
    REQUIRE(lineage_finish_delete(world.store, "a", &found, &err), "%s", err.why);
    names = names_in(at("archive/a"));
    CHECK(found && strstr(names, "privkey1.pem") != NULL, "b needs it: %s", names);
}

TEST_MAIN()
