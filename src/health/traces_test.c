/*
 * Proofs that an interrupted run has left, as a doctor sees them.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "health/world.h"
#include "store/lineage_lock.h"
#include "store/trace.h"

static struct world *examined;
static bool sweep_fails;

static bool never(void *ctx, const char *lineage, struct error *err)
{
    (void)ctx;
    (void)lineage;
    (void)err;
    return true;
}

static bool sweep(void *ctx, const char *name, struct error *err)
{
    (void)ctx;
    CHECK(lineage_is_locked(examined->store, name), "%s: its lock is held", name);
    return !sweep_fails ? trace_drop(examined->store, name, err) : error_set(err, ERROR_PLUGIN, "still there");
}

static void put_trace(struct world *world, const char *name)
{
    struct trace trace = { .authenticator = (char[]){ "webroot" }, .options = (char[]){ "x" }, .created = 1795329206 };
    struct error err = { 0 };

    list_add(&trace.identifiers, "www.a.example");
    REQUIRE(trace_save(world->store, name, &trace, &err), "%s", err.why);
    list_clear(&trace.identifiers);
}

static const struct {
    const char *name, *of, *then;
    bool sweep_fails;
    const char *found, *fixed; /* codes; fixed: with --fix */
} cases[] = {
    { "of a lineage", NAME, "true", false, "proofs-left!", "proofs-left+" },
    { "of a first certificate", "b.example", "true", false, "proofs-left!", "proofs-left+" },
    { "of a CSR", ".csr-00", "true", false, "proofs-left!", "proofs-left+" },
    { "beside a key without its order", "b.example", "touch pending/b.example/privkey.pem", false,
        "order-leftover! proofs-left!", "order-leftover+ proofs-left+" },
    { "that cannot be swept", "b.example", "true", true, "proofs-left!", "proofs-left!" },
    { "emptied", "b.example", ": >pending/b.example/proofs.txt", false, "proofs-unreadable", "proofs-unreadable" },
    { "hostile", NAME, "printf 'authenticator: \\033[2J\\n' >pending/a.example/proofs.txt", false, "proofs-unreadable",
        "proofs-unreadable" },
    { "only what a crash left of its writing", "b.example", "cd pending/b.example && mv proofs.txt .proofs.txt.new",
        false, "order-leftover!", "order-leftover+" },
};

static char *look(struct world *world, enum health_mode mode)
{
    static const struct rehearsal helpers = { never, NULL, sweep };
    AUTO(findings_clear) struct findings findings = { 0 };
    struct error err = { 0 };

    REQUIRE(health_examine_all(world->store, world->settings, NULL, mode, &helpers, &findings, &err), "%s", err.why);
    for (size_t i = 0; i < findings.len; i++)
        CHECK(findings.at[i].answers.len > 0 && findings.at[i].why[0] != '\0', "%s", findings.at[i].code);
    return codes_of(&findings);
}

TEST(proofs_that_were_left)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new(true);
        AUTO(free) char *found = NULL, *fixed = NULL;

        examined = &world;
        sweep_fails = cases[i].sweep_fails;
        put_trace(&world, cases[i].of);
        shell("%s", cases[i].then);
        found = look(&world, HEALTH_LOOK);
        CHECK_TEXT(found, cases[i].found, cases[i].name);
        fixed = look(&world, HEALTH_FIX);
        CHECK_TEXT(fixed, cases[i].fixed, cases[i].name);
    }
}

/* A run is at it: nothing is wrong. */
TEST(proofs_of_a_run_that_is_at_work)
{
    AUTO(world_clear) struct world world = world_new(true);
    AUTO(free) char *during = NULL, *after = NULL;
    int hold[2], ready[2], status;
    char byte;
    pid_t child;

    examined = &world;
    put_trace(&world, "b.example");
    REQUIRE(pipe(hold) == 0 && pipe(ready) == 0, "no pipes");
    child = fork();
    if (child == 0) {
        struct range_lock *lock = NULL;
        struct error err = { 0 };

        (void)close(hold[1]);
        if (!lineage_lock(world.store, "b.example", &lock, &err) || write(ready[1], "x", 1) != 1)
            _exit(99);
        (void)!read(hold[0], &byte, 1);
        _exit(0);
    }
    (void)close(ready[1]);
    REQUIRE(child > 0 && read(ready[0], &byte, 1) == 1, "no child");
    during = look(&world, HEALTH_LOOK);
    CHECK_TEXT(during, "", "its lock is held");
    (void)close(hold[1]);
    REQUIRE(waitpid(child, &status, 0) == child && status == 0, "status %d", status);
    after = look(&world, HEALTH_LOOK);
    CHECK_TEXT(after, "proofs-left!", "its run is gone");
    (void)close(hold[0]);
    (void)close(ready[0]);
}

TEST_MAIN()
