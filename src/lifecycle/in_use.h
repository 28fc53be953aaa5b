#pragma once
/*
 * Whether the configuration of a server still names the files of a certificate.
 *
 * Reads files as lines and looks for paths; knows no server's syntax. What a server includes from elsewhere is not
 * seen.
 */
#include "store/store.h"

#define IN_USE_PLACES 20 /* that are listed */

struct in_use {
    struct list places; /* "FILE:LINE", or "FILE" for a link; at most IN_USE_PLACES */
    size_t count;       /* of all that were found */
};
void in_use_clear(struct in_use *uses);
static inline void in_use_clear_at(struct in_use *uses)
{
    in_use_clear(uses);
}

struct in_use_lines {
    struct view rest; /* the text of a file, to begin with */
    size_t number;    /* of the line that was found, from 1 on */
};
/* Goes on to the next line, no comment, that names one of the paths (NULL is none). False when there is no further one.
 */
MUST_USE bool in_use_next(struct in_use_lines *lines, const char *const paths[static 2]);

/* Looks for the live and the archive directory of a lineage in files below dirs; NULL or empty: below the directories
 * of the servers that it was installed in, and where servers usually have theirs. What cannot be read is passed over.
 * Comments do not count. */
void in_use_find(const struct lineage *lineage, const struct list *dirs, struct in_use *out);
