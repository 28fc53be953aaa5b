#pragma once
/*
 * Whether a lineage is due: gathers the facts (renewal file, the CA's renewal information, revocation) and decides.
 */
#include "run/context.h"
#include "lifecycle/due.h"

/*
 * Asks the certificate's own CA for renewal information when it is time to and keeps the instant
 * chosen in the renewal file, except in a dry run. Trouble with renewal information is a warning: the other rules still
 * hold. Fails only for an unreadable renewal file.
 */
MUST_USE bool lineage_due(struct context *context, struct lineage *lineage, enum due *out, struct error *err);

/* "is due because ..." for people and logs. */
const char *due_reason(enum due due);
