#pragma once
/*
 * A new content for a file that is not ours alone: a link to it, owner, group, mode, access control list and label stay
 * as they are.
 *
 * In two steps, so that the second is short: the content is written beside the file, where no server and no editor
 * looks for it, and takes the file's place by rename. Where that cannot be (a second name of the file, a bind mount, a
 * directory that we may not write, an owner whom we cannot give the new file), the file itself is written, and a crash
 * in between leaves it torn: a copy of the old content is then the caller's to have. Errors are ERROR_STORE.
 */
#include <sys/stat.h>

#include "base/bytes.h"

struct replacement {
    const char *path;    /* as it was given; borrowed, as all the caller sets */
    struct view content; /* as it is to be */
    const char *like;    /* of a new file: whose owner, mode and so on it gets; NULL: nobody's */
    bool is_new;         /* there is nothing at path, and must not be when it is placed */
    bool urgent; /* a full disk does not keep us from writing the file itself: old content that must come back */
    bool set_mode;
    mode_t mode;
    bool set_mtime;
    struct timespec mtime; /* as far as we may */

    char *real;      /* from here on ours: the file itself, behind all links */
    char *temporary; /* beside it; NULL: the file itself will be written */
};

/* Writes it beside the file. A file that is missing is made anew. */
MUST_USE bool replacement_prepare(struct replacement *replacement, struct error *err);
/* Brings what was prepared to the disk: apart, since many at once are no slower than one. */
MUST_USE bool replacement_sync(const struct replacement *replacement, struct error *err);
/* Puts it in place. before_in_place (NULL: nothing to do) is called before the file itself is written. err->sys is
 * EEXIST where is_new and something is there now. The directory is not synced. */
MUST_USE bool replacement_place(struct replacement *replacement,
    bool (*before_in_place)(void *arg, const char *path, struct error *err), void *arg, struct error *err);
/* Removes what was prepared and not placed. */
void replacement_clear(struct replacement *replacement);

/* The file that a path leads to, also where that is missing yet; of the caller's. */
MUST_USE bool replacement_resolve(const char *path, char **real, struct error *err);
/* What a killed run may have left beside the file at path is removed. */
void replacement_sweep(const char *path);
