#include "run/hold.h"

#include "base/log.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

void hold_clear(struct hold *hold)
{
    free(hold->name);
    lineage_free(hold->lineage);
    range_lock_release(hold->lock);
    *hold = (struct hold){ 0 };
}

bool hold_take(struct context *context, struct hold *hold, struct error *err)
{
    return lineage_lock(context->store, hold->name, &hold->lock, err);
}

void hold_pause(struct context *context, struct hold *hold)
{
    if (!ui_may_ask(context->ui))
        return;
    range_lock_release(hold->lock);
    hold->lock = NULL;
    hold->paused = true;
}

enum step hold_resume(struct context *context, struct hold *hold, struct error *err)
{
    AUTO(lineage_free) struct lineage *before = NULL;

    if (!hold->paused)
        return STEP_DONE;
    TRY(hold_take(context, hold, err));
    hold->paused = false;
    if (hold->lineage == NULL)
        return STEP_DONE;
    before = TAKE(hold->lineage);
    if (store_has_lineage(context->store, hold->name))
        TRY(lineage_load(context->store, hold->name, &hold->lineage, err));
    if (hold->lineage != NULL && lineage_is_unchanged(before, hold->lineage))
        return STEP_DONE;
    log_warning("%s was changed by another process meanwhile", hold->name);
    return STEP_AGAIN;
}
