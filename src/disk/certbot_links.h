#pragma once
/*
 * The four live links of Certbot's layout, and how they are switched.
 *
 * Four links are switched in one step, with a directory that stands in for theirs (live_switch.h). Where that cannot
 * be, links previous_KIND.pem that tell where the four pointed are made first and removed last: whoever finds all four
 * of them when it loads the lineage puts the old version back, Certbot as well as we.
 */
#include "disk/lineage.h"

struct links {
    char *text[KIND_COUNT];   /* as the link has it */
    char *target[KIND_COUNT]; /* absolute */
    char *dir[KIND_COUNT];    /* of the target */
};
void links_clear(struct links *links);
static inline void links_clear_at(struct links *links)
{
    links_clear(links);
}

/* ERROR_STORE "expected PATH to be a symlink". */
MUST_USE bool links_read(const struct lineage *lineage, struct links *out, struct error *err);

/* The directory that one of them points into, of the caller's; NULL when it is no link. */
char *links_dir(const struct lineage *lineage, enum kind kind);

/* Points all four to a version, in the directory where each points now, relative or absolute as it was. On
 * failure they are as before. */
MUST_USE bool links_switch(const struct lineage *lineage, unsigned version, struct error *err);

/* Whether a switch was interrupted. One system call. */
bool links_is_unsettled(const struct lineage *lineage);
/* Puts the old version back when a switch was interrupted. */
MUST_USE bool links_recover(const struct lineage *lineage, struct error *err);

/* Removes what switching may have left beside the links. */
MUST_USE bool links_remove_leftovers(const struct lineage *lineage, struct error *err);
