#pragma once
/*
 * Files: reading with a bound, writing whole or not at all, directories.
 *
 * Knows modes, owners and syncing; knows nothing of lineages. Errors are ERROR_STORE, name the path and carry
 * errno in err->sys; full disk, missing permission and read-only file systems each get their own hint.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include "base/bytes.h"

#define FILE_NAME_MAX 255           /* bytes, of nearly every file system */
#define FILE_MAX_TEXT (1024 * 1024) /* bound for every text file we read: configuration, PEM, JSON */

/* Reads a whole regular file into out (appending); larger than what out may still hold is an error. */
MUST_USE bool file_read(const char *path, struct buf *out, struct error *err);

/* The same for a file that the user names in an option: it may be /dev/null, /dev/stdin, or a pipe of the shell's
 * (`<(command)`), whose writer is waited for. */
MUST_USE bool file_read_given(const char *path, struct buf *out, struct error *err);

/* Owner, group and mode of a new file, which are set before its first byte is written. */
struct file_access {
    mode_t mode;    /* exact: the umask does not count, unless masked */
    bool masked;    /* take the umask off mode */
    bool set_owner; /* uid and gid are to be set; (uid_t)-1 and (gid_t)-1 leave that one alone */
    uid_t uid;
    gid_t gid;
};

#define FILE_PRIVATE ((struct file_access){ .mode = 0600 })
#define FILE_PUBLIC ((struct file_access){ .mode = 0644, .masked = true })

/* Creates path, which must not exist (O_EXCL), gives it its access, writes, syncs and closes. On any error
 * after the creation the file is removed again. */
MUST_USE bool file_create(const char *path, struct view content, struct file_access access, struct error *err);

/* The same, whole or not at all: also a crash leaves all of it, or nothing of that name. `temporary` is a name beside
 * it that is its writer's alone; what a crash left there is removed. */
MUST_USE bool file_create_whole(
    const char *path, const char *temporary, struct view content, struct file_access access, struct error *err);

/* Writes all of it to an open descriptor, which may be a non-blocking one; false with errno set. */
MUST_USE bool file_write_all(int fd, struct view content);

/* Replaces path (or creates it) by way of a new file beside it, synced and renamed over it; the directory
 * is synced. Readers see the old content or the new one. A symbolic link at path is replaced, not
 * followed. */
MUST_USE bool file_replace(const char *path, struct view content, struct file_access access, struct error *err);

/* The same by way of a name that is its writer's alone, so that a crash leaves one file that is known, at most. */
MUST_USE bool file_replace_by(
    const char *path, const char *temporary, struct view content, struct file_access access, struct error *err);

/* Gives a file another name, at which nothing may be: err->sys is EEXIST then. */
MUST_USE bool file_rename_new(const char *from, const char *to, struct error *err);

/* Exchanges two existing files or directories in one step (renameat2, RENAME_EXCHANGE). Where the system or file system
 * cannot, or they lie on different ones, nothing is changed, and err->sys says why. */
MUST_USE bool file_exchange(const char *a, const char *b, struct error *err);
/* Whether that was it: there is no exchange here. */
bool file_exchange_is_missing(const struct error *err);

/* Makes a directory and its missing parents, each with mode less the umask. One that is there is left
 * alone. */
MUST_USE bool file_mkdirs(const char *path, mode_t mode, struct error *err);

/* Syncs a directory, so that names made in it survive a crash. */
MUST_USE bool file_sync_dir(const char *path, struct error *err);

/* Removes a file or link; one that is missing is fine. */
MUST_USE bool file_remove(const char *path, struct error *err);

/* Removes a directory; one that is not empty, not there or none stays as it is. */
MUST_USE bool file_remove_dir_if_empty(const char *path, struct error *err);

/* Removes a directory tree without following links; missing is fine. */
MUST_USE bool file_remove_tree(const char *path, struct error *err);

/* Names in a directory (without "." and ".."), sorted in byte order; they take the place of what *names
 * held. A missing directory is an empty list. */
MUST_USE bool file_list_dir(const char *path, struct list *names, struct error *err);

/*
 * Opens /dev/null where standard input, output or error is closed. First thing in main: else the next file or socket
 * takes that number, and what is printed lands in it.
 */
void file_fill_standard(void);

bool file_exists(const char *path); /* follows links */
bool file_is_dir(const char *path); /* follows links */
bool file_is_link(const char *path);

/* The directory part ("." when there is none) and the last part of a path; the first is the caller's.
 * What ends in a slash has "" as its last part. */
char *file_dirname(const char *path) __attribute__((returns_nonnull));
const char *file_basename(const char *path);

/* Joins with exactly one slash (none when dir is ""); of the caller's. */
char *file_join(const char *dir, const char *name) __attribute__((returns_nonnull));

/* "DIR/.BASE.SUFFIX" for the path DIR/BASE: what becomes it, or what is left of it. Where that is longer than file
 * systems take, a number of its own stands for the end of BASE; the same each time. suffix: a few bytes. Of the
 * caller's. */
char *file_beside(const char *path, const char *suffix) __attribute__((returns_nonnull));

/* Absolute against the working directory, without resolving links: "." and double slashes go, ".." is
 * folded. */
char *file_absolute(const char *path) __attribute__((returns_nonnull));

/* The text of a symbolic link, of the caller's. */
MUST_USE bool file_read_link(const char *path, char **out, struct error *err);

/* Fills err from errno: "cannot ACTION PATH: reason", with a hint where one is known. Returns false. */
bool file_error(struct error *err, const char *action, const char *path);

/* Whether a directory on the way keeps this user from seeing path at all; err then says so, as file_error does. Else it
 * may be there or not, and err is left alone. */
bool file_is_closed(const char *path, struct error *err);

/* How the user has us write elsewhere, in the form of "choose a place" (file_advise's otherwise), for what file_error
 * says. To be called before there are threads; borrowed for ever. */
void file_set_elsewhere(const char *otherwise);

/* Sets the advice that fits err->sys, and who runs this, where one is known; else err->next stays as it is. otherwise:
 * "choose a directory", what can be done instead; " that you may write" or " elsewhere" is put behind it. Returns
 * false. */
bool file_advise(struct error *err, const char *path, const char *otherwise);
