/*
 * Threads over many lineages: each is worked on once, no more at a time than there are jobs, and who waits for long
 * leaves its job to others.
 */
#include "run/workers.h"

#include "base/mem.h"
#include "base/mutex.h"
#include "base/test.h"

#define MOST 64

struct play {
    struct lanes *lanes;
    size_t lineages, waiting; /* the first `waiting` wait until all others are done */
    struct mutex lock;
    struct condition changed;
    size_t at_work, most, done;
    int times[MOST];
    size_t order[MOST];
};

static void begin(struct play *play, size_t index, size_t position)
{
    MUTEX_HOLD(&play->lock);

    play->times[index]++;
    play->order[position] = index;
    play->at_work++;
    if (play->at_work > play->most)
        play->most = play->at_work;
}

/* With its job given back: it holds nothing meanwhile. */
static void wait_for_others(struct play *play, size_t index)
{
    mutex_lock(&play->lock);
    play->at_work--;
    mutex_unlock(&play->lock);
    lanes_park(play->lanes, index, true);
    mutex_lock(&play->lock);
    while (play->done < play->lineages - play->waiting)
        condition_wait(&play->changed, &play->lock);
    mutex_unlock(&play->lock);
    lanes_unpark(play->lanes, index);
    MUTEX_HOLD(&play->lock);
    play->at_work++;
    if (play->at_work > play->most)
        play->most = play->at_work;
}

static void work(void *arg, size_t index, size_t position)
{
    struct play *play = arg;

    begin(play, index, position);
    if (index < play->waiting)
        wait_for_others(play, index);
    MUTEX_HOLD(&play->lock);
    play->at_work--;
    play->done++;
    condition_broadcast(&play->changed);
}

static const struct {
    const char *name, *cas; /* a letter for each lineage's CA */
    size_t jobs, waiting;
} rows[] = {
    { "none", "", 4, 0 },
    { "one", "A", 4, 0 },
    { "one job", "AAAAAAAA", 1, 0 },
    { "several", "AAAAAAAAAAAAAAAAAAAA", 3, 0 },
    { "of several CAs", "AAABBBCCCABCABC", 4, 0 },
    { "more jobs than lineages", "AB", 9, 0 },
    { "one waits for all others", "AAAAAAAA", 2, 1 },
    { "all jobs wait, and further threads do the rest", "AAAAAAAAAAAA", 2, 2 },
    { "more wait than there are jobs", "AAAAAAAAAAAAAAAA", 2, 6 },
    { "at two CAs", "ABABABABABAB", 3, 4 },
};

TEST(each_is_worked_on_once)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list servers = { 0 };
        AUTO(lanes_free) struct lanes *lanes = NULL;
        struct play play = { .lineages = strlen(rows[i].cas), .waiting = rows[i].waiting };

        for (const char *ca = rows[i].cas; *ca != '\0'; ca++)
            list_add(&servers, (char[]){ *ca, '\0' });
        play.lanes = lanes = lanes_new(&servers, rows[i].jobs);
        mutex_init(&play.lock);
        condition_init(&play.changed);
        workers_run(lanes, rows[i].jobs, work, &play);
        CHECK_INT((int64_t)play.done, (int64_t)play.lineages, rows[i].name);
        CHECK_INT((int64_t)play.at_work, 0, rows[i].name);
        CHECK(play.most <= rows[i].jobs, "%s: %zu at the same time", rows[i].name, play.most);
        for (size_t k = 0; k < play.lineages; k++)
            CHECK_INT(play.times[k], 1, rows[i].name);
        for (size_t k = 0; rows[i].jobs == 1 && k < play.lineages; k++)
            CHECK_INT((int64_t)play.order[k], (int64_t)k, "one job: in their order");
        condition_destroy(&play.changed);
        mutex_destroy(&play.lock);
    }
}

TEST_MAIN()
