/*
 * Runs of `renew` whose certificates are used by a server that an installer configures: a played one with a
 * configuration, a test of it and a reload, each step of which may fail.
 */
#include "lifecycle/renew.h"

#include "fixture.h"
#include "plugin/clerk.h"
#include "store/delivery.h"

/* ---- the server ---- */

static struct {
    struct buf did;       /* its steps, in words */
    const char *fails;    /* the step that does; NULL: none */
    const char *blames;   /* the lineage that is told to be the cause; NULL: nobody knows */
    bool left;            /* a run that was killed has left something half done */
    size_t reloads, most; /* and the most lineages of one of them */
} server;

static bool did(const char *step, struct error *err)
{
    buf_putf(&server.did, "%s%s", server.did.len > 0 ? ", " : "", step);
    return server.fails == NULL || strcmp(server.fails, step) != 0 || error_set(err, ERROR_PLUGIN, "%s fails", step);
}

static bool undo(void *self, struct error *err)
{
    (void)self;
    if (!server.left)
        return true;
    server.left = false;
    return did("restore", err);
}

/* Plays the change of a server for `count` plans; one that fails half way is undone at once. */
static bool change(size_t count, struct error *err)
{
    struct error ignored = { 0 };

    TRY(did("test", err));
    server.left = true;
    server.reloads++;
    server.most = count > server.most ? count : server.most;
    if (did("write", err) && did("test again", err) && did("reload", err) && did("compare", err)) {
        server.left = false;
        return true;
    }
    (void)!undo(NULL, &ignored);
    return false;
}

static bool work(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    bool has_cause = false;

    (void)self;
    for (size_t i = 0; i < count; i++)
        has_cause = has_cause || (server.blames != NULL && strcmp(plans[i], server.blames) == 0);
    if (server.blames != NULL && !has_cause)
        server.fails = NULL; /* it was that one's fault */
    if (change(count, err))
        return true;
    for (size_t i = 0; i < count; i++)
        if (server.blames != NULL && strcmp(plans[i], server.blames) == 0)
            each[i] = error_dup(err);
    return false;
}

/* ---- its installer ---- */

static char *key(const struct plugin *plugin, const struct settings *settings)
{
    (void)plugin;
    (void)settings;
    return xstrdup("/etc/played");
}

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    static const struct clerk_work clerks = { .recover = undo, .commit = work };
    struct server_id id = { context->settings->work_dir, "/etc/played", "the played server" };

    (void)err;
    *shared = clerk_new(&id, -1, &clerks, NULL);
    return true;
}

static void end(void *shared)
{
    clerk_free(shared);
}

static bool recover(const struct plugin_context *context, struct error *err)
{
    return clerk_call(context->shared, NULL, NULL, err);
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    (void)err;
    *self = context->shared;
    return true;
}

static bool plan(void *self, const struct deployment *deployment, void **out, struct error *err)
{
    (void)self;
    (void)err;
    CHECK(deployment->in_use && deployment->pair_count == 1, "%s", deployment->lineage);
    CHECK(strstr(deployment->pairs->fullchain, deployment->names->at[0].value) != NULL, "%s",
        deployment->pairs->fullchain);
    *out = xstrdup(deployment->lineage);
    return true;
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    return clerk_commit(self, plans, count, each, err);
}

static bool step(
    const struct plugin_context *context, const struct deployment *const *renewed, size_t count, struct error *err)
{
    (void)context;
    (void)renewed;
    (void)count;
    return did("step", err);
}

static const struct installer installer = {
    .recover = recover,
    .prepare = prepare,
    .plan = plan,
    .drop = free,
    .commit = commit,
    .step = step,
};
static const struct plugin_share share = { .key = key, .make = make, .end = end };
static const struct plugin played = { .name = "played", .installer = &installer, .share = &share };

static void open_with_server(struct fixture *fixture, const struct setup *setup)
{
    static const struct plugin *table[] = { &played, NULL, NULL };

    buf_clear(&server.did);
    server.did = BUF(4096);
    server.fails = server.blames = NULL;
    server.left = false;
    server.reloads = server.most = 0;
    fixture_open(fixture, setup);
    table[1] = fixture_plugin();
    plugins = table; /* the fixture gives it back */
}

/* ---- runs ---- */

/* "a.test done+": what became of each, with + where not all that follows is done; of the caller's. */
static char *renew(struct fixture *fixture)
{
    static const char *const words[] = {
        [RENEWED_SKIPPED] = "skipped", [RENEWED_DONE] = "done", [RENEWED_FAILED] = "failed"
    };
    AUTO(renewals_clear) struct renewals renewals = { 0 };
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };

    buf_cut(&server.did, 0);
    if (!renew_all(&fixture->context, &renewals, &err))
        return xprintf("error: %s", err.why);
    for (size_t i = 0; i < renewals.len; i++) {
        const struct renewal *renewal = &renewals.at[i];

        buf_putf(&text, "%s%s %s%s", i == 0 ? "" : ", ", renewal->name, words[renewal->what],
            renewal->undelivered ? "+" : "");
    }
    return buf_take(&text);
}

static void put_lineage(struct fixture *fixture, const char *name, int64_t age_days)
{
    lineage_free(fixture_lineage(fixture, name, name, age_days * FIXTURE_DAY));
}

#define OPTIONS "installer=played no-random-sleep-on-renew"
#define ALL "test, write, test again, reload, compare"
#define BOTH "a.test done, b.test done"
#define NONE "a.test done+, b.test done+"
#define LATER "a.test skipped, b.test skipped"

static const struct {
    const char *name, *options, *fails, *blames;
    int64_t age; /* of both, in days; more than 60: due */
    bool left;   /* by a run that was killed */
    const char *did, *want, *did_next, *want_next;
} rows[] = {
    { "all goes well", "", NULL, NULL, 70, false, ALL ", step", BOTH, "step", LATER },
    { "the configuration is broken already: nothing is touched", "", "test", NULL, 70, false, "test", NONE,
        ALL ", step", LATER },
    { "a write fails: what was written is restored", "", "write", NULL, 70, false, "test, write, restore", NONE,
        ALL ", step", LATER },
    { "the new configuration is refused", "", "test again", NULL, 70, false, "test, write, test again, restore", NONE,
        ALL ", step", LATER },
    { "the server does not reload", "", "reload", NULL, 70, false, "test, write, test again, reload, restore", NONE,
        ALL ", step", LATER },
    { "it serves something else", "", "compare", NULL, 70, false, ALL ", restore", NONE, ALL ", step", LATER },
    { "because of one: the other is put into effect alone", "", "compare", "b.test", 70, false,
        ALL ", restore, " ALL ", step", "a.test done, b.test done+", ALL ", step", LATER },
    { "a run was killed at it: restored first", "", NULL, NULL, 70, true, "restore, " ALL ", step", BOTH, "step",
        LATER },
    { "also when nothing is due", "", NULL, NULL, 5, true, "restore, step", LATER, "step", LATER },
    { "nothing is due: the step alone", "", NULL, NULL, 5, false, "step", LATER, "step", LATER },
    { "a step that fails fails nothing else", "", "step", NULL, 70, false, ALL ", step", BOTH, "step", LATER },
    { "--disable-renew-updates", " disable-renew-updates", NULL, NULL, 70, false, ALL, BOTH, "", LATER },
    { "a dry run", " dry-run", NULL, NULL, 70, false, "", BOTH, "", BOTH },
};

TEST(each_step_of_a_server)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *options = xprintf(OPTIONS "%s", rows[i].options), *first = NULL, *next = NULL;
        const struct setup setup = { .options = options, .verb = "renew" };
        AUTO(fixture_clear) struct fixture fixture;

        open_with_server(&fixture, &setup);
        put_lineage(&fixture, "a.test", rows[i].age);
        put_lineage(&fixture, "b.test", rows[i].age);
        server.fails = rows[i].fails;
        server.blames = rows[i].blames;
        server.left = rows[i].left;
        first = renew(&fixture);
        CHECK_TEXT(first, rows[i].want, rows[i].name);
        CHECK_TEXT(buf_text(&server.did), rows[i].did, rows[i].name);
        CHECK(!server.left, "%s: half done", rows[i].name);
        server.fails = server.blames = NULL;
        fixture_next_run(&fixture);
        next = renew(&fixture);
        CHECK_TEXT(next, rows[i].want_next, rows[i].name);
        CHECK_TEXT(buf_text(&server.did), rows[i].did_next, rows[i].name);
        CHECK(!delivery_any(fixture.store), "%s: something is owed still", rows[i].name);
    }
}

TEST(one_reload_however_many)
{
    static const struct setup setup = { .options = OPTIONS, .verb = "renew" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *got = NULL;

    open_with_server(&fixture, &setup);
    for (int i = 0; i < 32; i++) {
        AUTO(free) char *name = xprintf("h%02d.test", i);

        put_lineage(&fixture, name, 70);
    }
    got = renew(&fixture);
    CHECK(strstr(got, "+") == NULL && strstr(got, "h31.test done") != NULL, "%s", got);
    CHECK_INT((int64_t)server.reloads, 1, "reloads");
    CHECK_INT((int64_t)server.most, 32, "lineages of it");
}

TEST_MAIN()
