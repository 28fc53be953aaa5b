#pragma once
/*
 * Locks between processes: POSIX record locks on a lock file, as Certbot takes them, so that both exclude
 * each other.
 *
 * A lock belongs to the process: it is gone when the process is, whatever way it went.
 */
#include "base/error.h"

struct lock;

/*
 * Takes the lock on DIR/.certbot.lock, creating the file (0600). wait_s: seconds to wait for another holder,
 * 0 not at all. ERROR_STORE when it is held, naming the holder's PID; ERROR_CANCELED when the user interrupts
 * the wait. A directory that this process has locked already is shared: the last lock_release unlocks it.
 * *out is the caller's, for lock_release.
 */
MUST_USE bool lock_take(const char *dir, int wait_s, struct lock **out, struct error *err);

/* Removes the lock file, then unlocks; NULL is fine. */
void lock_release(struct lock *lock);
DEFINE_AUTO(struct lock, lock_release)
