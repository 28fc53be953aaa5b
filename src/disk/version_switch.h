#pragma once
/*
 * The one switch of the versioned layout: what is in archive/NAME/ID.next becomes what is in live/NAME.
 *
 * The version that was live is superseded first (second names for its files), then the files in live/NAME are switched
 * (live_switch.h), then ID.next goes. So whoever finds an ID.next after a crash looks which certificate is live:
 * another one, and ID waits; its own, and it is finished.
 */
#include "disk/lineage.h"

/* Makes ID.next live. What a user keeps in live/NAME besides our files stays there; the directory itself, too. On
 * failure the old version is live, or (when that failed as well) some of its files until switch_settle. */
MUST_USE bool switch_live(const struct lineage *lineage, const char *id, struct error *err);

/* The same where nothing was ever live: NEXT is the path of an ID.next, live/NAME missing or empty. */
MUST_USE bool switch_first(const struct lineage *lineage, const char *next, struct error *err);

/* NEXT gets the name ID: one of the same name that is there already is enough, if it is the same. */
MUST_USE bool switch_file_away(const struct lineage *lineage, const char *next, const char *id, struct error *err);

/* Whether an earlier switch or write was interrupted: something other than superseded versions is in archive_dir, or
 * something stands in for live_dir. */
bool switch_is_unsettled(const struct lineage *lineage);

/* Finishes what was interrupted. A version that is whole and was never live stays, to be made live (*.next). */
MUST_USE bool switch_settle(const struct lineage *lineage, struct error *err);

/* The version that waits to become live, of the caller's; NULL when there is none. */
MUST_USE bool switch_pending(const struct lineage *lineage, char **id, struct error *err);

/* Renames a version's directory in archive_dir; in the lower layer of an overlay, where that cannot be, by way of a
 * copy. */
MUST_USE bool switch_move(const struct lineage *lineage, const char *from, const char *to, struct error *err);
