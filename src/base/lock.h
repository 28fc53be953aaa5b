#pragma once
/*
 * Locks between processes: POSIX record locks on a lock file, as Certbot takes them, so that both exclude
 * each other.
 *
 * A lock belongs to the process: it is gone when the process is, whatever way it went.
 */
#include <sys/types.h>

#include "base/error.h"

/* A wait for other holders: one time limit for all locks of one step together. */
struct lock_wait {
    int64_t end_ms;     /* of the monotonic clock */
    int seconds;        /* seconds at its beginning */
    const char *longer; /* how the user has us wait longer, in the form of "let it wait"; borrowed, for advice */
};
struct lock_wait lock_wait_of(int seconds, const char *longer);
int lock_wait_left_s(struct lock_wait wait); /* rounded up */

enum lock_mode {
    LOCK_EXCLUSIVE, /* Certbot's */
    LOCK_SHARED,    /* excludes Certbot and exclusive holders, but not other shared ones */
};

struct lock;

/*
 * Takes the lock on DIR/.certbot.lock, creating the file (0600). wait: for other holders, 0 s not at all; the wait is
 * announced by a warning. ERROR_STORE in Certbot's words when it is held, err->next naming the holder's PID;
 * ERROR_CANCELED when the user interrupts the wait. A directory that this process has locked already, in the same mode,
 * is shared: the last lock_release unlocks it. *out is the caller's, for lock_release.
 */
MUST_USE bool lock_take(
    const char *dir, enum lock_mode mode, struct lock_wait wait, struct lock **out, struct error *err);

/* Removes the lock file unless others share the lock, then unlocks; NULL is fine. */
void lock_release(struct lock *lock);
DEFINE_AUTO(struct lock, lock_release)

/* "process 4711 (certbot)", for messages; 0: one that cannot be seen from here. Of the caller's. */
char *lock_describe_holder(pid_t holder) __attribute__((returns_nonnull));
