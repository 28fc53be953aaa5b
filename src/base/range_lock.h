#pragma once
/*
 * Locks on ranges of one file: many things can be locked, each on its own, and nothing is left behind for any of them.
 *
 * They exclude other processes and the other threads of this one. POSIX record locks, of one descriptor per file and
 * process: unlike those of an open file description they tell who holds one, and no forked child keeps one alive. They
 * are gone when the process is, whatever way it went; the file stays, empty. Nothing else in the process may open that
 * file: closing it would give up every lock.
 */
#include <stdint.h>

#include "base/lock.h"

struct range_lock;

struct range {
    uint64_t start, len; /* len 0: to the end of all files; the largest start is 2^63 - 1 */
};

/*
 * Takes the lock, creating the file (0600). A thread that holds a lock which covers the range shares it. wait: for
 * other holders; the wait is announced by a warning after a second, `what` being what they are busy with ("the
 * certificate x"). ERROR_STORE when it was in vain, naming the holder; ERROR_CANCELED when the user interrupts. *out is
 * the caller's, for range_lock_release in the same thread.
 */
MUST_USE bool range_lock_take(const char *path, struct range range, struct lock_wait wait, const char *what,
    struct range_lock **out, struct error *err);
/* The same without waiting: *out is NULL when another process or thread holds it. */
MUST_USE bool range_lock_try(const char *path, struct range range, struct range_lock **out, struct error *err);
/* Whether this thread holds a lock that covers the range. */
bool range_lock_is_mine(const char *path, struct range range);

void range_lock_release(struct range_lock *lock); /* NULL is fine */
DEFINE_AUTO(struct range_lock, range_lock_release)
