#pragma once
/*
 * New lineages, and new versions of them.
 */
#include "store/store.h"

/* Whether a new lineage may have that name, to be asked before a certificate is ordered: ERROR_CONFIG for a
 * name that no file can have, ERROR_STORE "live directory exists for NAME" when files of that name are there
 * without a renewal file. */
MUST_USE bool lineage_check_name(struct store *store, const char *name, struct error *err);

/*
 * A new lineage: reserves a name (NAME, NAME-0001, ...), writes version 1, the links and the renewal file
 * with the settings that are saved. Nothing is left behind on failure. A leading "*." is the caller's to
 * strip. *out is the caller's.
 */
MUST_USE bool lineage_create(struct store *store, const char *name, const struct issued *issued,
    const struct settings *settings, struct lineage **out, struct error *err);
/*
 * The next version of a lineage: its files, each with its owner and mode before a byte is in it; made live by one
 * switch; renewal file rewritten with settings; superseded versions pruned (history.h). A failure leaves the live
 * version as it was; when only making it live failed, the new version is kept as a pending deployment (err->next says
 * so). The lineage is reloaded in place.
 */
MUST_USE bool lineage_add_version(struct store *store, struct lineage *lineage, const struct issued *issued,
    const struct settings *settings, struct error *err);

/* ---- inside the room ---- */

/* The layout for a new lineage: that of --store-layout, else that of the store's first lineage, else the default of the
 * name that the program was called by. */
const struct layout *layout_for_new(struct store *store, const struct settings *settings);

/* Removes the files of an interrupted lineage_create, and the renewal file; never a complete version. */
MUST_USE bool lineage_reclaim(const struct lineage *planned, struct error *err);
