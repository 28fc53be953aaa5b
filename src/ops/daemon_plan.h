#pragma once
/*
 * When the daemon runs `renew`, and whether it is well. Pure.
 */
#include <stdbool.h>

#include "base/bytes.h"

struct daemon_facts { /* UTC seconds */
    int64_t now;
    int64_t due;        /* the earliest at which a certificate is due, UPCOMING_NEVER when none is */
    int64_t interval_s; /* cadence_for: so often a run is made anyway, to hear what CAs say of renewals */
    int64_t began;      /* the last run, 0: none is known */
    unsigned failures;  /* runs in a row that failed */
};

/*
 * The time of the next run, which may be past. No two begin within a minute; after failures the pause doubles, up to a
 * quarter of the interval and an hour, within which everything is tried again. A last run in the future was written by
 * a clock that was ahead, and counts as none.
 */
int64_t daemon_next(const struct daemon_facts *facts);

#define DAEMON_BEAT_S 60 /* between two signs of life */

struct daemon_state {
    unsigned pid;
    int64_t beat;      /* the last sign of life: the file's own time */
    int64_t next;      /* run; 0: none is planned */
    int64_t began;     /* the last run, 0: none yet */
    int64_t ended;     /* of that run, 0: it is at work */
    unsigned status;   /* its exit status; 128 and the signal */
    unsigned failures; /* runs in a row that failed */
    char *next_for;    /* the certificate that is due then; NULL: no particular one */
};
void daemon_state_clear(struct daemon_state *state);
static inline void daemon_state_clear_at(struct daemon_state *state)
{
    daemon_state_clear(state);
}

/* The signal by which a run that has been at work for so long is to be ended now, 0: none. sent: the last one. After a
 * day it is asked to end, which it tells as an interruption; five minutes later it is killed. */
int daemon_urge(int64_t at_work_s, int sent);

/* NULL when the daemon is well, else why not: it shows no sign of life, a run that was due has not begun, or one does
 * not end. That renewals fail is not the daemon's illness. Of the caller's. */
char *daemon_illness(const struct daemon_state *state, int64_t now);
