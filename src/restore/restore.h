#pragma once
/*
 * Restoring certificates from a backup: a whole store, or some of its lineages.
 *
 * What is restored is staged and mended beside the store (restore_stage.h), compared with it and shown
 * (restore_plan.h), and put in place by one transaction (restore_txn.h): a restore that was cut short is completed, or
 * taken back, by the next one, and by any command that opens the store for writing.
 */
#include "crypto/seal.h"
#include "run/context.h"

struct restoring {
    const char *from;           /* a directory or an archive */
    const struct unseal_by *by; /* by what an encrypted one is opened; NULL: nothing */
    const struct list *names;   /* lineages; empty: the whole store */
};

/* Shows what would change; ends there with --dry-run, or when there is nothing to change. Else asks (--yes: does not),
 * puts it in place and examines it. ERROR_STORE also when something was not restored, or does not fit this machine;
 * what was restored stays then. On any other failure the store is as it was. */
MUST_USE bool restore_run(struct context *context, const struct restoring *restoring, struct error *err);

/* Call when a store was opened for writing: completes or takes back a restore that was cut short, waiting for one that
 * is under way. */
MUST_USE bool restore_settle(struct store *store, struct error *err);
