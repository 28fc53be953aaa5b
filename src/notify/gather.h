#pragma once
/*
 * What is the case: facts of a run of renew, and of the targets.
 */
#include "lifecycle/last_run.h"
#include "lifecycle/renew.h"
#include "notify/decide.h"
#include "notify/notify.h"
#include "notify/target.h"

struct gathered { /* facts, and the texts they need */
    struct facts facts;
    struct list texts;
    size_t room;
};

void gathered_clear(struct gathered *gathered);
static inline void gathered_clear_at(struct gathered *gathered)
{
    gathered_clear(gathered);
}

/* Of each lineage that the run has seen. renewals must outlive it. */
void gather_renewals(
    const struct context *context, const struct renewals *renewals, const struct policy *policy, struct gathered *out);
/* Of the run itself. why NULL: it did its work. */
void gather_run(const struct error *why, struct gathered *out);
/* Of the run before this one, or one that is still at work: whether it came to its end. */
void gather_last_run(const struct last_run *last, int64_t now, struct gathered *out);
/* Of each target, as it was after the last attempt. */
void gather_targets(const char *config_dir, const struct targets *targets, struct gathered *out);
/* Of all certificates of others in the public logs that nobody knows of. */
void gather_foreign(const struct foreign *at, size_t len, struct gathered *out);
/* Brings the facts into their order. */
void gather_end(struct gathered *out);

/* The name of the fact about a target, of the caller's. */
char *gather_target_name(const struct target *target) __attribute__((returns_nonnull));
