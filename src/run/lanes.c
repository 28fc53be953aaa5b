#include "run/lanes.h"

#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/mutex.h"

#define WAIT_MS 50 /* between looks whether the user has interrupted */

struct lane { /* of one CA */
    const char *server;
    size_t *indices; /* of its lineages, rising */
    size_t len, next, busy;
    size_t returning; /* so many want their job back */
};

struct lanes {
    struct mutex lock;
    struct condition changed;
    struct list servers;
    struct lane *at;
    size_t len;
    size_t *lane_of; /* of each lineage */
    size_t jobs, taken;
    size_t idle; /* threads that wait for a lineage */
    void (*want)(void *arg);
    void *want_arg;
};

static size_t find_lane(struct lanes *lanes, const char *server)
{
    for (size_t i = 0; i < lanes->len; i++)
        if (strcmp(lanes->at[i].server, server) == 0)
            return i;
    lanes->at = xrealloc(lanes->at, lanes->len + 1, sizeof *lanes->at);
    lanes->at[lanes->len] =
        (struct lane){ .server = server, .indices = xcalloc(lanes->servers.len, sizeof(*lanes->at->indices)) };
    return lanes->len++;
}

struct lanes *lanes_new(const struct list *servers, size_t jobs)
{
    struct lanes *lanes = xcalloc(1, sizeof *lanes);

    mutex_init(&lanes->lock);
    condition_init(&lanes->changed);
    lanes->jobs = jobs;
    lanes->servers = list_dup(servers);
    lanes->lane_of = xcalloc(servers->len + 1, sizeof *lanes->lane_of);
    for (size_t i = 0; i < servers->len; i++) {
        struct lane *lane;

        lanes->lane_of[i] = find_lane(lanes, lanes->servers.at[i]);
        lane = &lanes->at[lanes->lane_of[i]];
        lane->indices[lane->len++] = i;
    }
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    if (lanes == NULL)
        return;
    for (size_t i = 0; i < lanes->len; i++)
        free(lanes->at[i].indices);
    free(lanes->at);
    free(lanes->lane_of);
    list_clear(&lanes->servers);
    condition_destroy(&lanes->changed);
    mutex_destroy(&lanes->lock);
    free(lanes);
}

static bool has_left(const struct lane *lane)
{
    return lane->next < lane->len;
}

/* Under the lock. A CA that has no job gets the next one; one that has gets another if there remains one for each of
 * those. */
static bool has_room(const struct lanes *lanes, const struct lane *lane)
{
    size_t busy = 0, without = 0;

    for (size_t i = 0; i < lanes->len; i++) {
        busy += lanes->at[i].busy;
        without += has_left(&lanes->at[i]) && lanes->at[i].busy == 0;
    }
    return busy < lanes->jobs && (lane->busy == 0 || lanes->jobs > busy + without);
}

/* Under the lock: whether a free job is reserved for a thread that has given it back. */
static bool is_wanted_back(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->len; i++)
        if (lanes->at[i].returning > 0 && has_room(lanes, &lanes->at[i]))
            return true;
    return false;
}

/* Under the lock: the one whose next lineage comes first; *left says whether there is any lineage left. */
static struct lane *next_lane(struct lanes *lanes, bool *left)
{
    struct lane *best = NULL;

    *left = false;
    for (size_t i = 0; i < lanes->len; i++) {
        struct lane *lane = &lanes->at[i];

        *left = *left || has_left(lane);
        if (has_left(lane) && (best == NULL || lane->indices[lane->next] < best->indices[best->next]) &&
            has_room(lanes, lane))
            best = lane;
    }
    return is_wanted_back(lanes) ? NULL : best;
}

void lanes_on_want(struct lanes *lanes, void (*want)(void *arg), void *arg)
{
    lanes->want = want;
    lanes->want_arg = arg;
}

bool lanes_take(struct lanes *lanes, size_t *index, size_t *turn)
{
    struct lane *lane;
    bool left;
    MUTEX_HOLD(&lanes->lock);

    lanes->idle++;
    while ((lane = next_lane(lanes, &left)) == NULL && left && !interrupt_pending())
        condition_wait_ms(&lanes->changed, &lanes->lock, WAIT_MS);
    lanes->idle--;
    if (lane != NULL) {
        *index = lane->indices[lane->next++];
        *turn = lanes->taken++;
        lane->busy++;
    }
    return lane != NULL;
}

bool lanes_are_shared(const struct lanes *lanes)
{
    return lanes->jobs > 1;
}

bool lanes_are_several(const struct lanes *lanes)
{
    return lanes->len > 1;
}

const size_t *lanes_numbers(const struct lanes *lanes)
{
    return lanes->lane_of;
}

void lanes_done(struct lanes *lanes, size_t index)
{
    lanes_park(lanes, index, false);
}

/* Gives the job back; returns whether lineages are left and no thread waits to take them. */
static bool give_back(struct lanes *lanes, size_t index)
{
    bool left;
    MUTEX_HOLD(&lanes->lock);

    lanes->at[lanes->lane_of[index]].busy--;
    condition_broadcast(&lanes->changed);
    return lanes->idle == 0 && (next_lane(lanes, &left) != NULL || left);
}

void lanes_park(struct lanes *lanes, size_t index, bool long_wait)
{
    if (lanes != NULL && give_back(lanes, index) && long_wait && lanes->want != NULL)
        lanes->want(lanes->want_arg);
}

void lanes_unpark(struct lanes *lanes, size_t index)
{
    struct lane *lane;

    if (lanes == NULL)
        return;
    lane = &lanes->at[lanes->lane_of[index]];
    MUTEX_HOLD(&lanes->lock);
    lane->returning++;
    while (!has_room(lanes, lane) && !interrupt_pending())
        condition_wait_ms(&lanes->changed, &lanes->lock, WAIT_MS);
    lane->returning--;
    lane->busy++;
    condition_broadcast(&lanes->changed);
}
