#pragma once
/*
 * Members of an archive become files below one directory, whatever the archive says. Private to this room.
 */
#include "archive/member.h"
#include "backup/owners.h"

struct tree;

/* dir is there, and nobody else's. *out is the caller's. */
MUST_USE bool tree_open(const char *dir, struct owners *owners, struct tree **out, struct error *err);
void tree_free(struct tree *tree);
DEFINE_AUTO(struct tree, tree_free)

/*
 * Begins a member, whose name tree_name_is_safe has passed. Directories that are missing on the way are made, 0700.
 * ERROR_STORE: its name is there already, or leads through a link or a file; what it is a second name of is not there.
 */
MUST_USE bool tree_begin(struct tree *tree, const struct member *member, struct error *err);
MUST_USE bool tree_data(struct tree *tree, struct view bytes, struct error *err); /* of the file that was begun */
MUST_USE bool tree_end(struct tree *tree, struct error *err);                     /* of that member */

/* After the last one: directories get their own modes and owners, and all of it is brought to the disk. */
MUST_USE bool tree_finish(struct tree *tree, struct error *err);

/* Whether a name leads down only: relative, without "." and "..", no empty part, no part over 255 bytes. */
bool tree_name_is_safe(struct view name);
