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
