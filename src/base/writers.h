#pragma once
/*
 * Finds users other than root and ourselves who may change what a path leads to: for files that decide which programs
 * are run.
 *
 * Knows owners, modes, access control lists and links; knows nothing of what the files are for.
 */
#include <stdbool.h>

#include "base/auto.h"

struct writers {
    char *path; /* where they may write: the file itself, or a directory or link on the way to it */
    char *who;  /* "can be written by its group (27)": goes on after the path */
    char *mend; /* the command that ends it */
};

/*
 * True when others than root and the user that runs this may change what `path` (absolute) leads to; *out is then the
 * caller's, for writers_clear. Looked at are the file and, for root, every directory and link on the way, also that of
 * a link's target. A group counts unless it is root's; whom an access control list lets write, a user or a group,
 * counts likewise, as far as its mask allows it, and a list that cannot be read counts as well. A directory with the
 * sticky bit is safe to pass, though not to be listed. What is not there, or cannot be looked at, nobody writes.
 */
MUST_USE bool writers_find(const char *path, struct writers *out);
/* The same for a further file of a directory in which writers_find has found nobody a moment ago: the way to it is not
 * looked at again. */
MUST_USE bool writers_find_beside(const char *path, struct writers *out);
void writers_clear(struct writers *writers);
static inline void writers_clear_at(struct writers *writers)
{
    writers_clear(writers);
}
