#include "base/reading.h"

#include "base/clock.h"
#include "base/parallel.h"
#include "base/test.h"

#define THREADS 8
#define ROUNDS 50

struct pair {
    _Atomic int switching;
    _Atomic bool mixed, side_by_side;
};

static void switch_pair(struct pair *pair)
{
    switching_begin();
    if (++pair->switching > 1)
        pair->side_by_side = true;
    (void)clock_sleep_ms(1);
    pair->switching--;
    switching_end();
}

static void read_pair(struct pair *pair)
{
    reading_begin();
    if (pair->switching > 0)
        pair->mixed = true;
    reading_end();
}

static void work(void *arg, size_t index)
{
    for (int i = 0; i < ROUNDS; i++)
        if (index % 2 == 0)
            switch_pair(arg);
        else
            read_pair(arg);
}

TEST(no_pair_is_switched_while_it_is_read)
{
    struct pair pair = { 0 };

    parallel_wait_for(THREADS, THREADS, work, &pair);
    CHECK(!pair.mixed, "a pair was being switched while it was read");
    CHECK(pair.side_by_side, "pairs are switched side by side");
}

TEST_MAIN()
