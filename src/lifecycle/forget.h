#pragma once
/*
 * Chooses the lineages to delete: the one that was named, or those that the user marks and confirms.
 */
#include "run/context.h"

/* Empty when the user, asked to confirm, said no. */
MUST_USE bool forget_choose(struct context *context, struct list *out, struct error *err);
