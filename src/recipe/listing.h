#pragma once
/* Lists that services answer with: all of their pages, and the items that fit. */
#include "recipe/step.h"

#define PAGES_MAX 1000

/*
 * Hands each item that fits to take, with the item's variables ("item", "id") above work->vars, until it sets *stop.
 * *absent: the reply said that there is nothing. take may be NULL. ERROR_... as step_run.
 */
MUST_USE bool listing_each(struct work *work, const struct value *step,
    bool (*take)(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err),
    void *arg, bool *absent, struct error *err);
