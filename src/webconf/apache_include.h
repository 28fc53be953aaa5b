#pragma once
/*
 * Which files an Include means: patterns in any part of the path, directories with all that is below them, in httpd's
 * order. Reads directories.
 */
#include "base/bytes.h"

#define APACHE_INCLUDE_FILES_MAX 65536 /* of one Include */
#define APACHE_INCLUDE_DIRS_MAX 16384  /* that are looked through for them */

/*
 * Adds the files that an absolute path means to *files. optional (IncludeOptional): what is missing is none.
 * ERROR_PLUGIN when nothing matches a pattern, a directory cannot be read, or a bound is exceeded. A path without a
 * pattern that is no directory is added whether it exists or not, unless optional.
 */
MUST_USE bool apache_include_files(const char *path, bool optional, struct list *files, struct error *err);

/* The files below a directory whose names match the pattern (NULL: all), sorted; a missing directory has none. */
MUST_USE bool apache_directory_files(const char *dir, const char *pattern, struct list *files, struct error *err);

/* Joins a path to the directory that relative ones begin at, without "." and ".." and double slashes; of the caller's.
 */
char *apache_absolute(const char *root, const char *path) __attribute__((returns_nonnull));
