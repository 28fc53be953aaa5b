#pragma once
/*
 * For the tests of restoring: a store in the test's directory, backups of it that are plain copies, and a restore as
 * the command does it, without a user. Included by test programs only, once each.
 */
#include <stdlib.h>

#include "restore/plan.h"
#include "restore/tree.h"
#include "store/fixture.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"

struct world {
    struct settings *settings;
    struct store *store;
};

/* A command of the shell in the test's directory, where the store is conf. */
__attribute__((unused)) PRINTF(1, 2) static void shell(const char *format, ...)
{
    char command[4096];
    AUTO(free) char *whole = NULL;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    whole = xprintf("cd '%s' && %s", test_dir(), command);
    REQUIRE(system(whole) == 0, "%s", whole); /* NOLINT(cert-env33-c): a test's own words */
}

__attribute__((unused)) static void world_add(struct world *world, const char *name, char which)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of(which);
    struct error err = { 0 };

    if (!lineage_load(world->store, name, &lineage, &err) ||
        !lineage_add_version(world->store, lineage, &issued, world->settings, &err))
        fail_msg("%s: %s: %s", name, err.what, err.why);
}

/* A store with the lineage "a", whose only version is 'a'. */
__attribute__((unused)) static struct world world_new(const char *layout)
{
    struct world world = { .settings = settings_of(layout) };

    world.store = store_here(world.settings);
    make_lineage(world.store, world.settings, "a");
    return world;
}

/* The store is as a copy of it was. */
__attribute__((unused)) static void put_store(const struct world *world, const char *copy)
{
    AUTO(list_clear) struct list told = { 0 };
    AUTO(free) char *from = test_path(copy);
    struct error err = { 0 };

    REQUIRE(tree_remove(world->settings->config_dir, &err) && tree_copy(from, world->settings->config_dir, &told, &err),
        "%s", err.why);
}

__attribute__((unused)) static void world_clear_at(struct world *world)
{
    store_close(world->store);
    settings_free(world->settings);
    test_drop_dir();
}

/* 'a' or 'b', whose four files are live in the lineage, by path; 0: not all of one. */
__attribute__((unused)) static char live_version(const char *name)
{
    char found = 0;

    for (const char *which = "ab"; *which != '\0'; which++) {
        struct issued issued = issued_of(*which);
        struct view parts[KIND_COUNT] = { [KIND_CERT] = issued.cert,
            [KIND_CHAIN] = issued.chain,
            [KIND_FULLCHAIN] = issued.fullchain,
            [KIND_PRIVKEY] = issued.privkey };
        bool all = true;

        for (int kind = 0; kind < KIND_COUNT && all; kind++) {
            AUTO(free) char *text = read_text(at("live/%s/%s.pem", name, kind_name((enum kind)kind)));

            all = text != NULL && view_equal(view_of(text), parts[kind]);
        }
        found = all ? *which : found;
    }
    return found;
}

/* ---- a restore ---- */

struct restoration {
    struct txn txn;
    struct stage stage;
    struct plan plan;
};

__attribute__((unused)) static void restoration_clear_at(struct restoration *it)
{
    stage_clear_at(&it->stage);
    plan_clear_at(&it->plan);
    txn_clear_at(&it->txn);
}

/* Everything up to the question. `names` with blanks between them; "": all. */
__attribute__((unused)) static bool prepare(
    struct world *world, const char *from, const char *names, struct restoration *it, struct error *err)
{
    AUTO(list_clear) struct list only = { 0 };
    AUTO(free) char *dir = test_path(from), *root = NULL;
    struct view rest = view_of(names), name;

    while (view_cut(&rest, ' ', &name))
        if (name.len > 0)
            list_add_view(&only, name);
    txn_init(&it->txn, world->settings->config_dir);
    TRY(txn_begin(&it->txn, err));
    TRY(stage_find(dir, &root, err));
    TRY(stage_copy(&it->stage, &it->txn, root, err));
    TRY(stage_prepare(&it->stage, world->settings, &only, err));
    return plan_make(world->store, &it->stage, only.len == 0, &it->txn, &it->plan, err);
}

/* What follows it; on failure all is taken back, as well as that goes. */
__attribute__((unused)) static bool put_in_place(struct restoration *it, struct error *err)
{
    struct error late = { 0 };

    TRY(txn_check(&it->txn, err) && txn_save(&it->txn, err));
    if (!txn_commit(&it->txn, err)) {
        (void)!txn_end(&it->txn, &late);
        return false;
    }
    if (txn_apply(&it->txn, SIDE_NEW, err))
        return txn_end(&it->txn, err);
    (void)!(txn_take_back(&it->txn, &late) && txn_end(&it->txn, &late));
    return false;
}

__attribute__((unused)) static bool restore_from(
    struct world *world, const char *from, const char *names, struct error *err)
{
    AUTO(restoration_clear) struct restoration it = { 0 };

    return prepare(world, from, names, &it, err) && put_in_place(&it, err);
}

/* The lineage is whole, and all its files belong together. */
__attribute__((unused)) static void check_whole(struct world *world, const char *lineage_name, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    CHECK(lineage_load(world->store, lineage_name, &lineage, &err) && lineage_verify(lineage, &err), "%s: %s: %s", name,
        err.what, err.why);
}
