#pragma once
/*
 * Decides in which order many lineages are taken up, a few at the same time (--jobs): in their own, but one CA never
 * has all the jobs while lineages at others wait, however slow it is. A thread that waits for something else than the
 * CA gives its job back meanwhile, so that more threads than jobs may be there.
 *
 * Knows positions and CAs' addresses, nothing of threads' work.
 */
#include "base/bytes.h"

struct lanes;

/* servers: the CA of each lineage, in their order; jobs: how many are worked on at once, at least one. Of the caller's,
 * for lanes_free. */
struct lanes *lanes_new(const struct list *servers, size_t jobs) __attribute__((returns_nonnull));
void lanes_free(struct lanes *lanes); /* NULL is fine */
DEFINE_AUTO(struct lanes, lanes_free)

/* Sets a function to call when a job was given back for long, lineages are left and no thread waits for a job; it may
 * start a thread. No lock is held during the call. */
void lanes_on_want(struct lanes *lanes, void (*want)(void *arg), void *arg);

/*
 * Waits for a job, and takes the next lineage, and how many were taken before it; false when none is left, or the user
 * has interrupted. A CA gets a further job only if one remains for each CA that has lineages left and no job; threads
 * that have given one back come first. Thread-safe.
 */
MUST_USE bool lanes_take(struct lanes *lanes, size_t *index, size_t *turn);
bool lanes_are_shared(const struct lanes *lanes);       /* there is more than one job */
bool lanes_are_several(const struct lanes *lanes);      /* there is more than one CA */
const size_t *lanes_numbers(const struct lanes *lanes); /* of each lineage's CA, counted from 0; borrowed */
void lanes_done(struct lanes *lanes, size_t index);     /* its job is free again */
/* The same for a while: `index` waits. long_wait: for so long that another thread may be worth it. NULL is fine. */
void lanes_park(struct lanes *lanes, size_t index, bool long_wait);
/* Waits until it has a job again; after an interrupt it goes on at once. NULL is fine. */
void lanes_unpark(struct lanes *lanes, size_t index);
