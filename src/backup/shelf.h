#pragma once
/*
 * The directory with the backups: a new one comes into it whole or not at all, old ones go, and what killed runs have
 * left is swept away. Several stores may share it.
 */
#include <string.h>

#include "backup/name.h"
#include "config/settings.h"

/* --backup-dir, or WORK/store-backups; of the caller's. */
char *shelf_dir(const struct settings *settings) __attribute__((returns_nonnull));

/* ---- a new backup ---- */

struct shelf_file {
    char *dir, *path; /* path: its name while it is written; NULL: none is */
    int fd;           /* to be written to */
};

/* Makes the directory (0700) where it is missing, sweeps, and begins a file (0600), which no other run sweeps while
 * this process lives. *out is the caller's, for shelf_file_clear. */
MUST_USE bool shelf_begin(const char *dir, struct shelf_file *out, struct error *err);
/* Brings it to the disk and gives it its name; the serial in *name is chosen so that it is the only one. *path is the
 * caller's. */
MUST_USE bool shelf_publish(struct shelf_file *file, struct backup_name *name, char **path, struct error *err);
void shelf_file_clear(struct shelf_file *file); /* removes it unless it was published */
static inline void shelf_file_clear_at(struct shelf_file *file)
{
    shelf_file_clear(file);
}

/* ---- those that are there ---- */

struct shelf_entry {
    struct backup_name name;
    char *path;
    uint64_t size; /* bytes */
};

struct shelf {
    struct shelf_entry *at; /* the oldest first */
    size_t len;
};

/* Regular files whose name is one of ours. A directory that is not there is empty. */
MUST_USE bool shelf_read(const char *dir, struct shelf *out, struct error *err);
void shelf_clear(struct shelf *shelf);
static inline void shelf_clear_at(struct shelf *shelf)
{
    shelf_clear(shelf);
}

/* Whether it is of that store (backup_name_store), or may be. */
static inline bool shelf_is_of(const struct shelf_entry *entry, const char *store)
{
    return entry->name.store[0] == '\0' || strcmp(entry->name.store, store) == 0;
}

#define SHELF_INCOMPLETE "incomplete" /* the reason in the name of one that lacks what could not be read */
#define SHELF_EMPTY "empty"           /* of one that has no certificate */
#define SHELF_EMERGENCY "emergency"   /* of one that has what was broken when an emergency began */

/*
 * Removes the oldest ones of a store (backup_name_store) until `keep` are left of each of five kinds: those that the
 * user wanted, those made by themselves, incomplete ones, empty ones, and those of what was broken. stay: paths of
 * files that stay whatever their names say, and count among those that are kept: the clock may have been set back.
 * Backups of other stores, and those that name none, are left alone. The paths of what has gone are added to removed.
 */
MUST_USE bool shelf_rotate(const char *dir, const char *store, unsigned keep, const struct list *stay,
    struct list *removed, struct error *err);
