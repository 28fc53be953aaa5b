#pragma once
/*
 * What of a backup becomes code that this machine runs: programs, hooks, and the files that name them.
 */
#include "restore/plan.h"

/* Nobody but root and the owner of the store may change what is run for them: files and directories of the stage (but
 * certificates and accounts) that somebody else owns or may write become this process's, each told; of files outside
 * the store only the owner's rights are left. */
MUST_USE bool code_secure(struct stage *stage, struct error *err);

/* Adds to plan->programs what will be run, or says what is run, and is not here yet. */
MUST_USE bool code_list(const struct stage *stage, struct plan *plan, struct error *err);
