#pragma once
/*
 * Whose directories in live and archive are: a backup's certificate may replace the one of its name, and no other's.
 */
#include "restore/stage.h"
#include "store/store.h"

struct claims {
    struct list paths; /* a directory, and the name of its certificate, in turns */
};

/* Of all certificates of the store: by the names of their directories, and by their renewal files where these can be
 * read. */
MUST_USE bool claims_read(struct store *store, struct claims *out, struct error *err);
void claims_clear_at(struct claims *claims);

/* Claims the directories of a certificate of the backup, below CONF. NULL, or why they are not its, of the caller's. */
char *claims_take(struct claims *claims, const char *conf, const struct candidate *candidate);
