#pragma once
/*
 * Checkpoints in Certbot's directories and format, so that its `rollback` and ours read each other's.
 *
 * WORK/temp_checkpoint for a challenge, WORK/IN_PROGRESS for changes without a title, WORK/backups/TIME with one. Knows
 * files and undo commands; nothing of servers. Each has FILEPATHS with a copy of the n-th path as BASENAME_n,
 * NEW_FILES, COMMANDS (CSV) and CHANGES_SINCE.
 *
 * At every moment what lies there can be restored; restoring again what was restored changes nothing.
 */
#include <sys/stat.h>

#include "base/bytes.h"

#define CHECKPOINT_TEMPORARY "temp_checkpoint"
#define CHECKPOINT_IN_PROGRESS "IN_PROGRESS"

struct checkpoint_file { /* as it was before a change */
    char *path;
    struct view content; /* borrowed */
    mode_t mode;
    struct timespec mtime;
};

struct checkpoint { /* what is to be written; or was read, then the contents are on disk */
    struct checkpoint_file *files;
    size_t file_count;
    struct list new_files;
    struct list *commands; /* undo commands, in the order in which the others were run */
    size_t command_count;
    struct buf notes;
};

void checkpoint_add_file(struct checkpoint *checkpoint, const char *path, struct view content, const struct stat *st);
void checkpoint_add_new(struct checkpoint *checkpoint, const char *path);
void checkpoint_add_command(struct checkpoint *checkpoint, const struct list *undo);
void checkpoint_clear(struct checkpoint *checkpoint);
static inline void checkpoint_clear_at(struct checkpoint *checkpoint)
{
    checkpoint_clear(checkpoint);
}

/*
 * Writes it to a directory, synced: before the first change is made. A directory that is there is added to: of a file
 * that it has already the oldest content stays. ERROR_STORE; also for a path that the format cannot hold (a line feed).
 */
MUST_USE bool checkpoint_save(const char *dir, const struct checkpoint *checkpoint, struct error *err);
/* Reads its lists. Contents stay on disk. */
MUST_USE bool checkpoint_load(const char *dir, struct checkpoint *out, struct error *err);

/* Undo commands backwards (one that fails is a warning), files back with content, mode and times, new files deleted.
 * The directory stays until checkpoint_drop, so that a kill in between is repaired by doing it again. */
MUST_USE bool checkpoint_restore(const char *dir, struct error *err);
/* Removes the directory: in one step, as others see it. */
MUST_USE bool checkpoint_drop(const char *dir, struct error *err);

/*
 * IN_PROGRESS becomes the backup of the first stage, and each further one gets a backup of its own: then the first is
 * reduced to its own `first`. A kill in between leaves backups that undo all when all are taken back, and the newest
 * of which undoes whole stages.
 */
struct checkpoint_stage {
    const char *title;
    struct checkpoint before; /* what it changed, as it was before it */
};
MUST_USE bool checkpoint_title(
    const char *work_dir, const struct checkpoint_stage *stages, size_t count, struct error *err);

/* Names of the backups, oldest first. */
MUST_USE bool checkpoint_list(const char *work_dir, struct list *out, struct error *err);
