#pragma once
/*
 * Changes put into effect: what the journal needs to know of them, and the writing itself. For commit.c.
 */
#include "web/changes.h"
#include "web/checkpoint.h"

struct web_service; /* web/commit.h */

/* ERROR_STORE where a file is not as it was read any more, or one that is to be created is there. */
MUST_USE bool changes_check(const struct changes *changes, struct error *err);

/* What is there before each stage; stages without changes are left out. Titles and contents are borrowed from changes;
 * the array is the caller's, for changes_stages_free. */
size_t changes_stages(const struct changes *changes, struct checkpoint_stage **out);
void changes_stages_free(struct checkpoint_stage *stages, size_t count);

/* The journal of all of them together: what each file holds before the first stage, and what it will hold. */
MUST_USE bool changes_journal(const struct changes *changes, const struct checkpoint_stage *stages, size_t count,
    struct checkpoint *out, struct error *err);

/*
 * Runs the commands, as programs of its server, creates the new files and links, then writes those that were read,
 * each in the order of the calls; all of them were written beside and synced before. dir: of the journal, already
 * saved. Fails half way where it must: restoring the journal is the caller's.
 */
MUST_USE bool changes_write(
    const struct changes *changes, const char *dir, const struct web_service *service, struct error *err);
