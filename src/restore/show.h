#pragma once
/*
 * What a restore would change, and what came of it, as text for people.
 */
#include "restore/plan.h"
#include "ui/ui.h"

/* now: UTC seconds since 1970. */
void show_plan(struct ui *ui, const char *from, const struct stage *stage, const struct plan *plan, int64_t now);
/* Whether the plan changes anything. */
bool plan_changes(const struct txn *txn);
