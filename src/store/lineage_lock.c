/*
 * Locks of lineages and accounts: ranges of CONF/.evercert.lock, at places that their names hash to.
 *
 * Two names that hash to the same place only wait for each other. Who has the whole store needs none of it.
 */
#include "base/file.h"
#include "base/mem.h"
#include "store/lineage_lock.h"
#include "store/store_private.h"

#define LOCK_NAME ".evercert.lock"
#define ACCOUNTS ((uint64_t)1 << 62) /* lineages lie below, the accounts of servers from here on */
#define LOCK_WAIT_S 300              /* unless --lock-timeout says otherwise: a renewal may wait for the DNS */

static const struct range whole_store = { 0, 0 };

static struct range lineage_range(const char *name)
{
    return (struct range){ view_hash(view_of(name), HASH_START) % ACCOUNTS, 1 };
}

static char *lock_path(const struct store *store)
{
    return file_join(store_config_dir(store), LOCK_NAME);
}

static bool take(
    const struct store *store, struct range range, const char *what, struct range_lock **out, struct error *err)
{
    AUTO(free) char *path = lock_path(store);
    int timeout_s = store_lock_timeout_s(store);
    struct lock_wait wait =
        lock_wait_of(timeout_s >= 0 ? timeout_s : LOCK_WAIT_S, "let it wait longer with --lock-timeout SECONDS");

    if (store_is_exclusive(store)) {
        *out = NULL;
        return true;
    }
    return range_lock_take(path, range, wait, what, out, err);
}

static bool try(const struct store *store, struct range range, struct range_lock **out, bool *taken, struct error *err)
{
    AUTO(free) char *path = lock_path(store);
    struct range_lock *lock = NULL;

    if (!store_is_exclusive(store))
        TRY(range_lock_try(path, range, &lock, err));
    *taken = lock != NULL || store_is_exclusive(store);
    *out = lock;
    return true;
}

bool lineage_lock(struct store *store, const char *name, struct range_lock **out, struct error *err)
{
    AUTO(free) char *what = xprintf("the certificate %s", name);

    return take(store, lineage_range(name), what, out, err);
}

bool lineage_lock_try(struct store *store, const char *name, struct range_lock **out, bool *taken, struct error *err)
{
    return try(store, lineage_range(name), out, taken, err);
}

bool store_lock_all(struct store *store, struct range_lock **out, struct error *err)
{
    return take(store, whole_store, "the certificates here", out, err);
}

bool store_lock_all_try(struct store *store, struct range_lock **out, bool *taken, struct error *err)
{
    return try(store, whole_store, out, taken, err);
}

bool store_lock_repair(struct store *store, struct range_lock **out, struct error *err)
{
    return take(
        store, lineage_range(""), "the repair of a certificate's files", out, err); /* no lineage has that name */
}

bool store_lock_order(struct store *store, const char *what_for, struct range_lock **out, struct error *err)
{
    AUTO(free) char *name = xprintf("/order/%s", what_for); /* a lineage's name has no slash */

    return take(store, lineage_range(name), "an order for the same names", out, err);
}

bool account_store_lock(struct store *store, const char *server, struct range_lock **out, struct error *err)
{
    AUTO(free) char *what = xprintf("making an account at %s", server);

    return take(
        store, (struct range){ ACCOUNTS + view_hash(view_of(server), HASH_START) % ACCOUNTS, 1 }, what, out, err);
}

bool lineage_is_locked(const struct store *store, const char *name)
{
    AUTO(free) char *path = lock_path(store);

    return store_is_exclusive(store) || range_lock_is_mine(path, lineage_range(name));
}
