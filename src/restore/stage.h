#pragma once
/*
 * What is restored, staged in CONF/.restore/new: taken from a directory, made to fit this store, mended by the store's
 * own repairs, and examined, before anything of the store is touched.
 */
#include "restore/txn.h"
#include "config/settings.h"

struct candidate { /* a lineage of the backup */
    char *name;
    char *why;            /* why it cannot be restored; NULL: it can. Then what follows is known */
    char *live, *archive; /* its directories, below the configuration directory */
    char *serial;
    int64_t not_before, not_after;
    struct list outside; /* files that its renewal file names outside the store: option and path in turns */
};

struct stage {
    const struct txn *txn; /* borrowed */
    char *conf;            /* CONF/.restore/new/conf */
    struct candidate *at;  /* in the order of names */
    size_t len;
    struct list told; /* for the user: what was left out, or mended */
};

/* The roots of stores at DIR or somewhere in it: directories with `renewal` and `live` or `archive`. ERROR_STORE when
 * there is not exactly one. *out is the caller's. */
MUST_USE bool stage_find(const char *dir, char **out, struct error *err);

/* Copies the store at ROOT, which is a directory of the user's. */
MUST_USE bool stage_copy(struct stage *stage, const struct txn *txn, const char *root, struct error *err);
/* Takes the store at ROOT, which lies in CONF/.restore already, and FILES, its files outside (NULL: it has none). */
MUST_USE bool stage_move(
    struct stage *stage, const struct txn *txn, const char *root, const char *files, struct error *err);

/* Makes it fit: paths in renewal files and links, repairs; then loads each lineage (only: names; empty: all). */
MUST_USE bool stage_prepare(
    struct stage *stage, const struct settings *settings, const struct list *only, struct error *err);

void stage_clear_at(struct stage *stage);
