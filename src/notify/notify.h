#pragma once
/*
 * Alarms: tells the targets of the settings what became of a run of renew, as far as each does not know it.
 *
 * What a target was told is in CONF/alarms (memory.h), under a lock for each, so that two processes never tell the same
 * twice; one that was killed between telling and noting it tells it once more. All targets are told at the same time:
 * none delays the run by more than half a minute, and none makes it fail. Nothing is told of a dry run.
 */
#include "lifecycle/last_run.h"
#include "lifecycle/renew.h"
#include "notify/target.h"

/* At the beginning of `renew`, where the run before it did not come to its end: this one may not come so far either. */
void notify_begun(struct context *context, const struct last_run *before);
/* At its end. why it ended before all was looked at: NULL when it did not, or ERROR_CANCELED. before: as above. */
void notify_renewed(
    struct context *context, const struct renewals *renewals, const struct last_run *before, const struct error *why);
/* When it could not even begin; context->store may be NULL. */
void notify_not_begun(struct context *context, const struct error *why);

struct foreign {           /* a certificate in the public logs that is not of this store */
    const char *id, *what; /* one line */
};
/* After a look into the logs: all of which nobody knows. Each is told once. */
void notify_foreign(struct context *context, const struct foreign *at, size_t len);

/* Sends a test message to a target, and to one that keeps incidents open also that it is over. */
MUST_USE bool notify_test(struct context *context, const struct target *target, struct error *err);
