#pragma once
/*
 * Files that answer http-01 challenges, below webroots.
 *
 * Knows which file and which directory some order of this process still needs; knows nothing of names and settings.
 * Thread-safe.
 */
#include "base/bytes.h"

struct challenge_file;

/*
 * Puts content, without a line feed, into ROOT/.well-known/acme-challenge/TOKEN: 0644 whatever the umask, never
 * through a link, never over another file. One of the same content is taken as it is, and stays afterwards. Counted:
 * the file goes with the last drop, a directory that was made with the last file. token must be a file name. *out is
 * the caller's, for challenge_file_drop. ERROR_PLUGIN.
 */
MUST_USE bool challenge_file_put(
    const char *root, const char *token, const char *content, struct challenge_file **out, struct error *err);

/* Gives the file up, whatever is returned; false when it could not be removed. */
MUST_USE bool challenge_file_drop(struct challenge_file *file, struct error *err);

/*
 * Describes, before the file is made, how many of its directories (and the file) do not exist yet, as a text for
 * challenge_file_sweep. Of the caller's.
 */
char *challenge_file_place(const char *root, const char *token) __attribute__((returns_nonnull));
/*
 * Removes what a run that was cut off has left at a place: the file, if it is ours and has that content or the
 * beginning of it, unless an order of this process uses it now; then directories that were not there before and are
 * empty. What is not there is fine. ERROR_PLUGIN when something cannot be removed, or the place is none.
 */
MUST_USE bool challenge_file_sweep(const char *place, const char *token, const char *content, struct error *err);
