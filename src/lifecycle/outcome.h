#pragma once
/*
 * What came of renewals, and when a lineage that keeps failing is tried again (store/failures.h).
 *
 * Only an order that the CA has seen makes the next unattended run wait: what fails before costs nobody anything, and
 * what somebody mends is to work at once. The lineage is locked by the caller.
 */
#include "run/context.h"
#include "store/failures.h"

/* Whether an unattended run is to wait. *failures (cleared by the caller, with failures_clear) says until when, and
 * why. Nobody waits for what was asked for with --force-renewal or at a terminal, nor under the name certbot. */
bool outcome_waits(struct context *context, const char *name, struct failures *failures);

/* A renewal succeeded, or failed for *failure. ordered: the CA was asked for an order. Trouble with the record is told.
 * Nothing is noted of dry runs, of what the user stopped, and under the name certbot of failures. */
void outcome_note(struct context *context, const struct lineage *lineage, bool ordered, const struct error *failure);
