/* Two orders for the same names: one after the other, threads and processes. */
#include "issuance/alike.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/test_child.h"
#include "store/fixture.h"

#define CA "https://ca.test/acct/1"

static struct list names_of(const char *a, const char *b)
{
    struct list names = { 0 };

    list_add(&names, a);
    list_add(&names, b);
    return names;
}

static const struct {
    const char *name, *account, *a, *b;
    bool waits;
} others[] = {
    { "the same", CA, "a.example", "b.example", true },
    { "in another order", CA, "b.example", "a.example", true },
    { "in capitals", CA, "A.example", "B.EXAMPLE", true },
    { "one of them", CA, "a.example", "a.example", false },
    { "other names", CA, "a.example", "c.example", false },
    { "another account", CA "2", "a.example", "b.example", false },
};

struct
try {
    struct store *store;
    size_t row;
    struct mutex lock;
    bool entered;
};

static bool seen(struct try *try)
{
    MUTEX_HOLD(&try->lock);

    return try->entered;
}

static void *enter(void *arg)
{
    struct try *try = arg;
    AUTO(list_clear) struct list names = names_of(others[try->row].a, others[try->row].b);
    AUTO(alike_leave) struct alike *alike = NULL;
    struct error err = { 0 };
    bool ok = alike_enter(try->store, NULL, others[try->row].account, &names, &alike, &err);
    MUTEX_HOLD(&try->lock);

    try->entered = ok;
    return NULL;
}

/* Another thread: it is seen to be in while this one is, or only when this one has left. */
static void with_threads(struct store *store, const char *name)
{
    AUTO(list_clear) struct list names = names_of("a.example", "b.example");

    for (size_t i = 0; i < COUNT(others); i++) {
        struct try try = { .store = store, .row = i, .lock = MUTEX_INIT };
        struct alike *mine = NULL;
        struct error err = { 0 };
        pthread_t thread;

        if (!alike_enter(store, NULL, CA, &names, &mine, &err))
            fail_msg("%s: %s", name, err.why);
        if (pthread_create(&thread, NULL, enter, &try) != 0)
            fail_msg("no thread");
        if (others[i].waits) { /* it cannot be in, however long one looks */
            for (int k = 0; k < 10; k++) {
                (void)clock_sleep_ms(10);
                CHECK(!seen(&try), "%s: %s: not waited for", name, others[i].name);
            }
            alike_leave(mine);
            (void)pthread_join(thread, NULL);
        } else { /* comes in, or this hangs */
            (void)pthread_join(thread, NULL);
            alike_leave(mine);
        }
        CHECK(try.entered, "%s: %s", name, others[i].name);
        mutex_destroy(&try.lock);
    }
}

TEST(threads)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);

    with_threads(store, "a store of many");
}

/* Under Certbot's name the whole store is locked, and its ranges are not. */
TEST(threads_of_who_has_the_store_alone)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };

    if (!store_open(settings, STORE_CREATE | STORE_LOCK, &store, &err))
        fail_msg("%s", err.why);
    with_threads(store, "a store of one's own");
}

static bool hold(void *store)
{
    AUTO(list_clear) struct list names = names_of("a.example", "b.example");
    struct alike *alike;
    struct error err = { 0 };

    return alike_enter(store, NULL, CA, &names, &alike, &err);
}

TEST(processes)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct try try = { .store = store, .row = 0, .lock = MUTEX_INIT };
    pid_t other = child_that(hold, store);
    pthread_t thread;

    if (pthread_create(&thread, NULL, enter, &try) != 0)
        fail_msg("no thread");
    for (int k = 0; k < 10; k++) {
        (void)clock_sleep_ms(10);
        CHECK(!seen(&try), "not waited for");
    }
    child_kill(other);
    (void)pthread_join(thread, NULL);
    CHECK(try.entered);
    mutex_destroy(&try.lock);
}

TEST_MAIN()
