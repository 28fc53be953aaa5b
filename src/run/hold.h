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

/* Before questions, if any may be asked. */
void hold_pause(struct context *context, struct hold *hold);
/* After them: the lock again, and the lineage as it is now. *changed: it is another certificate by now, has other
 * settings, or is gone (then lineage is NULL); what was decided before has to be decided anew. */
MUST_USE bool hold_resume(struct context *context, struct hold *hold, bool *changed, struct error *err);
