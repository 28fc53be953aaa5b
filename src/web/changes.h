#pragma once
/*
 * What a run wants changed in the files of a server: texts as they were read, and as they are to be.
 *
 * Changes nothing until changes_write. Knows no syntax and no server. Errors are ERROR_STORE and name the path. For
 * one thread.
 *
 * A file is one however it is reached: by its name, by links that lead to it, by a second name of the same inode.
 */
#include <sys/stat.h>

#include "base/bytes.h"

#define CHANGES_FILE_MAX ((size_t)16 * 1024 * 1024) /* bytes of one file */

struct changes;

struct changes *changes_new(void) __attribute__((returns_nonnull));
void changes_free(struct changes *changes); /* NULL is fine */
DEFINE_AUTO(struct changes, changes_free)

/*
 * The text of a file as it is to be now: of the newest change, else as it is on disk, where it is read once only.
 * *text is borrowed until that file is changed, or a change of it taken back. path: absolute; a link is followed.
 */
MUST_USE bool changes_read(struct changes *changes, const char *path, struct view *text, struct error *err);
/* The same with what it was read from, which stays zero of a file that is to be created. */
MUST_USE bool changes_read_from(
    struct changes *changes, const char *path, struct view *text, struct stat *st, struct error *err);
/* Whether there is such a file, on disk or to be created; or a link that is to be. */
bool changes_has(const struct changes *changes, const char *path);

/* ---- what is to be changed ---- */

/*
 * Changes have the title of the stage that they were made in, and each stage with changes becomes one checkpoint.
 * Stages follow each other: all deployments of a run first, then each enhancement for all of them; the title that is
 * current already begins no new one. Before the first call the title is "Deployed ACME Certificate".
 */
void changes_stage(struct changes *changes, const char *title);

/* Of a file that was read, or is to be created. A text equal to the one before is no change. */
void changes_set(struct changes *changes, const char *path, struct view text);
/* A new file, which must not be there when it is written. mode: exact. */
void changes_create(struct changes *changes, const char *path, struct view text, mode_t mode);
/* The same with owner, mode, access control list and label of another file (-le-ssl.conf of its original). */
void changes_create_like(struct changes *changes, const char *path, struct view text, const char *like);
/* A new symbolic link with that text (sites-enabled/x). Twice the same is once. */
void changes_link(struct changes *changes, const char *path, const char *target);
/* A program to run before files are written, and the one that takes its effect back (a2enmod ssl, a2dismod -f ssl).
 * The first word is a name that is looked up in PATH and in the directories of system programs, or a path. */
void changes_command(struct changes *changes, const struct list *command, const struct list *undo);

/* Whether nothing would be changed. */
bool changes_are_empty(const struct changes *changes);

/* A place in the series of changes, and the way back to it: the changes of one plan that turned out impossible. Only
 * the newest mark can be gone back to, and 0, which takes all changes back. Stages after it end as well. */
size_t changes_mark(struct changes *changes);
void changes_undo_to(struct changes *changes, size_t mark);
