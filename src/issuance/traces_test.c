/* Tests the records of proofs that are in place, and how a later run uses them. */
#include "issuance/traces.h"

#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "issuance/issue.h"
#include "store/lineage_lock.h"
#include "store/pending.h"
#include "store/trace.h"

#define NAME "first"

static bool order(struct fixture *fixture, const char *text, struct error *err)
{
    AUTO(issue_request_clear)
    struct issue_request request = { .authenticator = fixture_plugin(), .record = NAME };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers(text);
    AUTO(key_free) struct key *key = NULL;
    bool ok;

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, err), "%s", err->why);
    request.key = key;
    issue_request_names(&request, &names);
    ok = issue(&fixture->context, &request, &chain, err);
    request.key = NULL;
    return ok;
}

/* Recorded by hand: as if a run had been cut short after it presented these, so many seconds ago. */
static void leave(
    struct fixture *fixture, const char *name, const char *identifiers, const char *authenticator, int64_t age_s)
{
    AUTO(list_clear) struct list names = fixture_words(identifiers);
    AUTO(trace_clear)
    struct trace trace = { .authenticator = xstrdup(authenticator),
        .options = xstrdup("[renewalparams]\nauthenticator = test\n"),
        .created = acme_ca_now(&fixture->ca) - age_s,
        .proofs = xcalloc(names.len + 1, sizeof(struct trace_proof)),
        .count = names.len };
    struct error err = { 0 };

    for (size_t i = 0; i < names.len; i++) {
        list_add(&trace.identifiers, names.at[i]);
        trace.proofs[i] = (struct trace_proof){ .type = xstrdup("http-01"),
            .kind = xstrdup("file"),
            .identifier = xstrdup(names.at[i]),
            .token = xstrdup("tok"),
            .key_authorization = xstrdup("tok.key") };
    }
    REQUIRE(trace_save(fixture->store, name, &trace, &err), "%s", err.why);
}

/* ---- writing ---- */

static const struct {
    const char *name;
    struct setup setup;
    bool ok, stays; /* the trace, behind the order */
} orders[] = {
    { .name = "all is well", .ok = true },
    { .name = "presenting fails", .setup.plugin.present_fails = "a.test b.test" },
    { .name = "the CA refuses", .setup.ca.refuses = "all" },
    { .name = "cleaning up fails", .setup.plugin.cleanup_fails = true, .ok = true, .stays = true },
};

TEST(a_trace_is_there_as_long_as_anything_is_in_place)
{
    for (size_t i = 0; i < COUNT(orders); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(trace_clear) struct trace trace = { 0 };
        struct error err = { 0 };
        bool found = false;

        fixture_open(&fixture, &orders[i].setup);
        CHECK(order(&fixture, "a.test b.test", &err) == orders[i].ok, "%s: %s", orders[i].name, err.why);
        CHECK(trace_load(fixture.store, NAME, &trace, &found, &err), "%s: %s", orders[i].name, err.why);
        CHECK(found == orders[i].stays, "%s: %d", orders[i].name, found);
        CHECK(!found || (trace.count == 2 && trace.identifiers.len == 2), "%s: %zu", orders[i].name, trace.count);
    }
}

/* The trace as the authenticator finds it when it is called to present. */
static struct fixture *watched;
static char *seen;

static bool watch(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    AUTO(trace_clear) struct trace trace = { 0 };
    bool found = false;

    (void)self;
    TRY(trace_load(watched->store, NAME, &trace, &found, err));
    seen = !found ? xstrdup("nothing")
                  : xprintf("%zu %s %s", trace.count, trace.proofs[0].identifier, trace.proofs[0].token);
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_PRESENTED;
    return error_set(err, ERROR_PLUGIN, "enough");
}

TEST(it_is_written_before_anything_is_presented)
{
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;
    struct authenticator watching = *fixture_plugin()->authenticator;
    struct plugin plugin = { .name = "test", .authenticator = &watching };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers("a.test");
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = &plugin, .record = NAME };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    watching.present = watch;
    fixture_open(&fixture, &setup);
    watched = &fixture;
    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    request.key = key;
    issue_request_names(&request, &names);
    CHECK(!issue(&fixture.context, &request, &chain, &err) && strcmp(err.why, "enough") == 0, "%s", err.why);
    CHECK_TEXT(seen, "1 a.test token-0", "seen by the authenticator");
    CHECK(!trace_is_there(fixture.store, NAME), "gone");
    request.key = NULL;
    free(seen);
}

/* ---- sweeping ---- */

static const struct {
    const char *name;
    struct setup setup;
    const char *authenticator; /* ["test"] */
    int64_t age_s;
    const char *why; /* NULL: it is swept */
    bool stays;
} sweeps[] = {
    { .name = "it is swept" },
    { .name = "it cannot be swept now", .setup.plugin.cleanup_fails = true, .why = "still there", .stays = true },
    { .name = "it could not be swept for a week",
        .setup.plugin.cleanup_fails = true,
        .age_s = 8 * FIXTURE_DAY,
        .why = "still there" },
    { .name = "the authenticator is gone", .authenticator = "gone", .why = "not here any more", .stays = true },
    { .name = "the authenticator is gone for a week",
        .authenticator = "gone",
        .age_s = 8 * FIXTURE_DAY,
        .why = "not here any more" },
    { .name = "an authenticator that leaves nothing behind", .authenticator = "standalone" },
    { .name = "one that is none", .authenticator = "null", .why = "not here any more", .stays = true },
};

TEST(traces_sweep_one)
{
    for (size_t i = 0; i < COUNT(sweeps); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &sweeps[i].setup);
        leave(&fixture, NAME, "a.test b.test", sweeps[i].authenticator == NULL ? "test" : sweeps[i].authenticator,
            sweeps[i].age_s);
        ok = traces_sweep_one(&fixture.context, NAME, &err);
        CHECK(ok == (sweeps[i].why == NULL), "%s: %s", sweeps[i].name, err.why);
        CHECK(ok || (strstr(err.why, sweeps[i].why) != NULL && strstr(err.what, "proofs.txt") != NULL), "%s: %s: %s",
            sweeps[i].name, err.what, err.why);
        CHECK(trace_is_there(fixture.store, NAME) == sweeps[i].stays, "%s", sweeps[i].name);
        error_clear(&err);
        CHECK(sweeps[i].stays || traces_sweep_one(&fixture.context, NAME, &err), "%s: again: %s", sweeps[i].name,
            err.why);
    }
}

TEST(the_next_order_sweeps_first)
{
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *trace = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    leave(&fixture, NAME, "old.test", "test", 0);
    CHECK(order(&fixture, "a.test", &err), "%s", err.why);
    trace = fixture_plugin_trace(&fixture);
    CHECK_TEXT(trace, "sweep old.test, prepare, present a.test, wait, cleanup a.test, release", "in this order");
    CHECK(!trace_is_there(fixture.store, NAME), "gone");
}

/* Holds the lock of a name until the pipe is closed. */
static pid_t hold_elsewhere(struct fixture *fixture, const char *name, int hold[2])
{
    int ready[2];
    char byte;
    pid_t child;

    REQUIRE(pipe(hold) == 0 && pipe(ready) == 0, "no pipes");
    child = fork();
    if (child == 0) {
        struct range_lock *lock = NULL;
        struct error err = { 0 };

        (void)close(hold[1]);
        if (!lineage_lock(fixture->store, name, &lock, &err) || write(ready[1], "x", 1) != 1)
            _exit(99);
        (void)!read(hold[0], &byte, 1);
        _exit(0);
    }
    (void)close(hold[0]);
    (void)close(ready[1]);
    REQUIRE(child > 0 && read(ready[0], &byte, 1) == 1, "no child");
    (void)close(ready[0]);
    return child;
}

TEST(what_another_process_has_in_hand_is_left_alone)
{
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *trace = NULL, *after = NULL;
    int hold[2], status;
    pid_t child;

    fixture_open(&fixture, &setup);
    leave(&fixture, "dead", "dead.test", "test", 0);
    leave(&fixture, "live", "live.test", "test", 0);
    child = hold_elsewhere(&fixture, "live", hold);
    traces_sweep(&fixture.context);
    trace = fixture_plugin_trace(&fixture);
    CHECK_TEXT(trace, "sweep dead.test", "not the other one");
    CHECK(trace_is_there(fixture.store, "live") && !trace_is_there(fixture.store, "dead"), "traces");
    (void)close(hold[1]);
    REQUIRE(waitpid(child, &status, 0) == child && status == 0, "status %d", status);
    traces_sweep(&fixture.context);
    after = fixture_plugin_trace(&fixture);
    CHECK_TEXT(after, "sweep dead.test, sweep live.test", "once its run is gone");
    CHECK(!trace_is_there(fixture.store, "live"), "trace");
}

static char *shared_by; /* what the object that a run shares is made with */

static char *key_of_all(const struct plugin *plugin, const struct settings *settings)
{
    (void)plugin;
    (void)settings;
    return xstrdup("");
}

static bool share(const struct plugin_context *context, void **shared, struct error *err)
{
    (void)err;
    free(shared_by);
    shared_by = xprintf("%s %d", context->settings->work_dir,
        SETTING_IS_SET(context->settings, lock_timeout_s) ? (int)context->settings->lock_timeout_s : -1);
    *shared = NULL;
    return true;
}

static void end_share(void *shared)
{
    (void)shared;
}

static bool sweep_all(
    const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    (void)context;
    (void)err;
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_WANTED;
    return true;
}

/* The run that was cut short may have worked elsewhere. */
TEST(what_a_run_shares_is_its_own)
{
    static const struct authenticator authenticator = { .sweep = sweep_all };
    static const struct plugin_share sharing = { key_of_all, share, end_share };
    static const struct plugin plugin = { .name = "sharing", .authenticator = &authenticator, .share = &sharing };
    static const struct plugin *const table[] = { &plugin, NULL };
    static const struct setup setup = { .options = "lock-timeout=7" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *want = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    plugins_use(table);
    leave(&fixture, NAME, "a.test", "sharing", 0);
    CHECK(traces_sweep_one(&fixture.context, NAME, &err), "%s", err.why);
    want = xprintf("%s 7", fixture.settings->work_dir);
    CHECK_TEXT(shared_by, want, "made with");
    free(shared_by);
}

static struct fixture *slow_for;

static bool sweep_slowly(
    const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    (void)sweep_all(context, proofs, count, err);
    return acme_ca_sleep_ms(&slow_for->ca, 70 * 1000);
}

TEST(slow_sweeping_does_not_keep_a_run_waiting_for_ever)
{
    static const struct authenticator authenticator = { .sweep = sweep_slowly };
    static const struct plugin slow = { .name = "slow", .authenticator = &authenticator };
    static const struct plugin *const table[] = { &slow, NULL };
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;

    fixture_open(&fixture, &setup);
    plugins_use(table);
    slow_for = &fixture;
    for (size_t i = 0; i < 3; i++)
        leave(&fixture, (const char *[]){ "a", "b", "c" }[i], "a.test", "slow", 0);
    traces_sweep(&fixture.context);
    CHECK(!trace_is_there(fixture.store, "a") && !trace_is_there(fixture.store, "b"), "begun within two minutes");
    CHECK(trace_is_there(fixture.store, "c"), "not begun after that");
    traces_sweep(&fixture.context);
    CHECK(!trace_is_there(fixture.store, "c"), "by the next run");
}

/* One of two: what is swept is not swept again. */
TEST(a_part_is_swept)
{
    static const struct setup setup = { 0 };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *trace = NULL, *path = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    leave(&fixture, NAME, "a.test", "test", 0);
    path = trace_path(fixture.store, NAME);
    {
        AUTO(buf_clear) struct buf text = BUF(4096);

        REQUIRE(file_read(path, &text, &err), "%s", err.why);
        buf_put_text(&text, "\ntype: new-01\nkind: pigeon\nidentifier: b.test\n");
        REQUIRE(file_replace(path, buf_view(&text), FILE_PRIVATE, &err), "%s", err.why);
    }
    CHECK(!traces_sweep_one(&fixture.context, NAME, &err) && strstr(err.why, "unknown kind 'pigeon'") != NULL, "%s",
        err.why);
    CHECK(trace_is_there(fixture.store, NAME), "a later version may know it");
    trace = fixture_plugin_trace(&fixture);
    CHECK_TEXT(trace, "", "nothing was tried");
}

TEST_MAIN()
