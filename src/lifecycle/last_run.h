#pragma once
/*
 * Marks of the runs of `renew`: that one has begun, and that it came to its end.
 *
 * Whatever else a run records it records as it goes on or at its end; of one that is killed, or kept by a hook that
 * never ends, this is all there is. The mark is WORK/renew.txt; who makes it holds a lock on WORK/renew.lock as long as
 * it lives, which is how others tell a run that is at work from one that is no more. Of several runs at the same time
 * the first has the mark.
 */
#include "base/range_lock.h"
#include "health/health.h"

#define LAST_RUN_LONG_S 86400 /* no run should take longer */

enum last_run_state {
    LAST_RUN_NONE, /* nothing is known of any */
    LAST_RUN_ENDED,
    LAST_RUN_AT_WORK,
    LAST_RUN_CUT, /* it did not come to its end */
};

struct last_run {
    enum last_run_state state;
    bool with_machine; /* CUT: the machine was started anew since */
    int64_t began;     /* UTC seconds */
    int64_t ended;     /* of LAST_RUN_ENDED */
    unsigned pid;
    char *boot;      /* of the machine, as the kernel names it; NULL: not known */
    unsigned uptime; /* of the machine when it began, in seconds; 0: not known */
    int64_t age;     /* seconds since it began, however the clock was set meanwhile; -1: not known */
};
void last_run_clear(struct last_run *last);
static inline void last_run_clear_at(struct last_run *last)
{
    last_run_clear(last);
}

/* How it is with the last run. *out must be zero. What cannot be read is none; where the lock is closed to this user,
 * it is asked whether there is a process of that number. */
void last_run_look(const char *work_dir, struct last_run *out);

/* Marks that a run begins; *before is what was known until then. *lock is the caller's, for last_run_end; it stays NULL
 * where another run has the mark, or where none can be made: that is no reason not to renew. */
void last_run_begin(const char *work_dir, int64_t now, struct last_run *before, struct range_lock **lock);
/* Marks the end, in place, so that a full disk does not keep it from that, and releases the lock; NULL is fine. */
void last_run_end(const char *work_dir, int64_t now, struct range_lock *lock);

/* Pure: what is wrong with it, of the caller's; NULL: nothing. */
char *last_run_trouble(const struct last_run *last, int64_t now);
/* The same as a finding ("run-unfinished", "run-endless"). */
void last_run_tell(const char *work_dir, int64_t now, struct findings *out);
