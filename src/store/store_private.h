#pragma once
/*
 * What the files of this room share.
 */
#include <pthread.h>

#include "store/store.h"

/* Whether the whole store is this process's alone: then nothing in it needs to be locked. */
bool store_is_exclusive(const struct store *store);
bool store_may_settle(const struct store *store);    /* interrupted work is finished by whoever finds it */
int store_lock_timeout_s(const struct store *store); /* -1: the user has said nothing */

/* The archive directories that several lineages use: looked for once in a run, when first asked for. */
struct shared_dirs {
    pthread_mutex_t mutex;
    bool known;
    struct list dirs;
};
struct shared_dirs *store_shared_dirs(struct store *store);

/* The file systems on which this run has made a file, so that it knows that it can. */
struct proved_devices {
    pthread_mutex_t mutex;
    struct list devices;
};
struct proved_devices *store_proved_devices(struct store *store);

/* "CONF/PART" and "CONF/PART/NAME", of the caller's. */
char *store_path(const struct store *store, const char *part) __attribute__((returns_nonnull));
char *store_path_in(const struct store *store, const char *part, const char *name) __attribute__((returns_nonnull));

/* Makes a directory and its parents, or checks the one that is there if --strict-permissions wants that. */
MUST_USE bool store_make_dir(const struct store *store, const char *path, mode_t mode, struct error *err);

/* What a new lineage gets: what --store-layout says, else what the store's first lineage has, else the default of the
 * name that the program was called by. */
const struct layout *layout_for_new(struct store *store, const struct settings *settings);

/* A lineage of that name with the paths that a new one has; without conf. */
struct lineage *lineage_new(const struct store *store, const char *name, const struct layout *layout)
    __attribute__((returns_nonnull));
/* The same without live_dir and live paths. */
struct lineage *lineage_bare(const struct store *store, const char *name, const struct layout *layout)
    __attribute__((returns_nonnull));

/* Whether the certificate's names are those of the lineage, as far as its name and its renewal file tell. */
bool lineage_has_names(const struct lineage *lineage, const struct cert *cert);
/* What speaks against making the version live that waits for it (pending_deployment), of the caller's; NULL when
 * nothing does. It has to be whole, the lineage's own, and must not take the place of what is valid when it has
 * expired.
 */
char *lineage_objection(struct store *store, const struct lineage *lineage);

/* Reads renewal/NAME.conf only: conf, archive_dir and the live paths that it names (live_dir and the others
 * are NULL). */
MUST_USE bool lineage_open(const struct store *store, const char *name, struct lineage **out, struct error *err);

/* Loads it anew, in place; on failure it stays as it was. */
MUST_USE bool lineage_reload(struct store *store, struct lineage *lineage, struct error *err);

/* The same from another file than renewal/NAME.conf. */
MUST_USE bool lineage_open_conf(
    const struct store *store, const char *name, const char *conf_path, struct lineage **out, struct error *err);
/* "renewal/.NAME.conf.gone", of the caller's: the renewal file of a lineage that is being deleted. Nobody takes it for
 * one, and it still says which files are to go. */
#define LINEAGE_GONE_SUFFIX "conf.gone"
char *lineage_gone_path(const struct store *store, const char *name) __attribute__((returns_nonnull));
/* The paths of all such files. */
MUST_USE bool store_gone_files(struct store *store, struct list *out, struct error *err);
/* Whose such a file is: its own name is shortened where the lineage's is very long. lineage: as it says, NULL when it
 * cannot be read. Of the caller's; NULL: nobody knows. */
char *lineage_gone_name(const struct store *store, const char *path, const struct lineage *lineage);
/* Removes what a lineage_delete that was cut short has left; *found: whether there was one. */
MUST_USE bool lineage_finish_delete(struct store *store, const char *name, bool *found, struct error *err);

/* An independent copy of the lineage's renewal file, to be changed and then written. */
MUST_USE bool lineage_copy_conf(const struct lineage *lineage, struct conf **out, struct error *err);
/* Says in conf which layout the lineage has. */
void lineage_set_layout(struct conf *conf, const struct layout *layout);
/* Puts what is always in a renewal file, and the settings that are saved, into conf. */
void lineage_fill_conf(const struct lineage *lineage, const struct settings *settings, struct conf *conf);
/* The renewal file of a lineage that is being made: whole at once. err->sys is EEXIST when the name is taken. */
MUST_USE bool lineage_create_conf(const struct lineage *lineage, const struct settings *settings, struct error *err);
/* Whether lineage_mark_revoked was called; the next settings that are saved take it back. */
bool lineage_is_marked_revoked(const struct lineage *lineage);
/* Whether its making was cut short before its renewal file said that it is complete; and saying so. */
bool lineage_is_new(const struct lineage *lineage);
MUST_USE bool lineage_finish_new(struct lineage *lineage, struct error *err);
/* Removes what an interrupted lineage_create has left, the renewal file too; never a version that is whole. */
MUST_USE bool lineage_reclaim(const struct lineage *planned, struct error *err);
/* Removes what writing a renewal file may have left. */
MUST_USE bool lineage_drop_temporary(const struct lineage *lineage, struct error *err);
/* Replaces the renewal file, keeping its mode. */
MUST_USE bool lineage_write_conf(const struct lineage *lineage, const struct conf *conf, struct error *err);
