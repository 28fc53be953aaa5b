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

/* ---- jobs that are given back, and wanted again ---- */

/* Letters: t: a lineage is taken; its job is free when it is done (a capital letter: A for the lineage "a"); p and u,
 * followed by a lineage: its job is given back for a while, and wanted again. What could not go on at once would hang:
 * so each row ends with what was taken. */
static const struct {
    const char *name, *cas;
    size_t jobs;
    const char *moves, *taken;
} moves[] = {
    { "in turn", "AAA", 1, "tAtBtC", "abc" },
    { "a job that is given back is another's", "AAA", 1, "tpatBuaAtC", "abc" },
    { "two that wait", "AAAA", 1, "tpatpbtCuaAubBtD", "abcd" },
    { "of two CAs, each has one of two jobs", "AAAB", 2, "ttAtDtBC", "adbc" },
    { "who waits at one CA leaves the job to the other", "ABAB", 1, "tpatBuaAtCtD", "abcd" },
    { "while one waits, one CA may have both jobs", "AAAA", 2, "ttpatBuaACtD", "abcd" },
};

static void move(struct lanes *lanes, const char **at, struct buf *taken)
{
    size_t index, turn;
    char letter = *(*at)++;

    if (letter == 't') {
        REQUIRE(lanes_take(lanes, &index, &turn), "nothing is left");
        CHECK_INT((int64_t)turn, (int64_t)taken->len, "turns are counted");
        buf_put_char(taken, (char)('a' + index));
    } else if (letter == 'p') {
        lanes_park(lanes, (size_t)(*(*at)++ - 'a'), false);
    } else if (letter == 'u') {
        lanes_unpark(lanes, (size_t)(*(*at)++ - 'a'));
    } else {
        lanes_done(lanes, (size_t)(letter - 'A'));
    }
}

TEST(jobs_that_are_given_back)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        AUTO(lanes_free) struct lanes *lanes = lanes_of(moves[i].cas, moves[i].jobs);
        AUTO(buf_clear) struct buf taken = BUF(256);

        for (const char *at = moves[i].moves; *at != '\0';)
            move(lanes, &at, &taken);
        CHECK_TEXT(buf_text(&taken), moves[i].taken, moves[i].name);
    }
}

TEST(each_lineage_has_the_number_of_its_ca)
{
    AUTO(lanes_free) struct lanes *lanes = lanes_of("ABACB", 2), *one = lanes_of("AAA", 2);
    static const size_t want[] = { 0, 1, 0, 2, 1 };

    for (size_t i = 0; i < COUNT(want); i++)
        CHECK_INT((int64_t)lanes_numbers(lanes)[i], (int64_t)want[i], "by its first lineage");
    CHECK(lanes_are_several(lanes) && !lanes_are_several(one), "how many there are");
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
