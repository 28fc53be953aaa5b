#include "run/lanes.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct lane { /* of one CA */
    const char *server;
    size_t *indices; /* of its lineages, rising */
    size_t len, next, busy;
};

struct lanes {
    pthread_mutex_t lock;
    struct list servers;
    struct lane *at;
    size_t len;
    size_t *lane_of; /* of each lineage */
    size_t workers, taken;
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

struct lanes *lanes_new(const struct list *servers, size_t workers)
{
    struct lanes *lanes = xcalloc(1, sizeof *lanes);

    (void)pthread_mutex_init(&lanes->lock, NULL);
    lanes->workers = workers;
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
    (void)pthread_mutex_destroy(&lanes->lock);
    free(lanes);
}

static bool has_left(const struct lane *lane)
{
    return lane->next < lane->len;
}

/* A CA that has no worker gets the next one; one that has gets another if there remains one for each of those. */
static bool has_room(const struct lanes *lanes, const struct lane *lane)
{
    size_t busy = 0, without = 0;

    for (size_t i = 0; i < lanes->len; i++) {
        busy += lanes->at[i].busy;
        without += has_left(&lanes->at[i]) && lanes->at[i].busy == 0;
    }
    return lane->busy == 0 || lanes->workers > busy + without;
}

bool lanes_take(struct lanes *lanes, size_t *index, size_t *turn)
{
    struct lane *best = NULL;

    (void)pthread_mutex_lock(&lanes->lock);
    for (size_t i = 0; i < lanes->len; i++) {
        struct lane *lane = &lanes->at[i];

        if (has_left(lane) && (best == NULL || lane->indices[lane->next] < best->indices[best->next]) &&
            has_room(lanes, lane))
            best = lane;
    }
    if (best != NULL) {
        *index = best->indices[best->next++];
        *turn = lanes->taken++;
        best->busy++;
    }
    (void)pthread_mutex_unlock(&lanes->lock);
    return best != NULL;
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
    (void)pthread_mutex_lock(&lanes->lock);
    lanes->at[lanes->lane_of[index]].busy--;
    (void)pthread_mutex_unlock(&lanes->lock);
}
