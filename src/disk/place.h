#pragma once
/*
 * The same file under another name.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Gives FROM the second name TO, which must be free. Where a file cannot have two (on another file system, or one that
 * has no such thing), TO is a copy with the same owner, mode, access control list and time, synced. */
MUST_USE bool place_file(const char *from, const char *to, struct error *err);
/* The same for a file or a symbolic link, which is made anew where it cannot have two. */
MUST_USE bool place_name(const char *from, const char *to, struct error *err);
/* The times of `like`, as stat has them. */
struct stat;
MUST_USE bool place_time(const char *path, const struct stat *like, struct error *err);
/* A new directory: whose `like` is, theirs is that. */
MUST_USE bool place_dir(const char *path, mode_t mode, const char *like, struct error *err);
