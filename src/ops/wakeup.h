#pragma once
/*
 * Waiting for whatever concerns the daemon first: a time of day, which may come while the machine sleeps or by the
 * clock being set; a signal; the end of a child; a change in a directory.
 *
 * Where the system has no timers by the time of day, or tells of no changes, a wait is bounded by its caller, who looks
 * again.
 */
#include <stdint.h>

#include "base/error.h"

enum wake {           /* why it ended; none of them: the time has come */
    WAKE_STOP = 1,    /* SIGTERM, SIGINT, SIGQUIT */
    WAKE_RELOAD = 2,  /* SIGHUP */
    WAKE_CHILD = 4,   /* SIGCHLD */
    WAKE_CLOCK = 8,   /* the clock was set */
    WAKE_CHANGE = 16, /* in the directory */
};

/* Takes these signals over from base/interrupt.h, once in a process: a program that is process 1 gets none that it has
 * not asked for. */
MUST_USE bool wakeup_open(struct error *err);
void wakeup_close(void);

/* Tells of changes in this directory from now on, in place of another one; one that is not there is tried again by the
 * next call. */
void wakeup_watch(const char *dir);

/* How many signals to stop have been seen: several may end one wait. */
unsigned wakeup_stops(void);

/* Waits until then (UTC seconds since 1970), most_ms at most. Returns enum wake. */
unsigned wakeup_wait(int64_t until, int64_t most_ms);
