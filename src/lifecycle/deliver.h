#pragma once
/*
 * Delivers a certificate that went live: deploy hooks, then the reload of the installer's server, which a run over many
 * lineages puts off to its end (context->reloads).
 *
 * deliver_expect writes down, before the version goes live, that this is to come. Each part that is done is noted, and
 * the record goes with the last one. A run that was killed in between, and a command that failed, are made up for by
 * the next `renew`, or by asking for the same certificate again. Under the name certbot a command that failed counts as
 * done, as it does there.
 *
 * The lineage is locked by the caller throughout.
 */
#include "run/context.h"

/* Records what is to follow before `cert` goes live as lineage `name` (lineage NULL: a new one). Nothing is recorded in
 * a dry run, or where nothing is to follow. A failure is only logged: it must not keep a good certificate from going
 * live. */
void deliver_expect(struct context *context, const struct lineage *lineage, const char *name, const struct cert *cert);

/* Runs the deploy hooks of the live certificate, each once. In a dry run only with --run-deploy-hooks. A failed command
 * is logged, and is no error here. */
MUST_USE bool deliver_hooks(
    struct context *context, const struct lineage *lineage, const struct identifiers *names, struct error *err);

/* Makes the server of the settings' installer, if any, read the lineage's files again, or puts that off to the end of
 * the run; then removes the record, unless a hook failed. */
MUST_USE bool deliver_reload(
    struct context *context, const struct lineage *lineage, const struct identifiers *names, struct error *err);

/* index: of the lineage among those of the run; failure is NULL when its server has the new files. */
typedef void reload_told(void *arg, size_t index, const struct error *failure);

/*
 * Does the reloads that were put off: each once, in the order in which they were requested; locks each lineage while
 * its result is recorded, and calls `told` for it. Includes the installers' steps (installer->step). Also done after an
 * interrupt: the certificates are live.
 */
void deliver_reloads(struct context *context, const struct reloads *reloads, reload_told *told, void *arg);

/* The same as deliver_reload where installing has made the server use it already. */
void deliver_installed(struct context *context, const char *name);

/* Does what earlier runs have left to do for the live version. backs_off: does nothing before the pause after a failure
 * is over. *delivered: nothing is left to do. The error is that of the reload; a failed hook is only logged. */
MUST_USE bool deliver_outstanding(
    struct context *context, const struct lineage *lineage, bool backs_off, bool *delivered, struct error *err);

/* Removes the records of lineages that no longer exist. Returns whether records are left, so that each lineage has to
 * be examined. */
bool deliver_sweep(struct context *context);
