#pragma once
/*
 * Checkpoints in Certbot's directories and format, so that its `rollback` and ours read each other's.
 *
 * WORK/temp_checkpoint for a challenge, WORK/IN_PROGRESS for changes without a title, WORK/backups/TIME with one. Knows
 * files and undo commands; nothing of servers. Each has FILEPATHS with a copy of the n-th path as BASENAME_n,
 * NEW_FILES, COMMANDS (CSV) and CHANGES_SINCE; of our own it has WRITTEN (what the files hold since)
 * and RELOAD (whose files they are: the command and the pid file of that server), which Certbot does not look at.
 *
 * At every moment what lies there can be restored, and restoring again what was restored changes nothing. Errors are
 * ERROR_STORE.
 */
#include <sys/stat.h>

#include "web/checkpoint_lists.h"

#define CHECKPOINT_TEMPORARY "temp_checkpoint"
#define CHECKPOINT_IN_PROGRESS "IN_PROGRESS"
#define CHECKPOINT_BACKUPS "backups"
#define CHECKPOINT_KEPT "rolled-back" /* what rollback has found edited by others, a directory for each time */

struct checkpoint_file { /* as it was before a change */
    char *path;
    struct view content; /* borrowed */
    mode_t mode;
    struct timespec mtime;
};

struct checkpoint { /* what is to be written */
    struct checkpoint_file *files;
    size_t file_count;
    struct list new_files;
    struct commands commands; /* undo commands, in the order in which the others are run */
    struct list written;      /* "DIGEST PATH" */
    struct buf notes;         /* a line for each change */
};

#define CHECKPOINT_NEW ((struct checkpoint){ .notes = BUF(CHECKPOINT_LIST_MAX) })
void checkpoint_add_file(struct checkpoint *checkpoint, const char *path, struct view content, const struct stat *st);
/* What a file, old or new, will hold (of a link: its text): then what somebody else writes to it is known as such. */
MUST_USE bool checkpoint_add_written(
    struct checkpoint *checkpoint, const char *path, struct view content, struct error *err);
/* A symbolic link that comes back when the checkpoint is restored. The format knows none: it is a command, ln, which we
 * need not run. */
void checkpoint_add_link(struct checkpoint *checkpoint, const char *path, const char *target);
void checkpoint_clear(struct checkpoint *checkpoint);
static inline void checkpoint_clear_at(struct checkpoint *checkpoint)
{
    checkpoint_clear(checkpoint);
}

/*
 * Writes it to a directory, synced: before the first change is made. A directory that is there is added to: of a file
 * that it has already, the oldest content stays, and one that somebody else has changed since is refused. So is a path
 * that the format cannot hold. After a failure the directory is there, perhaps, and restoring it is right.
 */
MUST_USE bool checkpoint_save(const char *dir, const struct checkpoint *checkpoint, struct error *err);
/* The file is about to be written in place: whatever it holds after a crash is not what somebody else wrote. */
MUST_USE bool checkpoint_note_in_place(const char *dir, const char *path, struct error *err);

struct web_service; /* web/commit.h */

enum restoring {
    RESTORE_OURS, /* a file that somebody else has changed since stays as it is, with a warning; where WRITTEN tells */
    RESTORE_ALL,  /* that is what the user wants: rollback */
};
/*
 * Files back with content, mode and times, those that were changed last first; new files deleted; undo commands
 * backwards (as programs of its server; one that fails is a warning). So each prefix of it is a configuration that the
 * server takes; Certbot runs the commands first. All files or none, as far as can be known before. The directory stays
 * until checkpoint_drop, so that a kill in between is repaired by doing it again.
 */
MUST_USE bool checkpoint_restore(
    const char *dir, enum restoring how, const struct web_service *service, struct error *err);
/* Nothing of what was restored is to be restored again: its lists go, the directory stays, and says no more than that
 * the server has not been told yet. */
MUST_USE bool checkpoint_end(const char *dir, struct error *err);
/* Whether it is there, with nothing to restore. */
bool checkpoint_has_ended(const char *dir);
/* Removes the directory: in one step, as others see it. */
MUST_USE bool checkpoint_drop(const char *dir, struct error *err);
/* Removes what a kill has left of directories that were being removed, or were no backups yet. */
void checkpoint_sweep(const char *work_dir);

/* Its lists alone. None there is an empty list. */
MUST_USE bool checkpoint_load(
    const char *dir, struct list *files, struct list *new_files, struct commands *commands, struct error *err);

/* ---- titles ---- */

struct checkpoint_stage {
    const char *title;
    struct checkpoint before; /* what it changed, as it was before it */
};

/*
 * IN_PROGRESS becomes the backup of the first stage, and each further one gets a backup of its own, newer than all that
 * are there; then the first keeps only what its own stage changed. A kill in between leaves backups of which
 * the oldest undoes all, and the newer ones whole stages from the last on.
 */
MUST_USE bool checkpoint_title(
    const char *work_dir, const struct checkpoint_stage *stages, size_t count, struct error *err);

/* Names of the backups, oldest first; missing is none. */
MUST_USE bool checkpoint_list(const char *work_dir, struct list *out, struct error *err);
