#pragma once
/*
 * One version of the versioned layout, as a directory: cert.pem, chain.pem, fullchain.pem, privkey.pem and meta.txt.
 *
 * What state it is in is in its name, so that whoever finds it after a crash knows what to do:
 *
 *     live/NAME                  the live one
 *     archive/NAME/ID            superseded
 *     archive/NAME/ID.next       whole, to become live. When what is in it is not ID, the switch was done, and it holds
 *                                the one that was live before
 *     archive/NAME/.ID.new       being written
 *     archive/NAME/.ID.gone      being removed
 */
#include "access/access.h"
#include "disk/lineage.h"

#define META_NAME "meta.txt"

/* "20261122T052357Z-4f1b...": not before in UTC, and the serial number; sorts by time. Of the caller's. */
char *version_id(const struct cert *cert) __attribute__((returns_nonnull));
bool version_id_is(struct view name);
/* "ID.next": whether a name is of that form; *id is cut from it. */
bool version_is_next(const char *name, struct view *id);
/* ".ID.new" and ".ID.gone": what an interruption leaves, and nobody needs. */
bool version_is_leftover(const char *name);
/* ".ID.new" and ".ID.next.new": a version that was to get the name without ".new"; *id is cut from it. */
bool version_is_new(const char *name, struct view *id);

/* Whether a name in a version's directory is ours; others are a user's. */
bool version_has_file(const char *name);

/* The ID of what is in a directory, from its certificate. */
MUST_USE bool version_dir_id(const char *dir, char **id, struct error *err);
/* Whether two files hold the same; either may be a key. */
MUST_USE bool version_file_same(const char *a, const char *b, bool *same, struct error *err);
bool version_dir_is_whole(const char *dir);           /* all four files are there */
bool version_dir_equal(const char *a, const char *b); /* and they are the same; false when one cannot be read */

/* Makes the directory and writes a version into it, synced. On failure what was made is removed. */
MUST_USE bool version_dir_write(
    const char *dir, const struct issued *issued, const struct access *access, struct error *err);

/* Removes ARCHIVE/NAME, by way of ".NAME.gone", its key overwritten first. */
MUST_USE bool version_dir_drop(const char *archive, const char *name, struct error *err);
