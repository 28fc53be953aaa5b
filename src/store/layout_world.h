#pragma once
/*
 * For tests that run over both layouts: a store with the lineage "a". Included by test programs only, once each.
 */
#include "store/fixture.h"
#include "store/lineage_create.h"

struct world {
    struct settings *settings;
    struct store *store;
    struct lineage *lineage;
};

/* The next version, with certificate 'a' or 'b'. */
__attribute__((unused)) static void world_add(struct world *world, char which)
{
    struct issued issued = issued_of(which);
    struct error err = { 0 };

    if (!lineage_add_version(world->store, world->lineage, &issued, world->settings, &err))
        fail_msg("%s: %s", err.what, err.why);
}

/* issued: the certificates of its versions, one after the other; "ab": a is superseded and b live. */
static struct world world_new_of(const char *layout, const char *issued)
{
    struct world world = { .settings = settings_of(layout) };
    struct issued first = issued_of(issued[0]);
    struct error err = { 0 };

    world.store = store_here(world.settings);
    if (!lineage_create(world.store, "a", &first, world.settings, &world.lineage, &err))
        fail_msg("%s: %s: %s", layout, err.what, err.why);
    for (const char *which = issued + 1; *which != '\0'; which++)
        world_add(&world, *which);
    return world;
}

static void world_clear_at(struct world *world)
{
    lineage_free(world->lineage);
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}
