#pragma once
/*
 * Results of renewals, and the time at which a lineage that keeps failing is tried again (store/failures.h).
 *
 * Only an order that the CA has seen makes the next unattended run wait: earlier failures cost the CA nothing, and once
 * their cause is mended the next run must succeed. The lineage is locked by the caller.
 */
#include "run/context.h"
#include "store/failures.h"

/* Whether an unattended run has to wait. *failures (cleared by the caller, with failures_clear) says until when, and
 * why. False with --force-renewal, at a terminal, and under the name certbot. */
bool outcome_waits(struct context *context, const char *name, struct failures *failures);

/* Records that a renewal succeeded, or failed for *failure. ordered: an order was requested of the CA. A failure to
 * write is logged. Records nothing of dry runs, of what the user stopped, and under the name certbot of failures. */
void outcome_note(struct context *context, const struct lineage *lineage, bool ordered, const struct error *failure);
