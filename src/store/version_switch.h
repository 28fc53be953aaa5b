#pragma once
/*
 * The one switch of the versioned layout: what is in live/NAME and what is in archive/NAME/ID.next change places.
 * Private to the versioned layout.
 */
#include "store/store.h"

/* Makes ID.next live: by one exchange of directories, or by two renames where the file system has no such thing. What a
 * user keeps in live/NAME besides our files goes along; so do the owner and mode of the directory. On failure the old
 * version is live, or (after a crash between two renames) none until switch_settle. */
MUST_USE bool switch_live(const struct lineage *lineage, const char *id, struct error *err);

/* NEXT gets the name ID: one of the same name that is there already is enough, if it is the same. */
MUST_USE bool switch_file_away(const struct lineage *lineage, const char *next, const char *id, struct error *err);

/* Whether an earlier switch or write was interrupted: something other than superseded versions is in archive_dir. */
bool switch_is_unsettled(const struct lineage *lineage);

/* Finishes what was interrupted. A version that is whole and was never live stays, to be made live (*.next). */
MUST_USE bool switch_settle(const struct lineage *lineage, struct error *err);

/* The version that waits to become live, of the caller's; NULL when there is none. */
MUST_USE bool switch_pending(const struct lineage *lineage, char **id, struct error *err);

/* What to do about live and archive on different file systems; name: of a lineage that is there, NULL for a new one.
 * Returns false. */
bool switch_advise(const char *name, struct error *err);
/* The error from errno of a rename between archive and live. Returns false. */
bool switch_error(const struct lineage *lineage, struct error *err);
