#include "base/parallel.h"

#include <stdatomic.h>
#include <unistd.h>

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

TEST(waiting_work_is_done_at_the_same_time)
{
    static const size_t threads[] = { 0, 1, 2, 7, 1000 };

    for (size_t k = 0; k < COUNT(threads); k++) {
        atomic_int visits[101] = { 0 };

        parallel_wait_for(100, threads[k], count_visit, visits);
        for (size_t i = 0; i < COUNT(visits); i++)
            CHECK(visits[i] == (i < 100 ? 1 : 0), "%zu threads: item %zu was visited %d times", threads[k], i,
                (int)visits[i]);
    }
}

struct meeting {
    atomic_int there;
    int wanted;
    atomic_bool met;
};

/* Returns when all wanted are here, or after a minute. */
static void meet(void *ctx, size_t index)
{
    struct meeting *meeting = ctx;

    (void)index;
    atomic_fetch_add(&meeting->there, 1);
    for (int waited_ms = 0; waited_ms < 60000 && meeting->there < meeting->wanted; waited_ms++)
        (void)usleep(1000);
    if (meeting->there >= meeting->wanted)
        meeting->met = true;
}

/* More threads than this machine has processors: they wait for each other. */
TEST(as_many_threads_as_asked_for)
{
    struct meeting meeting = { .wanted = 12 };

    parallel_wait_for(12, 12, meet, &meeting);
    CHECK(meeting.met, "only %d of 12 worked at a time", (int)meeting.there);
}

TEST_MAIN()
