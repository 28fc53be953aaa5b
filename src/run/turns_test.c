#include "run/turns.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mutex.h"
#include "base/test.h"

#define WRONG_MS 40 /* in which a thread that does not wait goes wrong; one that waits takes as long as it takes */
#define BOUND_MS 60000

/* Actions of lineages in the order of time: a letter and the lineage's number each. */
static struct {
    struct mutex lock;
    char text[200];
} seen = { .lock = MUTEX_INIT };

static void note(char what, const struct turn *turn)
{
    char letter[] = { what, (char)('0' + turn->index), ' ', '\0' };
    MUTEX_HOLD(&seen.lock);

    strcat(seen.text, letter);
}

static bool is_noted(const char *what)
{
    MUTEX_HOLD(&seen.lock);

    return strstr(seen.text, what) != NULL;
}

/* Waits until that was noted; NULL: not at all. */
static void wait_until_noted(const char *what)
{
    bool noted = what == NULL;

    for (int64_t until = clock_monotonic_ms() + BOUND_MS; !noted && clock_monotonic_ms() < until;) {
        noted = is_noted(what);
        if (!noted)
            (void)clock_sleep_ms(1);
    }
}

static const size_t one_ca[8] = { 0 };

struct lineage_play {
    struct turn turn;
    bool takes_part, due, has_pre_hook, has_deploy_hook;
    const char *after;    /* what is noted before it is known to be due or not */
    const char *at_ca_to; /* what is noted before it leaves the CA */
};

/* A lineage that has let others go on makes its note a moment later: they wait for it, so that the notes are in order.
 */
static void wait_for_notes_of_those_before(const struct lineage_play *play)
{
    for (const struct lineage_play *before = play - play->turn.index; before < play; before++) {
        char begun[] = { 'i', (char)('0' + before->turn.index), ' ', '\0' };

        if (before->due)
            wait_until_noted(begun);
    }
}

static bool attempt(const struct lineage_play *play)
{
    const struct turn *turn = &play->turn;
    struct error err = { 0 };

    TRY(turn_wait(turn, &err));
    wait_for_notes_of_those_before(play);
    if (play->has_pre_hook) {
        TRY(turn_wait_alone(turn, &err));
        note('p', turn);
        (void)clock_sleep_ms(WRONG_MS);
    }
    TRY(turn_issue(turn, true, &err));
    note('i', turn);
    (void)clock_sleep_ms(WRONG_MS);
    wait_until_noted(play->at_ca_to);
    note('o', turn);
    turn_issued(turn);
    if (play->has_deploy_hook) {
        turn_deploy(turn);
        note('d', turn);
        (void)clock_sleep_ms(WRONG_MS);
        note('D', turn);
        turn_deployed(turn);
    }
    return true;
}

static void *play_lineage(void *arg)
{
    const struct lineage_play *play = arg;

    wait_until_noted(play->after);
    if (play->due && !attempt(play))
        note('!', &play->turn);
    if (!play->due)
        note('n', &play->turn);
    turn_done(&play->turn);
    return NULL;
}

static void play_all(struct lineage_play *plays, size_t count)
{
    AUTO(turns_free) struct turns *turns = turns_new(count, TURNS_PATIENCE_MS, one_ca, NULL);
    pthread_t threads[8];

    seen.text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        plays[i].turn = (struct turn){ turns, i, i };
    for (size_t i = 0; i < count; i++)
        REQUIRE(pthread_create(&threads[i], NULL, play_lineage, &plays[i]) == 0, "no thread");
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
}

/* While a deploy hook runs, nobody is at the CA. */
static void check_deployments(const char *name)
{
    int at_ca = 0, deploying = 0;

    for (const char *at = seen.text; *at != '\0'; at += 3) {
        at_ca += (*at == 'i') - (*at == 'o');
        deploying += (*at == 'd') - (*at == 'D');
        CHECK(at_ca == 0 || deploying == 0, "%s: %s", name, seen.text);
    }
    CHECK_INT(at_ca + deploying, 0, name);
}

/* Of those that were at the CA at the same time. */
static void check_order(const char *name)
{
    const char *first = strchr(seen.text, 'd');

    for (const char *at = first, *last = NULL; at != NULL; last = at, at = strchr(at + 1, 'd'))
        CHECK(last == NULL || last[1] < at[1], "%s: %s", name, seen.text);
}

#define DUE .takes_part = true, .due = true
#define NOT_DUE .takes_part = true

TEST(turns)
{
    static const struct {
        const char *name;
        struct lineage_play plays[4];
        const char *want; /* NULL: several orders are right */
    } cases[] = {
        { "attempts begin in order and overlap", { { DUE, .at_ca_to = "o1 " }, { DUE } }, "i0 i1 o1 o0 " },
        { "one that is not due holds nobody up", { { NOT_DUE }, { DUE, .after = "n0 " } }, "n0 i1 o1 " },
        { "one that is not due yet holds those behind it up",
            { { DUE, .after = "n1 ", .at_ca_to = "i2 " }, { NOT_DUE }, { DUE, .at_ca_to = "o0 " } },
            "n1 i0 i2 o0 o2 " },
        { "a pre-hook waits for those before, those behind wait for it",
            { { DUE }, { DUE, .has_pre_hook = true, .at_ca_to = "i2 " }, { DUE, .at_ca_to = "o1 " } },
            "i0 o0 p1 i1 i2 o1 o2 " },
        { "a pre-hook waits for their deploy hooks, too",
            { { DUE, .has_deploy_hook = true }, { DUE, .has_pre_hook = true } }, "i0 o0 d0 D0 p1 i1 o1 " },
        { "deploy hooks run in the order of lineages, whoever was at the CA for longer",
            { { DUE, .has_deploy_hook = true, .at_ca_to = "o2 " }, { DUE, .has_deploy_hook = true, .at_ca_to = "o2 " },
                { DUE, .has_deploy_hook = true } },
            NULL },
        { "nobody is at the CA while a deploy hook runs, and it is not put off for ever",
            { { DUE, .has_deploy_hook = true, .at_ca_to = "i1 " }, { DUE, .at_ca_to = "o0 ", .has_deploy_hook = true },
                { DUE, .after = "o0 " } },
            NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lineage_play plays[COUNT(cases[i].plays)];
        size_t count = 0;

        while (count < COUNT(plays) && cases[i].plays[count].takes_part) {
            plays[count] = cases[i].plays[count];
            count++;
        }
        play_all(plays, count);
        check_deployments(cases[i].name);
        check_order(cases[i].name);
        if (cases[i].want != NULL)
            CHECK_TEXT(seen.text, cases[i].want, cases[i].name);
    }
}

TEST(who_only_waits_was_not_called)
{
    AUTO(turns_free) struct turns *turns = turns_new(3, TURNS_PATIENCE_MS, one_ca, NULL);
    const struct turn first = { turns, 0, 0 }, second = { turns, 1, 1 }, third = { turns, 2, 2 };
    struct error err = { 0 };

    CHECK(!turn_was_called(&first), "at first");
    CHECK(turn_wait(&first, &err) && !turn_was_called(&first), "it was let go on, and has done nothing yet");
    CHECK(turn_wait_alone(&first, &err) && turn_was_called(&first), "its pre-hook is called now");
    turn_done(&first);
    CHECK(turn_issue(&second, true, &err) && turn_was_called(&second), "at the CA");
    turn_issued(&second);
    turn_done(&second);
    turn_deploy(&third); /* left by an earlier run */
    CHECK(turn_was_called(&third), "its deploy hook");
    turn_deployed(&third);
    CHECK(turn_was_called(NULL), "a command with one lineage");
}

/* In one thread: whoever had to wait here would wait for ever. */
TEST(a_ca_that_takes_long_keeps_nobody)
{
    AUTO(turns_free) struct turns *turns = turns_new(3, 0, one_ca, NULL);
    struct turn slow = { turns, 0, 0 }, second = { turns, 1, 1 }, third = { turns, 2, 2 };
    struct error err = { 0 };

    turn_let_pass(&slow); /* needs no pre-hook, and is not at its CA yet */
    CHECK(!turn_was_called(&slow), "it only lets others pass");
    REQUIRE(turn_wait(&second, &err), "%s", err.why);
    REQUIRE(turn_issue(&slow, true, &err) && turn_issue(&second, true, &err), "%s", err.why);
    turn_issued(&second);
    turn_deploy(&second); /* while the first one is at its CA */
    turn_deployed(&second);
    turn_done(&second);
    REQUIRE(turn_wait(&third, &err) && turn_issue(&third, true, &err), "and the next one begins: %s", err.why);
    turn_issued(&third);
    turn_done(&third);
    turn_issued(&slow);
    turn_done(&slow);
}

/* ---- by rank ---- */

struct deployment {
    struct turn turn;
    bool is_issued; /* else it only deploys, what an earlier run has left */
    pthread_t thread;
};

static void *deploy(void *arg)
{
    const struct deployment *own = arg;
    struct error err = { 0 };

    if (own->is_issued) {
        if (!turn_issue(&own->turn, true, &err))
            return NULL;
        turn_issued(&own->turn);
    }
    turn_deploy(&own->turn);
    note('d', &own->turn);
    turn_deployed(&own->turn);
    turn_done(&own->turn);
    return NULL;
}

static void begin(struct deployment *own)
{
    REQUIRE(pthread_create(&own->thread, NULL, deploy, own) == 0, "no thread");
}

/* The letters are positions: the second one taken up is, by name, the last. */
TEST(deploy_hooks_run_by_rank)
{
    static const size_t two_cas[] = { 0, 0, 1 };
    AUTO(turns_free) struct turns *turns = turns_new(3, TURNS_PATIENCE_MS, two_cas, NULL);
    struct deployment all[] = {
        { { turns, 0, 0 }, .is_issued = true },
        { { turns, 1, 2 }, .is_issued = true },
        { { turns, 2, 1 }, .is_issued = true },
    };

    seen.text[0] = '\0';
    begin(&all[1]);
    (void)clock_sleep_ms(WRONG_MS);
    begin(&all[0]);
    wait_until_noted("d0 ");
    (void)clock_sleep_ms(WRONG_MS);
    begin(&all[2]);
    for (size_t i = 0; i < COUNT(all); i++)
        (void)pthread_join(all[i].thread, NULL);
    CHECK_TEXT(seen.text, "d0 d2 d1 ", "the order of names");
}

TEST(a_ca_that_keeps_others_waiting_is_waited_for_once)
{
    static const size_t cas[] = { 0, 1, 0, 1 };
    const int64_t max_wait_ms = 1000;
    AUTO(turns_free) struct turns *turns = turns_new(4, max_wait_ms, cas, NULL);
    const struct turn second = { turns, 0, 1 }, fourth = { turns, 1, 3 };
    int64_t begun = clock_monotonic_ms(), first_ms, both_ms;

    turn_deploy(&second); /* the first and the third never come to anything */
    turn_deployed(&second);
    turn_done(&second);
    first_ms = clock_monotonic_ms() - begun;
    turn_deploy(&fourth);
    turn_deployed(&fourth);
    both_ms = clock_monotonic_ms() - begun;
    CHECK(first_ms >= max_wait_ms, "waited %lld ms", (long long)first_ms);
    CHECK(both_ms < first_ms + max_wait_ms, "waited for another %lld ms", (long long)(both_ms - first_ms));
}

/* In one thread, and with a long max_wait_ms: whoever had to wait here would wait for too long. */
TEST(who_waits_for_others_is_not_waited_for)
{
    static const size_t two_cas[] = { 0, 0, 1 };
    AUTO(turns_free) struct turns *turns = turns_new(3, 10 * (int64_t)BOUND_MS, two_cas, NULL);
    const struct turn asleep = { turns, 0, 0 }, last = { turns, 1, 2 }, not_due = { turns, 2, 1 };

    turn_step_aside(&asleep, true);
    turn_done(&not_due);
    turn_deploy(&last);
    turn_deployed(&last);
    turn_done(&last);
    turn_done(&asleep);
}

static void *with_pre_hook(void *arg)
{
    const struct deployment *own = arg;
    struct error err = { 0 };

    if (turn_wait(&own->turn, &err) && turn_wait_alone(&own->turn, &err))
        note('p', &own->turn);
    return deploy(arg);
}

/* It waits for all that were taken up before it, also for those whose names come later. */
TEST(a_pre_hook_and_a_deploy_hook_do_not_wait_for_each_other)
{
    static const size_t two_cas[] = { 0, 1 };
    AUTO(turns_free) struct turns *turns = turns_new(2, 10 * (int64_t)BOUND_MS, two_cas, NULL);
    struct deployment last = { { turns, 0, 1 }, .is_issued = true }, first = { { turns, 1, 0 }, .is_issued = true };

    seen.text[0] = '\0';
    begin(&last);
    REQUIRE(pthread_create(&first.thread, NULL, with_pre_hook, &first) == 0, "no thread");
    (void)pthread_join(last.thread, NULL);
    (void)pthread_join(first.thread, NULL);
    CHECK_TEXT(seen.text, "d0 p1 d1 ", "one after the other");
}

static void *wait_for_those_before(void *arg)
{
    struct error err = { 0 };

    CHECK(turn_wait(arg, &err), "%s", err.why);
    note('w', arg);
    return NULL;
}

/* Until they have arrived or ended; not who waits for others, since that may be for the one that asks. */
TEST(others_come)
{
    AUTO(list_clear) struct list servers = { 0 };
    AUTO(lanes_free) struct lanes *lanes = NULL;
    AUTO(turns_free) struct turns *turns = NULL;
    pthread_t thread;
    size_t index, position;

    seen.text[0] = '\0';
    for (int i = 0; i < 4; i++)
        list_add(&servers, "https://ca.example/");
    lanes = lanes_new(&servers, 4);
    turns = turns_new(4, TURNS_PATIENCE_MS, one_ca, lanes);
    const struct turn first = { turns, 0, 0 }, second = { turns, 1, 1 }, third = { turns, 2, 2 },
                      last = { turns, 3, 3 };

    for (int i = 0; i < 4; i++)
        REQUIRE(lanes_take(lanes, &index, &position), "lineage %d", i);
    CHECK(turn_others_come(&first), "nobody has begun");
    turn_arrive(&first);
    turn_arrive(&first);
    turn_done(&second);
    turn_arrive(&last);
    CHECK(turn_others_come(&first), "one is on its way");
    REQUIRE(pthread_create(&thread, NULL, wait_for_those_before, (void *)&third) == 0, "no thread");
    while (turn_others_come(&first))
        (void)clock_sleep_ms(1);
    CHECK(!is_noted("w2 "), "it waits for the first, which has not begun its attempt");
    turn_let_pass(&first);
    (void)pthread_join(thread, NULL);
    CHECK(turn_others_come(&first), "it goes on");
    turn_arrive(&third);
    CHECK(!turn_others_come(&first), "all have arrived");
}

TEST(with_one_job_nobody_else_comes)
{
    AUTO(list_clear) struct list servers = { 0 };
    AUTO(lanes_free) struct lanes *lanes = NULL;
    AUTO(turns_free) struct turns *turns = NULL;

    list_add(&servers, "https://ca.example/");
    list_add(&servers, "https://ca.example/");
    lanes = lanes_new(&servers, 1);
    turns = turns_new(2, TURNS_PATIENCE_MS, one_ca, lanes);
    CHECK(!turn_others_come(&(struct turn){ turns, 0, 0 }), "the next is taken up once this one has ended");
}

TEST(a_command_with_one_lineage_waits_for_nobody)
{
    struct error err = { 0 };

    CHECK(turn_wait(NULL, &err) && turn_wait_alone(NULL, &err) && turn_issue(NULL, true, &err), "%s", err.why);
    turn_let_pass(NULL);
    turn_step_aside(NULL, true);
    turn_arrive(NULL);
    CHECK(!turn_others_come(NULL), "there are none");
    turn_issued(NULL);
    turn_deploy(NULL);
    turn_deployed(NULL);
    turn_done(NULL);
}

/* In a process of its own: a signal that came stays. */
TEST(an_interrupt_ends_waiting)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        struct turns *turns = turns_new(2, TURNS_PATIENCE_MS, one_ca, NULL);
        struct turn first = { turns, 0, 0 }, second = { turns, 1, 1 };
        struct error err = { 0 };

        (void)signal(SIGALRM, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        interrupt_init();
        (void)alarm(BOUND_MS / 1000);
        (void)raise(SIGTERM);
        if (turn_wait(&second, &err) || err.kind != ERROR_CANCELED)
            _exit(1);
        turn_done(&first); /* because of the interrupt */
        _exit(!turn_wait_alone(&second, &err) && !turn_was_called(&second) ? 0 : 2);
    }
    REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no process");
    CHECK_INT(status, 0, "canceled");
}

TEST_MAIN()
