#pragma once
/*
 * Tables of items that have a name and are made once, by the thread that asks first: threads that ask for the same item
 * wait until it is made, others do not.
 *
 * Knows names, locks and failures; the items are the callers', who embed struct named as their first member.
 */
#include "base/error.h"
#include "base/mutex.h"

struct named {
    struct named *next;
    char *name;
    struct mutex lock;    /* guards the rest, and what the caller puts behind it */
    bool tried, made;     /* neither is set again */
    struct error failure; /* why it was tried and not made */
};

/* All zero, with MUTEX_INIT where it is of static storage, else with mutex_init. */
struct named_table {
    struct mutex lock; /* guards the list, not what is in it */
    struct named *first;
};

/* The item of that name; at first one of size bytes, all zero behind the struct named that it begins with. Borrowed
 * until named_clear. */
void *named_get(struct named_table *table, const char *name, size_t size) __attribute__((returns_nonnull));

/*
 * Under item->lock: has make fill the item, unless that has succeeded before. A failure is remembered, and returned
 * again to all later callers, as another try would only fail alike after another time-out; but ERROR_CANCELED, by which
 * the user interrupts, says nothing about the item.
 */
MUST_USE bool named_make(
    struct named *item, bool (*make)(void *item, void *arg, struct error *err), void *arg, struct error *err);

/* Clears each item (clear may be NULL), frees it, and leaves an empty table. No other thread may use it. */
void named_clear(struct named_table *table, void (*clear)(void *item));
