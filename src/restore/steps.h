#pragma once
/*
 * The steps of a restore, and the journal in which they stand: text, a line for each.
 *
 * A step names a place. What is to be there is what lies under the same name among the new files, or the old ones; so
 * the same list leads forward and back, and any step may be done again.
 */
#include "base/bytes.h"

enum step_kind {
    STEP_DIR = 'd',     /* a directory */
    STEP_FILE = 'f',    /* a file or a link */
    STEP_LIVE = 'l',    /* a lineage's live directory, which stays: only our files in it are replaced, all at once */
    STEP_OUTSIDE = 'x', /* a file outside the store, by its absolute path; only ever added */
};

struct step {
    enum step_kind kind;
    char *path; /* below the configuration directory; of STEP_OUTSIDE absolute */
    bool goes;  /* it is to be removed; not in the journal, where what is staged says so */
};

struct steps {
    struct step *at;
    size_t len, room;
};

#define STEPS_MAX ((size_t)64 << 20) /* bytes of a journal */

void steps_add(struct steps *steps, enum step_kind kind, const char *path);
void steps_add_removal(struct steps *steps, enum step_kind kind, const char *path);
void steps_clear(struct steps *steps);
static inline void steps_clear_at(struct steps *steps)
{
    steps_clear(steps);
}

/* ERROR_STORE where what was written does not read as these steps, or does not fit into out. */
MUST_USE bool steps_write(const struct steps *steps, struct buf *out, struct error *err);
/* ERROR_STORE unless the text is a whole journal: each path in its place, none with "." or "..". *out is the caller's.
 */
MUST_USE bool steps_read(struct view text, struct steps *out, struct error *err);
