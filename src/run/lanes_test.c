#include "base/test.h"

#include "base/mem.h"
#include "run/lanes.h"

static struct lanes *lanes_of(const char *cas, size_t workers)
{
    AUTO(list_clear) struct list servers = { 0 };

    for (const char *at = cas; *at != '\0'; at++)
        list_add(&servers, (char[]){ *at, '\0' });
    return lanes_new(&servers, workers);
}

/* The lineages that are taken when nobody gets done, one letter of the alphabet each. */
static char *taken_by(struct lanes *lanes, size_t workers)
{
    AUTO(buf_clear) struct buf text = BUF(1024);
    size_t index, turn;

    for (size_t i = 0; i < workers && lanes_take(lanes, &index, &turn); i++) {
        CHECK_INT((int64_t)turn, (int64_t)i, "turns are counted");
        buf_put_char(&text, (char)('a' + index));
    }
    return buf_take(&text);
}

static const struct {
    const char *name, *cas; /* one letter for each lineage's CA */
    size_t workers;
    const char *taken;
} cases[] = {
    { "none", "", 4, "" },
    { "one CA has all the workers", "AAAAAA", 4, "abcd" },
    { "one is left to the other CA", "AAAAAB", 4, "abcf" },
    { "one to each of the others", "AAAAABC", 4, "abfg" },
    { "who comes first is taken first", "ABAAAC", 4, "abcf" },
    { "another one that has none left needs none", "BAAAAA", 4, "abcd" },
    { "more CAs than workers", "AABBCCDD", 3, "ace" },
    { "one worker: in their order", "AAB", 1, "a" },
    { "more workers than lineages", "AAB", 9, "abc" },
};

TEST(who_is_taken_while_nobody_gets_done)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(lanes_free) struct lanes *lanes = lanes_of(cases[i].cas, cases[i].workers);
        AUTO(free) char *taken = taken_by(lanes, cases[i].workers);

        CHECK_TEXT(taken, cases[i].taken, cases[i].name);
    }
}

/* A's never get done: the others all do, each once, and no worker stands idle while anything is left. */
TEST(a_ca_that_never_answers_keeps_nobody)
{
    AUTO(lanes_free) struct lanes *lanes = lanes_of("AAAAAAAAAABBBCB", 3);
    static const size_t others[] = { 10, 11, 12, 13, 14 };
    size_t index, turn, stuck = 0, done = 0;
    bool seen[15] = { false };

    for (int step = 0; step < 7; step++) {
        REQUIRE(lanes_take(lanes, &index, &turn), "a free worker has nothing to do after %d", step);
        CHECK(!seen[index], "%zu is taken twice", index);
        seen[index] = true;
        if (index < 10) {
            stuck++;
        } else {
            lanes_done(lanes, index);
            done++;
        }
    }
    CHECK_INT((int64_t)done, 5, "those of other CAs");
    CHECK_INT((int64_t)stuck, 2, "workers that the first CA has");
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(seen[others[i]], "%zu", others[i]);
}

TEST(in_their_order_when_one_works)
{
    AUTO(lanes_free) struct lanes *lanes = lanes_of("ABABBA", 1);
    size_t index, turn;

    for (size_t i = 0; i < 6; i++) {
        REQUIRE(lanes_take(lanes, &index, &turn), "%zu", i);
        CHECK_INT((int64_t)index, (int64_t)i, "order");
        lanes_done(lanes, index);
    }
    CHECK(!lanes_take(lanes, &index, &turn), "a seventh");
    CHECK(lanes_are_several(lanes));
}

static void count(void *arg)
{
    ++*(int *)arg;
}

/* Of two jobs one is given back for long: another lineage gets it, and who wants it back comes before a further one. */
TEST(a_job_that_is_given_back)
{
    AUTO(lanes_free) struct lanes *lanes = lanes_of("AAAA", 2);
    size_t first = 0, second = 0, third = 0, turn = 0;
    int wanted = 0;

    lanes_on_want(lanes, count, &wanted);
    REQUIRE(lanes_take(lanes, &first, &turn) && lanes_take(lanes, &second, &turn), "two jobs");
    lanes_park(lanes, first, false);
    CHECK_INT(wanted, 0, "for a moment no thread is started");
    lanes_unpark(lanes, first);
    lanes_park(lanes, first, true);
    CHECK_INT(wanted, 1, "nobody is there to take it");
    REQUIRE(lanes_take(lanes, &third, &turn), "the job is free");
    CHECK_INT((int64_t)third, 2, "the next lineage");
    lanes_done(lanes, second);
    lanes_unpark(lanes, first);
    lanes_done(lanes, first);
    lanes_done(lanes, third);
    REQUIRE(lanes_take(lanes, &third, &turn), "the last one");
    lanes_park(lanes, third, true);
    CHECK_INT(wanted, 1, "nothing is left to be taken");
    lanes_unpark(NULL, 0);
    lanes_park(NULL, 0, true);
}

TEST_MAIN()
