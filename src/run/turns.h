#pragma once
/*
 * Which lineages may go on when several are renewed at the same time: the user's hooks were written for one after the
 * other. Knows only positions, in which they are taken up, and ranks, which are the order of names: with several CAs
 * these differ (lanes.h).
 *
 * A pre-hook may stop the server by which the lineages before it are validated, so it waits for them, and those behind
 * wait for it. A deploy hook may restart that server, so it runs while no lineage is being validated, except those
 * whose CA takes long. Deploy hooks run in the order of ranks, but a CA that keeps others waiting for too long is not
 * waited for again. Everything else is parallel.
 */
#include "base/auto.h"
#include "base/error.h"
#include "run/lanes.h"

struct turns; /* of one run */

#define TURNS_PATIENCE_MS (60 * 1000)

/* max_wait_ms: time that a deploy hook waits for a lineage at the CA, and for a CA's lineages before it. lane_of: a
 * number for the CA of each lineage, by rank; less than lineages. lanes: a thread that waits here gives its job back
 * meanwhile; NULL: there is none to give back. */
struct turns *turns_new(size_t lineages, int64_t max_wait_ms, const size_t *lane_of, struct lanes *lanes)
    __attribute__((returns_nonnull));
void turns_free(struct turns *turns); /* NULL is fine */
DEFINE_AUTO(struct turns, turns_free)

/* A lineage's place in the run. All calls take NULL, and then do nothing: a command with one lineage. */
struct turn {
    struct turns *of;
    size_t index, rank;
};

/* Waits until each lineage before this one has begun its attempt or needs none. ERROR_CANCELED. */
MUST_USE bool turn_wait(const struct turn *turn, struct error *err);
/* Waits, after turn_wait, until all of them are done; pre-hooks are called then. ERROR_CANCELED. */
MUST_USE bool turn_wait_alone(const struct turn *turn, struct error *err);

/* This lineage needs no pre-hook: those behind need not wait for its attempt. */
void turn_let_pass(const struct turn *turn);
/* Whether this one waits for something else, so that no deploy hook waits for it; false once its attempt begins. */
void turn_step_aside(const struct turn *turn, bool aside);
/* The attempt has begun, pre-hooks have run. local: it is validated by a server of this machine, so it returns when no
 * deploy hook runs or is about to, and deploy hooks wait for it. ERROR_CANCELED. */
MUST_USE bool turn_issue(const struct turn *turn, bool local, struct error *err);
void turn_issued(const struct turn *turn); /* after turn_issue was true */

/* Around deploy hooks; waits for those of lower rank that are not done, for max_wait_ms at the most,
 * and for all between turn_issue and turn_issued who have been there for less than max_wait_ms, whatever signal comes:
 * they must run. */
void turn_deploy(const struct turn *turn);
void turn_deployed(const struct turn *turn);

/* Around a wait that may take minutes and holds nothing that others wait for: the job is another's meanwhile. */
void turn_park(const struct turn *turn);
void turn_unpark(const struct turn *turn);

/* This lineage has come to its proofs, or needs none. */
void turn_arrive(const struct turn *turn);
/* Whether others may come to theirs soon: they have not ended, and do not wait here. */
bool turn_others_come(const struct turn *turn);

/* Whether a hook of the user's was called for this lineage, or its attempt has begun. Until then it only waits. */
bool turn_was_called(const struct turn *turn);

/* This lineage needs nothing more, however it ended. */
void turn_done(const struct turn *turn);
