#pragma once
/*
 * Converting a lineage from one layout to the other, in place.
 *
 * The other form is built beside what is there, of second names for the same files (so that owner, mode and time are
 * kept), and the renewal file is rewritten last: that is the instant from which the lineage has the other layout. The
 * names on disk tell whoever comes after an interruption what to do, together with the layout that the renewal file
 * names:
 *
 *     live/.NAME.convert         the live directory, and
 *     archive/.NAME.convert      the archive, of the layout that it is to have, or (once in place) of the one that it
 *                                had
 *     live/.NAME.convert.was     what was live, where directories cannot change places: convert_in_place.h
 *
 * At every moment live/NAME can be read: links that lead into the archive are there only while what they lead to is.
 */
#include "store/store.h"

struct conversion {               /* what was done, or would be */
    const char *from, *to;        /* layouts; the same when there was nothing to do */
    struct list old_ids, new_ids; /* side by side, the oldest first: what each version is called before and after */
};
void conversion_clear(struct conversion *conversion);
static inline void conversion_clear_at(struct conversion *conversion)
{
    conversion_clear(conversion);
}

/* Converts a lineage whole or not at all. layout: a name of layout_find. dry_run: only looks whether it can be.
 * ERROR_STORE when the lineage is damaged, or has what the other layout cannot hold: err->next says what to do about
 * it. *out is the caller's. */
MUST_USE bool lineage_convert(
    struct store *store, const char *name, const char *layout, bool dry_run, struct conversion *out, struct error *err);

/* ---- inside the room ---- */

/* "DIR/../.NAME.convert", of the caller's. */
char *convert_path(const char *dir) __attribute__((returns_nonnull));

/* Whether something of a conversion is there. A few system calls. */
bool convert_is_unsettled(const struct lineage *lineage);

/* Puts both directories of the layout that the lineage has in place, where an interruption left the others there. Can
 * be undone by doing it with the other layout, until convert_clean. */
MUST_USE bool convert_switch(const struct lineage *lineage, struct error *err);

/* Removes what is left beside the directories in place, after moving what is a user's in it to them. */
MUST_USE bool convert_clean(const struct lineage *lineage, struct error *err);

/* Both, for a lineage that is loaded. That something could not be removed is only warned of. */
MUST_USE bool convert_settle(const struct lineage *lineage, struct error *err);
