#include "run/turns.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/mutex.h"

#define WAIT_MS 50 /* between looks whether the user has interrupted */

enum stage { WAITING, CALLED, BEGUN, DONE };
enum way { COMES, HELD_UP, ARRIVED }; /* to its proofs */

struct turns {
    struct mutex lock;
    struct condition changed;
    enum stage *stages;
    bool *lets_pass; /* those behind need not wait for its attempt */
    size_t count;
    size_t begun, done; /* so many of the first ones have begun, are done */
    int64_t *at_ca;     /* since when each is at its CA, by the monotonic clock in ms; 0: it is not */
    int64_t max_wait_ms;
    enum way *ways;
    size_t coming; /* number of those that come */
    size_t want_deploy;
    bool deploying;
    /* by rank: */
    size_t *lane_of;
    bool *issued;  /* a deploy hook of its own may be about to run */
    bool *settled; /* none will */
    size_t first;  /* all of lower rank are settled */
    bool *aside;
    bool *late; /* of each lane: it has kept others waiting for too long */
    struct lanes *lanes;
};

struct turns *turns_new(size_t lineages, int64_t max_wait_ms, const size_t *lane_of, struct lanes *lanes)
{
    struct turns *turns = xcalloc(1, sizeof *turns);

    turns->stages = xcalloc(lineages + 1, sizeof *turns->stages);
    turns->lets_pass = xcalloc(lineages + 1, sizeof *turns->lets_pass);
    turns->at_ca = xcalloc(lineages + 1, sizeof *turns->at_ca);
    turns->ways = xcalloc(lineages + 1, sizeof *turns->ways);
    turns->coming = lineages;
    turns->lane_of = xcalloc(lineages + 1, sizeof *turns->lane_of);
    memcpy(turns->lane_of, lane_of, lineages * sizeof *lane_of);
    turns->issued = xcalloc(lineages + 1, sizeof *turns->issued);
    turns->settled = xcalloc(lineages + 1, sizeof *turns->settled);
    turns->aside = xcalloc(lineages + 1, sizeof *turns->aside);
    turns->late = xcalloc(lineages + 1, sizeof *turns->late);
    turns->max_wait_ms = max_wait_ms;
    turns->count = lineages;
    turns->lanes = lanes;
    mutex_init(&turns->lock);
    condition_init(&turns->changed);
    return turns;
}

void turns_free(struct turns *turns)
{
    if (turns == NULL)
        return;
    condition_destroy(&turns->changed);
    mutex_destroy(&turns->lock);
    free(turns->stages);
    free(turns->lets_pass);
    free(turns->at_ca);
    free(turns->ways);
    free(turns->lane_of);
    free(turns->issued);
    free(turns->settled);
    free(turns->aside);
    free(turns->late);
    free(turns);
}

/* Under the lock. */
static void advance(const struct turn *turn, enum stage stage)
{
    struct turns *turns = turn->of;

    turns->stages[turn->index] = stage;
    while (turns->begun < turns->count && (turns->stages[turns->begun] >= BEGUN || turns->lets_pass[turns->begun]))
        turns->begun++;
    while (turns->done < turns->count && turns->stages[turns->done] == DONE)
        turns->done++;
    condition_broadcast(&turns->changed);
}

/* Under the lock. */
static void set_way(const struct turn *turn, enum way to)
{
    enum way *way = &turn->of->ways[turn->index];

    if (*way == ARRIVED)
        return;
    turn->of->coming -= *way == COMES;
    turn->of->coming += to == COMES;
    *way = to;
}

static void lock_and_set_way(const struct turn *turn, enum way to)
{
    MUTEX_HOLD(&turn->of->lock);

    set_way(turn, to);
}

static bool all_before_have_begun(const struct turn *turn)
{
    return turn->of->begun >= turn->index;
}

static bool all_before_are_done(const struct turn *turn)
{
    return turn->of->done >= turn->index;
}

static bool nobody_deploys(const struct turn *turn)
{
    return !turn->of->deploying && turn->of->want_deploy == 0;
}

/* Under the lock: until something changes, or a moment has gone by. The first time the job is given back. */
static void wait_a_moment(const struct turn *turn, bool *parked)
{
    struct turns *turns = turn->of;

    if (!*parked)
        lanes_park(turns->lanes, turn->rank, false);
    *parked = true;
    set_way(turn, HELD_UP);
    condition_wait_ms(&turns->changed, &turns->lock, WAIT_MS);
}

/* Takes the job again if it was given back; without the lock. */
static void go_on(const struct turn *turn, bool parked)
{
    if (!parked)
        return;
    lock_and_set_way(turn, COMES);
    lanes_unpark(turn->of->lanes, turn->rank);
}

/* Under the lock. After an interrupt nobody goes on, also whose turn has come: it may be for the interrupt alone. */
static bool wait_until(bool (*holds)(const struct turn *turn), const struct turn *turn, bool *parked, struct error *err)
{
    for (;;) {
        TRY(interrupt_check(err));
        if (holds(turn))
            return true;
        wait_a_moment(turn, parked);
    }
}

static bool lock_and_wait_until(
    bool (*holds)(const struct turn *turn), const struct turn *turn, bool *parked, struct error *err)
{
    MUTEX_HOLD(&turn->of->lock);

    return wait_until(holds, turn, parked, err);
}

static bool wait_for(bool (*holds)(const struct turn *turn), const struct turn *turn, struct error *err)
{
    bool ok, parked = false;

    if (turn == NULL)
        return true;
    ok = lock_and_wait_until(holds, turn, &parked, err);
    go_on(turn, parked);
    return ok;
}

void turn_park(const struct turn *turn)
{
    if (turn != NULL)
        lanes_park(turn->of->lanes, turn->rank, true);
}

void turn_unpark(const struct turn *turn)
{
    if (turn != NULL)
        lanes_unpark(turn->of->lanes, turn->rank);
}

void turn_arrive(const struct turn *turn)
{
    if (turn != NULL)
        lock_and_set_way(turn, ARRIVED);
}

bool turn_others_come(const struct turn *turn)
{
    if (turn == NULL || turn->of->lanes == NULL || !lanes_are_shared(turn->of->lanes))
        return false;
    MUTEX_HOLD(&turn->of->lock);
    return turn->of->coming > 0;
}

bool turn_wait(const struct turn *turn, struct error *err)
{
    return wait_for(all_before_have_begun, turn, err);
}

static void call(const struct turn *turn)
{
    MUTEX_HOLD(&turn->of->lock);

    if (turn->of->stages[turn->index] == WAITING)
        turn->of->stages[turn->index] = CALLED;
}

void turn_step_aside(const struct turn *turn, bool aside)
{
    if (turn == NULL)
        return;
    MUTEX_HOLD(&turn->of->lock);
    turn->of->aside[turn->rank] = aside;
    condition_broadcast(&turn->of->changed);
}

bool turn_wait_alone(const struct turn *turn, struct error *err)
{
    turn_step_aside(turn, true); /* a deploy hook that waited for this lineage would wait for itself */
    TRY(wait_for(all_before_are_done, turn, err));
    if (turn != NULL)
        call(turn);
    return true;
}

bool turn_was_called(const struct turn *turn)
{
    if (turn == NULL)
        return true;
    MUTEX_HOLD(&turn->of->lock);
    return turn->of->stages[turn->index] > WAITING;
}

void turn_let_pass(const struct turn *turn)
{
    if (turn == NULL)
        return;
    MUTEX_HOLD(&turn->of->lock);
    turn->of->lets_pass[turn->index] = true;
    advance(turn, turn->of->stages[turn->index]);
}

static bool go_to_ca(const struct turn *turn, bool local, bool *parked, struct error *err)
{
    MUTEX_HOLD(&turn->of->lock);

    turn->of->aside[turn->rank] = false;
    advance(turn, BEGUN);
    if (!local)
        return true;
    TRY(wait_until(nobody_deploys, turn, parked, err));
    turn->of->at_ca[turn->index] = clock_monotonic_ms() + 1; /* never 0 */
    return true;
}

bool turn_issue(const struct turn *turn, bool local, struct error *err)
{
    bool ok, parked = false;

    if (turn == NULL)
        return true;
    ok = go_to_ca(turn, local, &parked, err);
    go_on(turn, parked);
    return ok;
}

void turn_issued(const struct turn *turn)
{
    if (turn == NULL)
        return;
    MUTEX_HOLD(&turn->of->lock);
    turn->of->at_ca[turn->index] = 0;
    turn->of->issued[turn->rank] = true;
    condition_broadcast(&turn->of->changed);
}

/* Under the lock. A CA that takes long does not keep the certificates of others from being used. */
static bool is_anybody_at_ca(const struct turns *turns)
{
    int64_t too_long = clock_monotonic_ms() - turns->max_wait_ms;

    for (size_t i = 0; i < turns->count; i++)
        if (turns->at_ca[i] != 0 && turns->at_ca[i] > too_long)
            return true;
    return false;
}

/* Under the lock: whether one of lower rank may still have a deploy hook to run, and is worth waiting for. */
static bool is_awaited(const struct turns *turns, size_t rank)
{
    return !turns->settled[rank] && !turns->issued[rank] && !turns->aside[rank] && !turns->late[turns->lane_of[rank]];
}

static bool is_any_before_awaited(const struct turn *turn)
{
    for (size_t i = turn->of->first; i < turn->rank; i++)
        if (is_awaited(turn->of, i))
            return true;
    return false;
}

/* Under the lock. Once they have kept somebody waiting for as long as that, nobody waits for their CAs again. After an
 * interrupt those that have not begun never will. */
static void wait_for_those_before(const struct turn *turn, bool *parked)
{
    struct turns *turns = turn->of;
    int64_t until = clock_monotonic_ms() + turns->max_wait_ms;

    while (is_any_before_awaited(turn) && !interrupt_pending() && clock_monotonic_ms() < until)
        wait_a_moment(turn, parked);
    for (size_t i = turn->of->first; i < turn->rank; i++)
        if (is_awaited(turns, i))
            turns->late[turns->lane_of[i]] = true;
}

/* Under the lock. None of them waits for one behind it. */
static bool is_any_before_to_deploy(const struct turn *turn)
{
    for (size_t i = turn->of->first; i < turn->rank; i++)
        if (turn->of->issued[i] && !turn->of->settled[i])
            return true;
    return false;
}

static void begin_to_deploy(const struct turn *turn, bool *parked)
{
    MUTEX_HOLD(&turn->of->lock);

    wait_for_those_before(turn, parked);
    turn->of->want_deploy++; /* no new one begins, so those that have begun end */
    while (turn->of->deploying || is_anybody_at_ca(turn->of) || is_any_before_to_deploy(turn))
        wait_a_moment(turn, parked);
    turn->of->want_deploy--;
    turn->of->deploying = true;
}

void turn_deploy(const struct turn *turn)
{
    bool parked = false;

    if (turn == NULL)
        return;
    call(turn);
    begin_to_deploy(turn, &parked);
    go_on(turn, parked);
}

/* Under the lock. */
static void settle(const struct turn *turn)
{
    struct turns *turns = turn->of;

    turns->settled[turn->rank] = true;
    while (turns->first < turns->count && turns->settled[turns->first])
        turns->first++;
}

void turn_deployed(const struct turn *turn)
{
    if (turn == NULL)
        return;
    MUTEX_HOLD(&turn->of->lock);
    turn->of->deploying = false;
    settle(turn);
    condition_broadcast(&turn->of->changed);
}

void turn_done(const struct turn *turn)
{
    if (turn == NULL)
        return;
    MUTEX_HOLD(&turn->of->lock);
    settle(turn);
    set_way(turn, ARRIVED);
    advance(turn, DONE);
}
