#pragma once
/*
 * Names and pieces that the files of checkpoints share; for nobody else.
 */
#include "web/checkpoint.h"

#define CHECKPOINT_FILEPATHS "FILEPATHS"
#define CHECKPOINT_NEW_FILES "NEW_FILES"
#define CHECKPOINT_COMMANDS "COMMANDS"
#define CHECKPOINT_NOTES "CHANGES_SINCE"
#define CHECKPOINT_WRITTEN "WRITTEN"
#define CHECKPOINT_RELOAD "RELOAD"             /* whose files they are (web/journal_owner.h) */
#define CHECKPOINT_SCRATCH ".list.new"         /* a list that is being written */
#define CHECKPOINT_GONE ".checkpoint.gone"     /* beside: one that is being removed */
#define CHECKPOINT_STAGES ".checkpoint.stages" /* beside: those that are not backups yet */

#define CHECKPOINT_DIGEST_SIZE 65 /* SHA-256, hexadecimal */
#define CHECKPOINT_ANY "*"        /* in the place of a digest: any content is ours */

/* ln -sT -- TARGET PATH */
#define CHECKPOINT_LINK_WORDS                                                                                          \
    {                                                                                                                  \
        "ln", "-sT", "--"                                                                                              \
    }
#define CHECKPOINT_LINK_LEN 5

MUST_USE bool checkpoint_digest(struct view content, char out[static CHECKPOINT_DIGEST_SIZE], struct error *err);
/* Whether one of the lines of WRITTEN has that path with that digest, or with any. */
bool checkpoint_is_written(const struct list *written, const char *path, const char *digest);
/* Whether nobody else may have written the commands in that list: programs that others choose are not run. Says so. */
bool checkpoint_may_run(const char *dir, const char *name);
/* A list's text; one that is missing is empty. */
MUST_USE bool checkpoint_read_list(const char *dir, const char *name, struct buf *out, struct error *err);
MUST_USE bool checkpoint_read_paths(const char *dir, const char *name, struct list *out, struct error *err);
/* Replaces it, whole or not at all. */
MUST_USE bool checkpoint_write_list(const char *dir, const char *name, struct view text, struct error *err);
/* Where the copy of the n-th path is; of the caller's. */
char *checkpoint_copy_path(const char *dir, const char *path, size_t n) __attribute__((returns_nonnull));
