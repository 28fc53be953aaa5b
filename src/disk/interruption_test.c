/*
 * Work that ends after each of its steps in turn: by a call that fails, or as by a crash, after which nothing is done
 * any more. The next one to look finds a version that is whole, and nothing of a user's is lost.
 */
#include "base/test_faults.h"
#include "disk/test_lineage.h"

#define STEPS_MAX 400 /* no work has so many */

static const struct {
    const char *name;
    const char *layout;
    int no_exchange, sys;
    bool crash; /* all that comes after fails, too */
} ways[] = {
    { "a crash", "versioned", 0, EIO, true },
    { "a crash", "certbot", 0, EIO, true },
    { "a crash without exchange", "versioned", EINVAL, EIO, true },
    { "a crash without exchange", "certbot", EINVAL, EIO, true },
    { "a full disk", "versioned", 0, ENOSPC, false },
    { "a full disk", "certbot", 0, ENOSPC, false },
    { "a full disk, and a mount point", "versioned", EBUSY, ENOSPC, false },
    { "a full disk, and a mount point", "certbot", EBUSY, ENOSPC, false },
    { "refused", "versioned", 0, EACCES, false },
    { "refused", "certbot", 0, EACCES, false },
};

static void fail_from(size_t way, int step)
{
    faults.calls = 0;
    faults.no_exchange = ways[way].no_exchange;
    faults.sys = ways[way].sys;
    faults.first = step;
    faults.last = ways[way].crash ? INT32_MAX : step;
}

static void fail_no_more(void)
{
    faults.first = faults.last = faults.crash = faults.no_exchange = faults.no_links = 0;
}

/* 'a' or 'b', whose four files are live; 0: those of both, or not all. */
static char live_version(void)
{
    char found = 0;

    for (const char *which = "ab"; *which != '\0'; which++) {
        struct issued issued = issued_of(*which);
        bool all = true;

        for (int kind = 0; kind < KIND_COUNT && all; kind++) {
            struct view parts[KIND_COUNT] = { [KIND_CERT] = issued.cert,
                [KIND_CHAIN] = issued.chain,
                [KIND_FULLCHAIN] = issued.fullchain,
                [KIND_PRIVKEY] = issued.privkey };
            AUTO(free) char *text = read_text(at("live/a/%s.pem", kind_name((enum kind)kind)));

            all = text != NULL && view_equal(view_of(text), parts[kind]);
        }
        found = all ? *which : found;
    }
    return found;
}

static void check_users(const char *name, int step)
{
    AUTO(free) char *haproxy = read_text(at("live/a/haproxy.pem")), *notes = read_text(at("archive/a/notes"));

    CHECK(haproxy != NULL && strcmp(haproxy, "mine") == 0, "%s, step %d: %s", name, step, haproxy);
    CHECK(notes != NULL && strcmp(notes, "mine, too") == 0, "%s, step %d: %s", name, step, notes);
}

static struct world world_of_a_user(const char *layout, const char *issued)
{
    struct world world = world_new_of(layout, issued);

    write_text(at("live/a/haproxy.pem"), "mine");
    write_text(at("archive/a/notes"), "mine, too");
    return world;
}

/* ---- a new version ---- */

/* Adds b and makes it live, until a step fails; true when none did. */
static bool renew(struct world *world, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    struct issued issued = issued_of('b');
    struct access access = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };
    AUTO(free) char *id = NULL;

    TRY(world->lineage->layout->add(world->lineage, &issued, &access, &undo, &id, err));
    undo_keep(&undo);
    return world->lineage->layout->deploy(world->lineage, id, err);
}

static void check_renewed(struct world *world, const char *name, int step)
{
    AUTO(free) char *live = NULL, *beside = NULL;
    bool plain = !world->lineage->layout->live_are_links;
    struct error err = { 0 };
    char version;

    REQUIRE(world_reload(world, &err), "%s, step %d: %s", name, step, err.why);
    if (world->lineage->pending_deployment) {
        version = live_version();
        CHECK(version == 'a', "%s, step %d: what waits is not live", name, step);
        CHECK(world->lineage->layout->deploy(world->lineage, world->lineage->version, &err) &&
                  world_reload(world, &err) && live_version() == 'b',
            "%s, step %d: it can be made live: %s", name, step, err.why);
    }
    version = live_version();
    CHECK(version != 0, "%s, step %d: live is not one version", name, step);
    CHECK(strcmp(world->lineage->cert->serial, version == 'a' ? SERIAL_A : SERIAL_B) == 0, "%s, step %d", name, step);
    check_users(name, step);
    live = names_in(at("live/a"));
    beside = names_in(at("live"));
    CHECK(strcmp(live, plain ? "cert.pem chain.pem fullchain.pem haproxy.pem meta.txt privkey.pem"
                             : "README cert.pem chain.pem fullchain.pem haproxy.pem privkey.pem") == 0,
        "%s, step %d: %s", name, step, live);
    CHECK(strcmp(beside, "README a") == 0, "%s, step %d: %s", name, step, beside);
}

/* undone: so many calls after the one that failed there is a crash; 0: there is none. */
static void renew_until(size_t way, int step, int undone, bool *done)
{
    AUTO(world_clear) struct world world = world_of_a_user(ways[way].layout, "a");
    AUTO(free) char *name = xprintf("%s (%s)", ways[way].name, ways[way].layout);
    struct error err = { 0 };

    fail_from(way, step);
    faults.crash = undone == 0 ? 0 : step + undone;
    *done = renew(&world, &err);
    CHECK(*done || err.why[0] != '\0', "%s, step %d: no reason", name, step);
    *done = *done && faults.calls < step;
    fail_no_more();
    if (ways[way].no_exchange == 0)
        CHECK(live_version() != 0, "%s, step %d: who reads live/a meanwhile", name, step);
    check_renewed(&world, name, step);
}

TEST(a_new_version)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        bool done = false;
        int step = 1;

        for (; !done && step < STEPS_MAX; step++)
            renew_until(i, step, 0, &done);
        CHECK(done && step > 15, "%s: %d steps", ways[i].name, step);
    }
}

/* What was made is being undone when the crash comes: a key that is overwritten already waits for nothing. */
TEST(a_crash_while_it_is_undone)
{
    for (size_t i = 0; i < COUNT(ways); i++)
        for (int undone = 1; undone <= 3 && ways[i].sys == ENOSPC && ways[i].no_exchange == 0; undone++) {
            bool done = false;

            for (int step = 1; !done && step < STEPS_MAX; step++)
                renew_until(i, step, undone, &done);
            CHECK(done, "%s", ways[i].name);
        }
}

/* ---- removing ---- */

static void remove_until(size_t way, int step, bool *done)
{
    AUTO(world_clear) struct world world = world_of_a_user(ways[way].layout, "ab");
    AUTO(free) char *name = xprintf("%s (%s)", ways[way].name, ways[way].layout), *archive = NULL;
    struct error err = { 0 };

    fail_from(way, step);
    *done = world.lineage->layout->remove(world.lineage, false, &err);
    CHECK(*done || err.why[0] != '\0', "%s, step %d: no reason", name, step);
    *done = *done && faults.calls < step;
    fail_no_more();
    CHECK(world.lineage->layout->remove(world.lineage, false, &err), "%s, step %d: %s", name, step, err.why);
    archive = names_in(at("archive/a"));
    CHECK(strcmp(archive, "notes") == 0, "%s, step %d: %s", name, step, archive);
    CHECK(!file_exists(at("live/a/cert.pem")) && !file_exists(at("live/a/privkey.pem")), "%s, step %d", name, step);
    check_users(name, step);
}

TEST(removing)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        bool done = ways[i].no_exchange != 0; /* as without */
        int step = 1;

        for (; !done && step < STEPS_MAX; step++)
            remove_until(i, step, &done);
        CHECK(done, "%s: %d steps", ways[i].name, step);
    }
}

TEST_MAIN()
