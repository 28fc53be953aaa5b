#pragma once
/*
 * Removing files of versions, and what was made for one that did not come about.
 */
#include "access/kind.h"
#include "base/bytes.h"

/*
 * Removing what may be a key: overwritten first, where the file system writes in place and the file has no second name.
 * The first never fails, the others as file_remove and file_remove_tree do.
 */
void wipe_file(const char *path);
MUST_USE bool remove_version_file(const char *path, enum kind kind, struct error *err);
/* A directory with versions or parts of them in it, of either layout. */
MUST_USE bool remove_version_tree(const char *dir, struct error *err);
void undo_file(const char *path); /* a file of a version, a link or an empty directory; best effort */

/* The files made so far by some work; undo_at removes them, the newest first, unless undo_keep was called. */
struct undo {
    struct list made;  /* files, links, directories */
    struct list trees; /* directories that go with what is in them */
};
void undo_add(struct undo *undo, const char *path);
void undo_add_tree(struct undo *undo, const char *path);
void undo_keep(struct undo *undo); /* the work is complete */
void undo_at(struct undo *undo);   /* AUTO(undo) */
