#include "base/parallel.h"

#include <stdatomic.h>

#include "base/test.h"

static void count_visit(void *ctx, size_t index)
{
    atomic_int *visits = ctx;

    atomic_fetch_add(&visits[index], 1);
}

TEST(every_item_is_visited_once)
{
    static const size_t counts[] = { 0, 1, 63, 64, 1000 };

    for (size_t k = 0; k < COUNT(counts); k++) {
        atomic_int visits[1001] = { 0 };

        parallel_for(counts[k], 64, count_visit, visits);
        for (size_t i = 0; i < COUNT(visits); i++)
            CHECK(visits[i] == (i < counts[k] ? 1 : 0), "%zu items: item %zu was visited %d times", counts[k], i,
                (int)visits[i]);
    }
}

TEST_MAIN()
