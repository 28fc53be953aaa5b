#pragma once
/*
 * The versions of a lineage: listing them, making an old one live again, removing those that are of no use.
 */
#include "store/store.h"

struct version {
    char *id;
    char *path[KIND_COUNT];
    struct cert *cert; /* NULL when the file is none, */
    bool unreadable;   /* or cannot be read now */
    bool live;
    bool pending; /* whole, but was never live */
};

struct history { /* the oldest first: by the beginning of validity */
    struct version *at;
    size_t len;
};
void history_clear(struct history *history);
static inline void history_clear_at(struct history *history)
{
    history_clear(history);
}

/* Changes nothing. *out is the caller's. */
MUST_USE bool lineage_history(const struct lineage *lineage, struct history *out, struct error *err);

/* The lineage as it would be if that version, which has a certificate, were the newest. Lends what the two hold: not to
 * be freed. */
struct lineage lineage_at(const struct lineage *lineage, const struct version *version);

/* Makes a superseded version live again, and loads the lineage anew. *now is what it is called from now on (of the
 * caller's). ERROR_CONFIG when there is no such version, or it is live; ERROR_STORE when its files do not belong
 * together. */
MUST_USE bool lineage_restore(
    struct store *store, struct lineage *lineage, const char *id, char **now, struct error *err);

#define HISTORY_AS_CERTBOT 0 /* five numbers before the newest, whatever they hold */

/* Where several lineages share an archive nothing is removed: what one has superseded another may use.
 * Removes superseded versions beyond what retention.h keeps of `max`; their ids are added to removed (NULL is fine). */
MUST_USE bool lineage_prune(
    struct store *store, const struct lineage *lineage, int max, struct list *removed, struct error *err);
