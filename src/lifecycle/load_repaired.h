#pragma once
/*
 * Loads a lineage that manual changes, a backup or a crash have left unloadable.
 */
#include "run/context.h"

/*
 * lineage_load; and when that fails, what keeps the lineage from being loaded is repaired if there is exactly one right
 * answer (store/health.h), and it is loaded again. What was done is logged and said. Called by the name certbot, or
 * with --dry-run, nothing is repaired. Thread-safe. *out is the caller's; the error is that of the last attempt.
 */
MUST_USE bool lineage_load_repaired(struct context *context, const char *name, struct lineage **out, struct error *err);
