/* Two processes in one store. */
#include "base/test_child.h"
#include "store/fixture.h"
#include "store/lineage_delete.h"
#include "store/lineage_lock.h"

static bool lock_a(void *store)
{
    struct range_lock *lock = NULL;
    struct error err = { 0 };

    return lineage_lock(store, "a.example", &lock, &err);
}

static bool lock_account(void *store)
{
    struct range_lock *lock = NULL;
    struct error err = { 0 };

    return account_store_lock(store, "https://ca.example/dir", &lock, &err);
}

static bool is_free(struct store *store, const char *name)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };
    bool taken;

    REQUIRE(lineage_lock_try(store, name, &lock, &taken, &err), "%s", err.why);
    return taken;
}

static struct settings *no_waiting(void)
{
    struct settings *settings = settings_here();

    settings->lock_timeout_s = 0;
    SETTING_MARK(settings, lock_timeout_s, ORIGIN_COMMAND_LINE);
    return settings;
}

TEST(one_lineage_is_locked_and_no_other)
{
    AUTO(settings_free) struct settings *settings = no_waiting();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };
    bool taken;
    pid_t pid = child_that(lock_a, store);

    CHECK(!is_free(store, "a.example") && is_free(store, "b.example"));
    REQUIRE(store_lock_all_try(store, &lock, &taken, &err), "%s", err.why);
    CHECK(!taken && lock == NULL, "all, with one of them in use");
    CHECK(account_store_lock(store, "a.example", &lock, &err), "an account is no lineage: %s", err.why);
    range_lock_release(TAKE(lock));
    CHECK(!lineage_lock(store, "a.example", &lock, &err) && lock == NULL);
    CHECK(strstr(err.why, "is busy with the certificate a.example") != NULL, "%s", err.why);
    CHECK(!lineage_delete(store, "a.example", &err), "deleted what another process works on");
    CHECK_INT(err.kind, ERROR_STORE, "kind");
    child_kill(pid);
    CHECK(store_lock_all(store, &lock, &err), "nothing is stale: %s", err.why);
    CHECK(is_free(store, "a.example"), "who has all has each");
}

TEST(accounts_are_locked_by_server)
{
    AUTO(settings_free) struct settings *settings = no_waiting();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };
    pid_t pid = child_that(lock_account, store);

    CHECK(!account_store_lock(store, "https://ca.example/dir", &lock, &err), "the same server");
    CHECK(account_store_lock(store, "https://ca.example/other", &lock, &err), "another server: %s", err.why);
    child_kill(pid);
}

/* A run that holds Certbot's locks exclusively creates no lock file of ours. */
TEST(an_exclusive_store_needs_no_locks)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };
    bool taken;

    REQUIRE(store_open(settings, STORE_CREATE | STORE_LOCK, &store, &err), "%s", err.why);
    CHECK(lineage_lock(store, "a.example", &lock, &err), "%s", err.why);
    CHECK(store_lock_all_try(store, &lock, &taken, &err) && taken, "%s", err.why);
    CHECK(lineage_is_locked(store, "a.example"));
    CHECK(lock == NULL && !file_exists(at(".evercert.lock")));
}

/* Traces of work are another process's as long as it has the lock. */
TEST(work_of_another_process_is_not_finished_for_it)
{
    AUTO(settings_free) struct settings *settings = no_waiting();
    AUTO(store_close) struct store *store = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };
    pid_t pid;

    xreplace(&settings->store_layout, "certbot");
    SETTING_MARK(settings, store_layout, ORIGIN_COMMAND_LINE);
    store = store_here(settings);
    make_lineage(store, settings, "a.example");
    for (int kind = 0; kind < KIND_COUNT; kind++) { /* as an interrupted switch leaves them */
        AUTO(free) char *target = xprintf("../../archive/a.example/%s1.pem", kind_name((enum kind)kind));

        REQUIRE(symlink(target, at("live/a.example/previous_%s.pem", kind_name((enum kind)kind))) == 0);
    }
    pid = child_that(lock_a, store);
    CHECK(lineage_load(store, "a.example", &lineage, &err), "what is live can be read: %s", err.why);
    CHECK(lineage != NULL && lineage->unsettled, "the traces were not noticed");
    CHECK(file_is_link(at("live/a.example/previous_cert.pem")), "the other's work was touched");
    REQUIRE(unlink(at("live/a.example/cert.pem")) == 0);
    CHECK(!lineage_load(store, "a.example", &lineage, &err), "it cannot be read, and yet was");
    CHECK(strstr(err.why, "is busy with the certificate a.example") != NULL, "%s", err.why);
    child_kill(pid);
    lineage_free(TAKE(lineage));
    CHECK(lineage_load(store, "a.example", &lineage, &err), "now it is ours to finish: %s", err.why);
    CHECK(!file_is_link(at("live/a.example/previous_cert.pem")), "it was not finished");
}

/* A name that another process is about to use is passed over. */
TEST(a_new_lineage_goes_round_names_in_use)
{
    AUTO(settings_free) struct settings *settings = no_waiting();
    AUTO(store_close) struct store *store = store_here(settings);
    pid_t pid = child_that(lock_a, store);

    make_lineage(store, settings, "a.example");
    CHECK(!store_has_lineage(store, "a.example") && store_has_lineage(store, "a.example-0001"));
    CHECK(is_free(store, "a.example-0001"), "the lock of what was made is given up");
    child_kill(pid);
}

TEST_MAIN()
