/*
 * Removing versions: what is of no use goes, with its key, and nothing else. Restoring is in layout_test.c, the rule in
 * retention_test.c.
 */
#include "store/history.h"

#include <unistd.h>

#include "disk/layout.h"
#include "store/layout_world.h"
#include "store/lineage_verify.h"

/* Certificate a is superseded and b live. */
static struct world world_new(const char *layout)
{
    return world_new_of(layout, "ab");
}

static void prune(struct world *world, int max, const char *want, const char *name)
{
    AUTO(list_clear) struct list removed = { 0 };
    AUTO(free) char *ids = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_prune(world->store, world->lineage, max, &removed, &err), "%s: %s", name, err.why);
    ids = list_join(&removed, " ");
    CHECK_TEXT(ids, want, name);
    CHECK(lineage_verify(world->lineage, &err), "%s: %s", name, err.why);
}

static void restore(struct world *world, const char *id)
{
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_restore(world->store, world->lineage, id, &now, &err), "%s", err.why);
}

TEST(nothing_to_remove)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);

        prune(&world, 1, "", *layout);
        prune(&world, 3, "", *layout);
    }
}

TEST(a_copy_of_the_live_one_in_certbots_layout)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(free) char *archive = NULL;

    restore(&world, "1"); /* is 3 now, too */
    prune(&world, HISTORY_AS_CERTBOT, "", "Certbot would keep it");
    prune(&world, 3, "1", "a copy");
    archive = names_in(at("archive/a"));
    CHECK_TEXT(archive,
        "cert2.pem cert3.pem chain2.pem chain3.pem fullchain2.pem fullchain3.pem privkey2.pem privkey3.pem", "archive");
}

TEST(live_and_superseded_by_one_name)
{
    AUTO(world_clear) struct world world = world_new("versioned");
    AUTO(free) char *archive = NULL, *live = NULL;
    const char *old = at("archive/a/20261122T024405Z-1a02");

    REQUIRE(mkdir(old, 0755) == 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = read_text(at("live/a/%s.pem", kind_name((enum kind)kind)));

        write_text(at("archive/a/20261122T024405Z-1a02/%s.pem", kind_name((enum kind)kind)), text);
    }
    prune(&world, 3, "20261122T024405Z-1a02", "twice");
    archive = names_in(at("archive/a"));
    live = names_in(at("live/a"));
    CHECK_TEXT(archive, "20261122T024405Z-1a01", "archive");
    CHECK_TEXT(live, "cert.pem chain.pem fullchain.pem meta.txt privkey.pem", "live");
    prune(&world, 3, "", "once");
}

TEST(what_is_no_certificate)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_new(*layout);
        bool numbers = strcmp(*layout, "certbot") == 0;
        AUTO(history_clear) struct history history = { 0 };
        struct error err = { 0 };

        restore(&world, numbers ? "1" : "20261122T024405Z-1a01");
        write_text(at(numbers ? "archive/a/cert1.pem" : "archive/a/20261122T024405Z-1a02/cert.pem"), "x");
        REQUIRE(lineage_history(world.lineage, &history, &err), "%s", err.why);
        CHECK(history.at[0].cert == NULL && !history.at[0].live, "%s: first, and listed all the same", *layout);
        prune(&world, 1, "", "what cannot be read now may be good");
    }
}

TEST_MAIN()
