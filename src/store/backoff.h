#pragma once
/*
 * The time at which an unattended run may try again after failures: at the next run, then after a minute, ten, a
 * hundred, and then once a day.
 */
#include "base/bytes.h"

#define BACKOFF_MAX_S 86400 /* between two attempts */

struct backoff {
    unsigned failures;  /* in a row */
    int64_t not_before; /* UTC seconds */
    char *why;          /* the last error; NULL: none */
};

void backoff_clear(struct backoff *backoff);
static inline void backoff_clear_at(struct backoff *backoff)
{
    backoff_clear(backoff);
}
/* Counts a failure. longest: seconds that the pause may last, at most BACKOFF_MAX_S. */
void backoff_failed(struct backoff *backoff, const char *why, int64_t now, int64_t longest);
/* Whether an unattended run is still to wait. What lies further ahead than any pause was written by a clock that was
 * wrong. */
bool backoff_waits(const struct backoff *backoff, int64_t now);
