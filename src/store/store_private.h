#pragma once
/*
 * The store, for the other files of this room.
 */

#include "base/mutex.h"
#include "store/store.h"

/* Whether the whole store is this process's alone: then nothing in it needs to be locked. */
bool store_is_exclusive(const struct store *store);
bool store_may_settle(const struct store *store);    /* interrupted work is finished when it is found */
int store_lock_timeout_s(const struct store *store); /* -1: the user has said nothing */

/* Whether store_look_once has seen that nothing hidden lies in CONF/live and CONF/archive. */
bool store_has_no_leftovers(const struct store *store);
/* The same for the places beside this lineage's directories. */
bool store_is_settled(const struct store *store, const struct lineage *lineage);

/* The archive directories that several lineages use: looked for once in a run, when first asked for. */
struct shared_dirs {
    struct mutex mutex;
    bool known;
    struct list dirs;
};
struct shared_dirs *store_shared_dirs(struct store *store);

/* The file systems on which this run has made a file, so that it knows that it can. */
struct proved_devices {
    struct mutex mutex;
    struct list devices;
};
struct proved_devices *store_proved_devices(struct store *store);

/* "CONF/PART" and "CONF/PART/NAME", of the caller's. */
char *store_path(const struct store *store, const char *part) __attribute__((returns_nonnull));
char *store_path_in(const struct store *store, const char *part, const char *name) __attribute__((returns_nonnull));

/* Makes a directory and its parents, or checks the one that is there if --strict-permissions wants that. */
MUST_USE bool store_make_dir(const struct store *store, const char *path, mode_t mode, struct error *err);
