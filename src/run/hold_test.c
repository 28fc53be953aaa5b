/*
 * A lineage's lock while the user is asked: let go, taken again, and what another process has changed meanwhile.
 */
#include "run/hold.h"

#include <pthread.h>

#include "fixture.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define NAME "a.test"

struct trial {
    struct fixture *fixture;
    bool taken;
};

static void *try_lock(void *arg)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct trial *trial = arg;
    struct error err = { 0 };

    CHECK(lineage_lock_try(trial->fixture->store, NAME, &lock, &trial->taken, &err), "%s", err.why);
    return NULL;
}

/* As another worker sees it: one thread may take its own lock twice. */
static bool is_locked(struct fixture *fixture)
{
    struct trial trial = { fixture, false };
    pthread_t thread;

    REQUIRE(pthread_create(&thread, NULL, try_lock, &trial) == 0 && pthread_join(thread, NULL) == 0, "no thread");
    return !trial.taken;
}

static void nothing(struct fixture *fixture)
{
    (void)fixture;
}

static void change_option(struct fixture *fixture)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(fixture->store, NAME, &lineage, &err), "%s", err.why);
    xreplace(&fixture->settings->key_type, "rsa");
    SETTING_MARK(fixture->settings, key_type, ORIGIN_COMMAND_LINE);
    REQUIRE(lineage_save_settings(lineage, fixture->settings, &err), "%s", err.why);
}

static void learn_renewal_info(struct fixture *fixture)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct renewal_memory memory = { .retry_at = FIXTURE_NOW + 3600, .instant = FIXTURE_NOW, .said_at = FIXTURE_NOW };
    struct error err = { 0 };

    REQUIRE(lineage_load(fixture->store, NAME, &lineage, &err), "%s", err.why);
    REQUIRE(lineage_save_renewal_info(lineage, &memory, &err), "%s", err.why);
}

static void renew(struct fixture *fixture)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    REQUIRE(lineage_load(fixture->store, NAME, &lineage, &err), "%s", err.why);
    REQUIRE(lineage_add_version(fixture->store, lineage, &issued, fixture->settings, &err), "%s", err.why);
}

static void delete (struct fixture *fixture)
{
    (void)fixture;
    REQUIRE(unlink(at("renewal/%s.conf", NAME)) == 0, "no renewal file");
}

static const struct {
    const char *name;
    const char *answers; /* NULL: nobody can be asked, so the lock is kept */
    void (*meanwhile)(struct fixture *fixture);
    bool changed, gone;
} rows[] = {
    { "nobody can be asked", NULL, nothing, false, false },
    { "nothing happened", "", nothing, false, false },
    { "what the CA has said is no change", "", learn_renewal_info, false, false },
    { "another option", "", change_option, true, false },
    { "another certificate", "", renew, true, false },
    { "deleted", "", delete, true, true },
};

TEST(while_the_user_is_asked)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct setup setup = { .answers = rows[i].answers };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(hold_clear) struct hold hold = { .name = xstrdup(NAME) };
        struct error err = { 0 };
        bool asks = rows[i].answers != NULL;

        fixture_open(&fixture, &setup);
        lineage_free(fixture_lineage(&fixture, NAME, NAME, 0));
        REQUIRE(hold_take(&fixture.context, &hold, &err), "%s", err.why);
        REQUIRE(lineage_load(fixture.store, NAME, &hold.lineage, &err), "%s", err.why);
        CHECK(is_locked(&fixture), "%s: from the beginning", rows[i].name);
        hold_pause(&fixture.context, &hold);
        CHECK(is_locked(&fixture) != asks, "%s: meanwhile", rows[i].name);
        rows[i].meanwhile(&fixture);
        CHECK_INT(hold_resume(&fixture.context, &hold, &err), rows[i].changed ? STEP_AGAIN : STEP_DONE, rows[i].name);
        CHECK(is_locked(&fixture), "%s: then", rows[i].name);
        CHECK((hold.lineage == NULL) == rows[i].gone, "%s", rows[i].name);
        CHECK(fixture_has_said(&fixture, "changed by another process") == rows[i].changed, "%s: %s", rows[i].name,
            buf_text(&fixture.said));
        hold_clear(&hold); /* before the store that its lock is of */
    }
}

/* A new lineage has no files yet: its name alone is held. */
TEST(a_new_one)
{
    static const struct setup setup = { .answers = "" };
    AUTO(fixture_clear) struct fixture fixture;
    struct hold hold = { .name = xstrdup(NAME) };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(hold_take(&fixture.context, &hold, &err), "%s", err.why);
    hold_pause(&fixture.context, &hold);
    CHECK(!is_locked(&fixture), "meanwhile");
    CHECK_INT(hold_resume(&fixture.context, &hold, &err), STEP_DONE, "nothing was there to be changed");
    CHECK(is_locked(&fixture), "then");
    hold_clear(&hold);
    CHECK(!is_locked(&fixture), "cleared");
}

TEST_MAIN()
