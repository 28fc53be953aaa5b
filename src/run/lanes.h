#pragma once
/*
 * In which order many lineages are taken up by a few workers: in their own, but one CA never has all the workers while
 * lineages at others wait, however slow it is.
 *
 * Knows positions and CAs' addresses, nothing of threads' work.
 */
#include "base/bytes.h"

struct lanes;

/* servers: the CA of each lineage, in their order; workers: how many take, at least one. Of the caller's, for
 * lanes_free. */
struct lanes *lanes_new(const struct list *servers, size_t workers) __attribute__((returns_nonnull));
void lanes_free(struct lanes *lanes); /* NULL is fine */
DEFINE_AUTO(struct lanes, lanes_free)

/*
 * The next one for a worker that is free, and how many were taken before it; false when none is left. A CA gets a
 * further worker only if one remains for each CA that has lineages left and no worker. Thread-safe, does not wait.
 */
MUST_USE bool lanes_take(struct lanes *lanes, size_t *index, size_t *turn);
bool lanes_are_several(const struct lanes *lanes);      /* there is more than one CA */
const size_t *lanes_numbers(const struct lanes *lanes); /* of each lineage's CA, counted from 0; borrowed */
void lanes_done(struct lanes *lanes, size_t index);     /* its worker is free again */
