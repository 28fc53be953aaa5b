#pragma once
/*
 * Locks of lineages, and of what several of them share.
 */
#include "base/range_lock.h"
#include "store/store.h"

/*
 * Everything that changes a lineage happens with its lock held, from before it is loaded until it is done. A thread
 * that holds it may take it again. Waits for others: settings->lock_timeout_s if that is set, else some minutes.
 * ERROR_STORE in vain, ERROR_CANCELED. *out is the caller's, for range_lock_release (by AUTO) in the same thread; it
 * may be NULL.
 */
MUST_USE bool lineage_lock(struct store *store, const char *name, struct range_lock **out, struct error *err);
/* lineage_lock without waiting: *taken is false when another holds it. */
MUST_USE bool lineage_lock_try(
    struct store *store, const char *name, struct range_lock **out, bool *taken, struct error *err);
/* Whether this thread may change the lineage. */
bool lineage_is_locked(const struct store *store, const char *name);
/* Locks all lineages and accounts, for repairs of the store. Not for a thread that holds the lock of a lineage. */
MUST_USE bool store_lock_all(struct store *store, struct range_lock **out, struct error *err);
MUST_USE bool store_lock_all_try(struct store *store, struct range_lock **out, bool *taken, struct error *err);
/* Lock for repairs of one lineage, which look at files that others leave unused; taken with the lineage locked. */
MUST_USE bool store_lock_repair(struct store *store, struct range_lock **out, struct error *err);
/* Lock for an order of that account for those names, however written (issuance/alike.h): a CA may hand one order out
 * twice. Taken with the lineage locked, released before hooks run. */
MUST_USE bool store_lock_order(struct store *store, const char *what_for, struct range_lock **out, struct error *err);
/* Lock for making an account at that server, so that two processes do not make two: as lineage_lock. May be taken with
 * a lineage locked, not the other way round. */
MUST_USE bool account_store_lock(struct store *store, const char *server, struct range_lock **out, struct error *err);
