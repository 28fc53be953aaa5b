#pragma once
/*
 * A lineage that a command is about to change, with its lock; which is let go while the user is asked, as he may be at
 * lunch: other processes go on meanwhile.
 */
#include "run/context.h"

struct hold {
    char *name;
    struct lineage *lineage; /* NULL: a new one */
    struct range_lock *lock; /* NULL as well where nothing needs to be locked */
    bool paused;
};

void hold_clear(struct hold *hold);
static inline void hold_clear_at(struct hold *hold)
{
    hold_clear(hold);
}

/* Takes the lock of hold->name. */
MUST_USE bool hold_take(struct context *context, struct hold *hold, struct error *err);

/* Result of a step that releases the lock in its course: others may have changed the lineage meanwhile. TRY leaves such
 * a step with STEP_FAILED. */
enum step {
    STEP_FAILED, /* the error says why */
    STEP_DONE,
    STEP_AGAIN, /* earlier decisions have to be made again */
};

/* Leaves the function, which is a step itself, unless the step is done. */
#define STEP(of)                                                                                                       \
    do {                                                                                                               \
        enum step step_ = (of);                                                                                        \
        if (step_ != STEP_DONE)                                                                                        \
            return step_;                                                                                              \
    } while (0)

/* Call before questions: releases the lock if any may be asked. */
void hold_pause(struct context *context, struct hold *hold);
/* Call after them: takes the lock again and reloads the lineage. STEP_AGAIN: it has another certificate or other
 * settings by now, or is gone (then lineage is NULL). */
MUST_USE enum step hold_resume(struct context *context, struct hold *hold, struct error *err);
