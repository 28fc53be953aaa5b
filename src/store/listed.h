#pragma once
/*
 * What the last listing found of each lineage: so that the next one has only to see that none of its files has changed
 * since, with one system call for each, and reads none of them.
 *
 * A record is of a lineage that was whole and was verified (lineage_verify_once), whose files are where Evercert and
 * Certbot put them. It counts as long as its renewal file, its two directories and the four files of its live version
 * are the same inodes with the same size and time of change: who writes to a file changes its time, and who makes,
 * replaces, renames or removes one changes that of its directory. What was changed a moment before it was looked at is
 * not recorded yet, as it may be changed once more without its time showing it.
 *
 * All records are one bounded file in the work directory, in the order of renewal files, which is read and written as
 * one; it is trusted as the one of checked.h is, and by the version of the program that has written it. Only listings
 * ask here.
 */
#include "store/store.h"
#include "store/summary.h"

#define LISTED_MAX ((size_t)64 * 1024 * 1024) /* bytes of all records, each of some 250 */

struct listed;
/* After store_look_once; where that has found leftovers, nothing is recalled or recorded. now: the time, by the clock
 * that files get theirs from, before anything of a lineage is read. */
struct listed *listed_open(const struct store *store, int64_t now) __attribute__((returns_nonnull));
void listed_close(struct listed *listed); /* NULL is fine */
DEFINE_AUTO(struct listed, listed_close)

/* The record of that lineage, empty when there is none; borrowed. To be called in the order of renewal files. */
struct view listed_find(struct listed *listed, const char *name);
/* What it says, if nothing has changed since. Thread-safe, like the next. */
MUST_USE bool listed_recall(const struct listed *listed, const char *name, struct view record, struct summary **out);
/* Makes a record of a lineage that was loaded and verified after listed_open; none, where it could not be relied on. */
void listed_record(
    const struct listed *listed, const struct lineage *lineage, const struct summary *summary, struct buf *record);

/* How many lineages the last listing of this store has recorded, as far as that can be relied on. */
size_t listed_count(const struct store *store);

/* Keeps a record, which may be empty, for the next listing: in the order of renewal files. */
void listed_keep(struct listed *listed, struct view record);
/* Writes what was kept, if it is anything else than before. A failure is only logged. */
void listed_save(const struct listed *listed);
