#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#define MAX_THREADS 64

struct share {
    atomic_size_t next;
    size_t count;
    void (*work)(void *ctx, size_t index);
    void *ctx;
};

static void *take_shares(void *arg)
{
    struct share *share = arg;
    size_t index;

    while ((index = atomic_fetch_add(&share->next, 1)) < share->count)
        share->work(share->ctx, index);
    return NULL;
}

void parallel_wait_for(size_t count, size_t threads, void (*work)(void *ctx, size_t index), void *ctx)
{
    struct share share = { .count = count, .work = work, .ctx = ctx };
    size_t most = threads < count ? threads : count;
    pthread_t others[MAX_THREADS];
    size_t started = 0;

    while (
        started + 1 < most && started < MAX_THREADS && pthread_create(&others[started], NULL, take_shares, &share) == 0)
        started++;
    (void)take_shares(&share);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(others[i], NULL);
}

size_t parallel_processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) /* not on machines with more than CPU_SETSIZE */
        return (size_t)CPU_COUNT(&allowed);
    return online > 0 ? (size_t)online : 1;
}

void parallel_for(size_t count, size_t worth, void (*work)(void *ctx, size_t index), void *ctx)
{
    parallel_wait_for(count, count >= worth ? parallel_processors() : 1, work, ctx);
}
