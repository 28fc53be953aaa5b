#include "base/parallel.h"

#include <pthread.h>
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

void parallel_for(size_t count, size_t worth, void (*work)(void *ctx, size_t index), void *ctx)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    parallel_wait_for(count, count >= worth && cpus > 0 ? (size_t)cpus : 1, work, ctx);
}
