/*
 * A restore that ends after each of its steps in turn, by a call that fails, by a full disk, or as by a crash, after
 * which nothing is done any more. Whoever settles it then finds a store that is whole, either the old or the new one.
 */
#include "base/test_faults.h"
#include "restore/world.h"

#define STEPS_OF_ALL 2000 /* no restore of these has so many */

static const struct {
    const char *name;
    const char *layout;
    int no_exchange, no_links, sys;
    bool lasting; /* all that comes after fails, too */
    int stride;   /* of the steps that are tried */
} ways[] = {
    { "a crash", "versioned", 0, 0, EIO, true, 1 },
    { "a crash", "certbot", 0, 0, EIO, true, 1 },
    { "a crash, no exchange", "versioned", EINVAL, 0, EIO, true, 5 },
    { "a crash, no exchange", "certbot", EINVAL, 0, EIO, true, 5 },
    { "a crash, no second names", "certbot", EBUSY, EPERM, EIO, true, 7 },
    { "one call", "versioned", 0, 0, ENOSPC, false, 2 },
    { "one call", "certbot", 0, 0, ENOSPC, false, 2 },
    { "one call, no exchange", "versioned", EINVAL, 0, ENOSPC, false, 7 },
    { "one call, no second names", "certbot", EXDEV, EXDEV, EACCES, false, 7 },
};

static void fail_from(size_t way, int step)
{
    faults.calls = 0;
    faults.no_exchange = ways[way].no_exchange;
    faults.no_links = ways[way].no_links;
    faults.sys = ways[way].sys;
    faults.first = step;
    faults.last = ways[way].lasting ? INT32_MAX : step;
}

static void fail_no_more(void)
{
    faults.first = faults.last = faults.crash = faults.no_exchange = faults.no_links = 0;
}

/* The backup has version 'a' of "a", and "gone"; the store has 'b', a file of the user's, and no "gone". */
static struct world world_of(const char *layout)
{
    struct world world = world_new(layout);
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "gone");
    shell("cp -a conf backup && rm -r conf/live/gone conf/archive/gone conf/renewal/gone.conf");
    world_add(&world, "a", 'b');
    write_text(at("live/a/haproxy.pem"), "mine");
    write_text(at("archive/a/notes"), "mine, too");
    write_text(at("cli.ini"), "key-type = rsa\n");
    shell("echo 'key-type = ecdsa' >backup/cli.ini && cp -a conf was");
    CHECK(store_make_renewal_dir(world.store, &err), "%s", err.why);
    return world;
}

static void check_users(const char *name)
{
    AUTO(free) char *haproxy = read_text(at("live/a/haproxy.pem")), *notes = read_text(at("archive/a/notes"));

    CHECK_TEXT(haproxy, "mine", name);
    CHECK_TEXT(notes, "mine, too", name);
}

static void check_store(struct world *world, const char *name)
{
    AUTO(free) char *cli = read_text(at("cli.ini"));
    char live = live_version("a");
    bool is_new = live == 'a';

    check_whole(world, "a", name);
    CHECK(live == 'a' || live == 'b', "%s: live is %c", name, live == 0 ? '0' : live);
    CHECK_TEXT(cli, is_new ? "key-type = ecdsa\n" : "key-type = rsa\n", name);
    CHECK_INT(file_exists(at("renewal/gone.conf")), is_new, name);
    CHECK_INT(tree_has(at("live/gone")), is_new, name);
    CHECK_INT(tree_has(at("archive/gone")), is_new, name);
    if (is_new)
        check_whole(world, "gone", name);
    check_users(name);
    CHECK(!tree_has(at(".restore")), "%s: something is left", name);
    CHECK(!tree_has(at("live/.a.next")), "%s: a stand-in is left", name);
}

/* True when the restore came to its end before that step. */
static bool try_step(struct world *world, size_t way, int step)
{
    AUTO(free) char *name = xprintf("%s, %s, step %d", ways[way].name, ways[way].layout, step);
    AUTO(restoration_clear) struct restoration it = { 0 };
    AUTO(txn_clear) struct txn found = { 0 };
    struct error err = { 0 };
    enum txn_found went;
    bool ok, ended;

    put_store(world, "was");
    REQUIRE(prepare(world, "backup", "", &it, &err), "%s: %s", name, err.why);
    fail_from(way, step);
    ok = put_in_place(&it, &err);
    ended = faults.calls < step;
    fail_no_more();
    CHECK(ok || err.why[0] != '\0', "%s", name);
    if (!ways[way].no_exchange) /* before anybody has mended anything: a server finds a pair that fits */
        CHECK(live_version("a") != 0, "%s: no version is live", name);
    txn_init(&found, world->settings->config_dir);
    CHECK(txn_settle(&found, &went, &err), "%s: %s", name, err.why);
    check_store(world, name);
    CHECK(!ended || (ok && live_version("a") == 'a'), "%s: %s", name, err.why);
    return ended;
}

TEST(cut_short_at_each_step)
{
    for (size_t way = 0; way < COUNT(ways); way++) {
        AUTO(world_clear) struct world world = world_of(ways[way].layout);
        int step = 1;

        while (step < STEPS_OF_ALL && !try_step(&world, way, step))
            step += ways[way].stride;
        CHECK(step > 20 && step < STEPS_OF_ALL, "%s: %d steps", ways[way].name, step);
    }
}

/* Settling that is cut short itself is settled by the next one. */
TEST(settling_is_cut_short)
{
    AUTO(world_clear) struct world world = world_of("certbot");

    for (int step = 1; step < 60; step += 4) {
        AUTO(free) char *name = xprintf("step %d", step);
        AUTO(restoration_clear) struct restoration it = { 0 };
        AUTO(txn_clear) struct txn first = { 0 }, second = { 0 };
        struct error err = { 0 };
        enum txn_found went;

        put_store(&world, "was");
        REQUIRE(prepare(&world, "backup", "", &it, &err) && txn_save(&it.txn, &err) && txn_commit(&it.txn, &err), "%s",
            err.why);
        txn_init(&first, world.settings->config_dir);
        txn_init(&second, world.settings->config_dir);
        fail_from(1, step);
        (void)!txn_settle(&first, &went, &err);
        fail_no_more();
        CHECK(txn_settle(&second, &went, &err), "%s: %s", name, err.why);
        check_store(&world, name);
    }
}

TEST(what_is_taken_back_is_as_it_was)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_of(*layout);
        AUTO(restoration_clear) struct restoration it = { 0 };
        struct error err = { 0 };

        REQUIRE(prepare(&world, "backup", "", &it, &err) && txn_save(&it.txn, &err) && txn_commit(&it.txn, &err), "%s",
            err.why);
        REQUIRE(txn_apply(&it.txn, SIDE_NEW, &err), "%s", err.why);
        CHECK_INT(live_version("a"), 'a', *layout);
        REQUIRE(txn_take_back(&it.txn, &err) && txn_end(&it.txn, &err), "%s", err.why);
        shell("diff -r --no-dereference was conf");
        check_store(&world, *layout);
    }
}

TEST(the_live_directory_stays)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_of(*layout);
        struct stat before, after;
        struct error err = { 0 };

        REQUIRE(stat(at("live/a"), &before) == 0);
        REQUIRE(restore_from(&world, "backup", "", &err), "%s: %s", *layout, err.why);
        REQUIRE(stat(at("live/a"), &after) == 0);
        CHECK(before.st_ino == after.st_ino, "%s", *layout);
        check_store(&world, *layout);
    }
}

/* Before there is a journal nothing was changed, and what was staged goes. */
TEST(only_staged)
{
    AUTO(world_clear) struct world world = world_of("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    AUTO(txn_clear) struct txn found = { 0 };
    struct error err = { 0 };
    enum txn_found went;

    REQUIRE(prepare(&world, "backup", "", &it, &err) && txn_save(&it.txn, &err), "%s", err.why);
    txn_init(&found, world.settings->config_dir);
    CHECK_INT(txn_look(&found), TXN_UNFINISHED, "look");
    CHECK(txn_settle(&found, &went, &err), "%s", err.why);
    CHECK_INT(went, TXN_UNFINISHED, "went");
    CHECK_INT(live_version("a"), 'b', "live");
    shell("diff -r --no-dereference was conf");
}

TEST(a_journal_that_is_none)
{
    AUTO(world_clear) struct world world = world_of("certbot");
    AUTO(txn_clear) struct txn txn = { 0 };
    struct error err = { 0 };
    enum txn_found went;

    txn_init(&txn, world.settings->config_dir);
    REQUIRE(txn_begin(&txn, &err), "%s", err.why);
    write_text(at(".restore/forward"), "evercert restore 1\nf ../../etc/passwd\nend\n");
    CHECK(!txn_settle(&txn, &went, &err) && strstr(err.next, "by hand") != NULL, "%s", err.next);
    CHECK(file_exists(at(".restore/forward")), "it stays, for whoever looks into it");
}

static mode_t mode_of_it(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

TEST(nobody_else_reads_what_is_staged)
{
    AUTO(world_clear) struct world world = world_of("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    REQUIRE(prepare(&world, "backup", "", &it, &err) && txn_save(&it.txn, &err), "%s", err.why);
    CHECK_INT(mode_of_it(at(".restore")), 0700, "the directory");
    CHECK_INT(mode_of_it(at(".restore/new/conf/archive/a/privkey1.pem")), 0600, "a key");
    CHECK_INT(mode_of_it(at(".restore/old/plain/live/a/privkey.pem")), 0600, "a key that was live");
}

TEST_MAIN()
