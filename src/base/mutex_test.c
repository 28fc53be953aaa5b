#include "base/mutex.h"

#include "base/clock.h"
#include "base/parallel.h"
#include "base/test.h"

#define THREADS 8
#define ROUNDS 2000

struct tally {
    struct mutex lock;
    struct condition changed;
    long value;
    int here;
};

static long add_one(struct tally *tally, bool leave_early)
{
    MUTEX_HOLD(&tally->lock);
    long before = tally->value;

    tally->value = before + 1;
    if (leave_early)
        return before;
    for (int again = 0; again < 1; again++) {
        MUTEX_HOLD(&(struct mutex)MUTEX_INIT); /* another one, in a scope of its own */
        if (again == 0)
            continue;
    }
    return before;
}

static void add_many(void *ctx, size_t index)
{
    for (int i = 0; i < ROUNDS; i++)
        (void)add_one(ctx, ((size_t)i + index) % 2 == 0);
}

TEST(a_scope_is_held_by_one_thread_and_released_wherever_it_is_left)
{
    struct tally tally = { .value = 0 };

    mutex_init(&tally.lock);
    parallel_wait_for(THREADS, THREADS, add_many, &tally);
    CHECK(tally.value == (long)THREADS * ROUNDS, "%ld of %ld", tally.value, (long)THREADS * ROUNDS);
    mutex_destroy(&tally.lock); /* stops the program when it is held */
}

/* All wait for the last. */
static void meet(void *ctx, size_t index)
{
    struct tally *tally = ctx;
    MUTEX_HOLD(&tally->lock);

    tally->here++;
    if (tally->here == THREADS)
        condition_broadcast(&tally->changed);
    while (tally->here < THREADS)
        condition_wait(&tally->changed, &tally->lock);
    tally->value += (long)index;
}

TEST(all_that_wait_are_woken)
{
    struct tally tally = { .value = 0 };

    mutex_init(&tally.lock);
    condition_init(&tally.changed);
    parallel_wait_for(THREADS, THREADS, meet, &tally);
    CHECK(
        tally.here == THREADS && tally.value == (long)THREADS * (THREADS - 1) / 2, "%d, %ld", tally.here, tally.value);
    condition_destroy(&tally.changed);
    mutex_destroy(&tally.lock);
}

TEST(a_wait_with_a_limit_ends_without_a_signal)
{
    static const int limits[] = { -1, 0, 1, 20 };
    struct tally tally = { .value = 0 };

    mutex_init(&tally.lock);
    condition_init(&tally.changed);
    for (size_t i = 0; i < COUNT(limits); i++) {
        int64_t until = clock_monotonic_ms() + limits[i];
        MUTEX_HOLD(&tally.lock);

        while (clock_monotonic_ms() < until) /* a wait may end early, and does not count then */
            condition_wait_ms(&tally.changed, &tally.lock, (int)(until - clock_monotonic_ms()));
        condition_wait_ms(&tally.changed, &tally.lock, 0);
    }
    condition_destroy(&tally.changed);
    mutex_destroy(&tally.lock);
}

TEST_MAIN()
