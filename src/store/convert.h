#pragma once
/*
 * Converting a lineage from one layout to the other, in place. The other form is built beside what is there, and the
 * renewal file is rewritten last (disk/convert_settle.h says what lies where meanwhile).
 */
#include "store/store.h"

struct conversion {               /* done, or with a dry run to be done */
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
