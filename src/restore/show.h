#pragma once
/*
 * What a restore would change, and what came of it, as text for people.
 */
#include "restore/plan.h"

#define SHOW_MAX ((size_t)32 << 20)

/* Puts it into out, which has failed where it is too long. now: UTC seconds since 1970. */
void show_plan(const char *from, const struct stage *stage, const struct plan *plan, int64_t now, struct buf *out);
/* Whether the plan changes anything. */
bool plan_changes(const struct txn *txn);
