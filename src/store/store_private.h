#pragma once
/*
 * What the files of this room share.
 */
#include "store/store.h"

/* What was made so far; removed again, the newest first, unless the work was completed. */
struct undo {
    struct list made; /* files, links, directories */
};
void undo_add(struct undo *undo, const char *path);
void undo_keep(struct undo *undo); /* the work is complete */
void undo_at(struct undo *undo);   /* AUTO(undo) */

/* "CONF/PART" and "CONF/PART/NAME", of the caller's. */
char *store_path(const struct store *store, const char *part) __attribute__((returns_nonnull));
char *store_path_in(const struct store *store, const char *part, const char *name)
    __attribute__((returns_nonnull));

/* Makes a directory and its parents, or checks the one that is there if --strict-permissions wants that. */
MUST_USE bool store_make_dir(const struct store *store, const char *path, mode_t mode, struct error *err);

/* A lineage of that name with the paths that a new one has; without conf. */
struct lineage *lineage_new(const struct store *store, const char *name) __attribute__((returns_nonnull));

/* Reads renewal/NAME.conf only: conf, archive_dir and the live paths that it names (live_dir and the others
 * are NULL). */
MUST_USE bool lineage_open(const struct store *store, const char *name, struct lineage **out,
                           struct error *err);

/* The error for a name that has no renewal file. Returns false. */
bool lineage_missing(const struct store *store, const char *name, struct error *err);

/* An independent copy of the lineage's renewal file, to be changed and then written. */
MUST_USE bool lineage_copy_conf(const struct lineage *lineage, struct conf **out, struct error *err);
/* Puts what is always in a renewal file, and the settings that are saved, into conf. */
void lineage_fill_conf(const struct lineage *lineage, const struct settings *settings, struct conf *conf);
/* Replaces the renewal file, keeping its mode. */
MUST_USE bool lineage_write_conf(const struct lineage *lineage, const struct conf *conf, struct error *err);
