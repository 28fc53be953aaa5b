#pragma once
/*
 * The versions of certificates, for `history`: an old one made live again, and those removed that are of no use.
 */
#include "run/context.h"
#include "store/convert.h"

/*
 * Makes a superseded version of a lineage live again, and does what follows a renewal: deploy hooks, and the restart of
 * the installer's server, by the lineage's saved settings. Says when the version has expired or was revoked, and when
 * no responder could be asked about that; at a terminal, asks whether to go on. *now is what the version is called from
 * now on, of the caller's; NULL when the answer was no.
 */
MUST_USE bool versions_restore(
    struct context *context, const char *name, const char *id, char **now, struct error *err);

/* Removes what --history-keep does not keep: as given now, else as saved with the lineage. removed gets the versions.
 */
MUST_USE bool versions_prune(struct context *context, const char *name, struct list *removed, struct error *err);

/* Changes a lineage's layout (store/convert.h). Users and groups that its saved settings admit get access in the new
 * layout, too. */
MUST_USE bool versions_convert(struct context *context, const char *name, struct conversion *out, struct error *err);

/* The lineages to work on: `only`, which must be there, or (NULL) all. */
MUST_USE bool versions_lineages(struct context *context, const char *only, struct list *names, struct error *err);
