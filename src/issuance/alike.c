#include "issuance/alike.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "store/lineage_lock.h"

#define LOOK_EVERY_MS 50
#define WAIT_MAX_MS (300 * 1000) /* a user's hook may wait for the DNS */

struct alike {
    char *key;
    struct range_lock *lock; /* keeps other processes out; NULL where the whole store is ours */
};

/* Orders under way in this process. They keep threads apart where store_lock_all has replaced the ranges. */
static struct mutex mutex = MUTEX_INIT;
static struct list under_way;

/* The same text for the same names, in whatever order. */
static char *key_of(const char *account_url, const struct list *names)
{
    AUTO(list_clear) struct list sorted = { 0 };
    AUTO(free) char *joined = NULL;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *name = xstrdup(names->at[i]);

        text_lower(name);
        if (!list_has(&sorted, name))
            list_add(&sorted, name);
    }
    list_sort(&sorted);
    joined = list_join(&sorted, ",");
    return xprintf("%s %s", account_url, joined);
}

static bool try_enter(const char *key)
{
    bool free_now;
    MUTEX_HOLD(&mutex);

    free_now = !list_has(&under_way, key);
    if (free_now)
        list_add(&under_way, key);
    return free_now;
}

static void leave(const char *key)
{
    MUTEX_HOLD(&mutex);

    for (size_t i = under_way.len; i > 0; i--) {
        if (strcmp(under_way.at[i - 1], key) == 0)
            list_remove(&under_way, i - 1);
    }
    if (under_way.len == 0)
        list_clear(&under_way);
}

static bool wait_for_threads(const char *key, bool *entered, struct error *err)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MAX_MS;

    while (!(*entered = try_enter(key)) && clock_monotonic_ms() < end_ms)
        if (!clock_sleep_ms(LOOK_EVERY_MS))
            TRY(interrupt_check(err));
    return true;
}

/* *entered is false when it took too long. The thread waited for may have given its own job back, and need one to go
 * on. */
static bool enter_threads(const struct turn *turn, const char *key, bool *entered, struct error *err)
{
    bool ok;

    *entered = try_enter(key);
    if (*entered)
        return true;
    turn_park(turn);
    ok = wait_for_threads(key, entered, err);
    turn_unpark(turn);
    return ok;
}

bool alike_enter(struct store *store, const struct turn *turn, const char *account_url, const struct list *names,
    struct alike **out, struct error *err)
{
    AUTO(free) char *key = key_of(account_url, names);
    AUTO(alike_leave) struct alike *alike = NULL;
    struct error failure = { 0 };
    bool entered;

    TRY(enter_threads(turn, key, &entered, err));
    if (!entered) {
        log_warning("Another order for the same names takes long; not waiting for it any more");
        return true;
    }
    alike = xcalloc(1, sizeof *alike);
    alike->key = TAKE(key);
    if (!store_lock_order(store, alike->key, &alike->lock, &failure)) {
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
        log_warning("Not waiting any more for another order for the same names: %s", failure.why);
    }
    *out = TAKE(alike);
    return true;
}

void alike_leave(struct alike *alike)
{
    if (alike == NULL)
        return;
    range_lock_release(alike->lock);
    leave(alike->key);
    free(alike->key);
    free(alike);
}
