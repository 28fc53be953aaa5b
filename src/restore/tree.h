#pragma once
/*
 * Trees of files as a restore needs them: copied with their owners and modes, compared, placed under second names,
 * synced, and removed with their keys overwritten.
 *
 * Knows files only. No file is readable by anybody else before it has the access that it is to have.
 */
#include <stdbool.h>
#include <sys/stat.h>

#include "base/bytes.h"

#define TREE_DEPTH_MAX 32
#define TREE_ENTRIES_MAX 2000000
#define TREE_FILE_MAX ((uint64_t)64 << 20) /* bytes of one file: what a store holds is text */

/* Whether something is there, also a link that leads nowhere. */
bool tree_has(const char *path);
/* Whether a path is a directory itself, not by a link. */
bool tree_is_dir(const char *path);

/* Whether a name has no control characters. */
bool tree_is_plain_name(const char *name);

/* Copies the directory FROM with what is in it to TO, which must not be there: regular files, links and directories,
 * with owner, group, mode (without set-id bits), access control list and time. What is left out is added to `told` as
 * text for the user: sockets, devices, names with control characters. Locks are left out
 * without a word. Owners that this user may not set are left. */
MUST_USE bool tree_copy(const char *from, const char *to, struct list *told, struct error *err);

/* Gives FROM, a file or link, the second name TO, which must be free; a copy where there can be none. */
MUST_USE bool tree_place(const char *from, const char *to, struct error *err);
/* Makes the directory TO for its owner alone; one that is there is left alone. When it is filled, it gets owner, mode
 * and list of the directory LIKE: it may be one that its owner cannot write. */
MUST_USE bool tree_make_dir(const char *to, struct error *err);
MUST_USE bool tree_dress_dir(const char *dir, const char *like, struct error *err);
/* Lets the owner of a directory, which is about to go or to be changed, write it, where that is possible. */
void tree_open_dir(const char *dir);

/* Whether both are files with the same content, owner, group and mode, or links with the same text; what cannot be read
 * is not the same. */
bool tree_same(const char *a, const char *b);
/* Whether both have the same content, as files, whatever their access is. */
bool tree_same_text(const char *a, const char *b);

/* Syncs every file and directory in it. */
MUST_USE bool tree_sync(const char *dir, struct error *err);
/* Removes it, also where it is a file or link; keys that have no other name are overwritten first. Missing is fine. */
MUST_USE bool tree_remove(const char *dir, struct error *err);
