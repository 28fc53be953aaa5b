#include "lifecycle/turns.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/test.h"

#define SHORT_MS 80 /* long enough for a thread to go wrong in */

/* What lineages did, one letter and their number each, in the order of time. */
static struct {
    pthread_mutex_t lock;
    char text[200];
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void note(char what, const struct turn *turn)
{
    char letter[] = { what, (char)('0' + turn->index), ' ', '\0' };

    (void)pthread_mutex_lock(&seen.lock);
    strcat(seen.text, letter);
    (void)pthread_mutex_unlock(&seen.lock);
}

struct lineage_play {
    struct turn turn;
    bool due, has_pre_hook, has_deploy_hook;
    int late_ms, issue_ms; /* before it is known to be due; at the CA */
};

static bool attempt(const struct lineage_play *play)
{
    const struct turn *turn = &play->turn;
    struct error err = { 0 };

    TRY(turn_wait(turn, &err));
    (void)clock_sleep_ms(SHORT_MS / 4); /* so that who let us go on has noted it */
    if (play->has_pre_hook) {
        TRY(turn_wait_alone(turn, &err));
        note('p', turn);
    }
    TRY(turn_issue(turn, &err));
    note('i', turn);
    (void)clock_sleep_ms(play->issue_ms);
    note('o', turn);
    turn_issued(turn);
    if (play->has_deploy_hook) {
        turn_deploy(turn);
        note('d', turn);
        (void)clock_sleep_ms(SHORT_MS / 4);
        note('D', turn);
        turn_deployed(turn);
    }
    return true;
}

static void *play_lineage(void *arg)
{
    const struct lineage_play *play = arg;

    (void)clock_sleep_ms(play->late_ms);
    if (play->due && !attempt(play))
        note('!', &play->turn);
    turn_done(&play->turn);
    return NULL;
}

static void play_all(struct lineage_play *plays, size_t count)
{
    AUTO(turns_free) struct turns *turns = turns_new(count);
    pthread_t threads[8];

    seen.text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        plays[i].turn = (struct turn){ turns, i };
        REQUIRE(pthread_create(&threads[i], NULL, play_lineage, &plays[i]) == 0, "no thread");
    }
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
}

TEST(turns)
{
    static const struct {
        const char *name;
        struct lineage_play plays[4];
        const char *want;
    } cases[] = {
        { "attempts begin in order and overlap",
            { { .due = true, .late_ms = SHORT_MS, .issue_ms = 3 * SHORT_MS }, { .due = true, .issue_ms = SHORT_MS } },
            "i0 i1 o1 o0 " },
        { "one that is not due holds nobody up", { { .due = false, .late_ms = SHORT_MS }, { .due = true } }, "i1 o1 " },
        { "a pre-hook waits for those before, those behind wait for it",
            { { .due = true, .issue_ms = SHORT_MS }, { .due = true, .has_pre_hook = true, .issue_ms = SHORT_MS / 2 },
                { .due = true, .issue_ms = 2 * SHORT_MS } },
            "i0 o0 p1 i1 i2 o1 o2 " },
        { "a pre-hook waits for their deploy hooks, too",
            { { .due = true, .has_deploy_hook = true }, { .due = true, .has_pre_hook = true } },
            "i0 o0 d0 D0 p1 i1 o1 " },
        { "nobody is at the CA while a deploy hook runs, and it is not put off for ever",
            { { .due = true, .has_deploy_hook = true, .issue_ms = SHORT_MS }, { .due = true, .issue_ms = 3 * SHORT_MS },
                { .due = true, .late_ms = 2 * SHORT_MS } },
            "i0 i1 o0 o1 d0 D0 i2 o2 " },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lineage_play plays[COUNT(cases[i].plays)];
        size_t count = 0;

        while (count < COUNT(plays) && (cases[i].plays[count].due || cases[i].plays[count].late_ms > 0)) {
            plays[count] = cases[i].plays[count];
            count++;
        }
        play_all(plays, count);
        CHECK_TEXT(seen.text, cases[i].want, cases[i].name);
    }
}

TEST(a_command_with_one_lineage_waits_for_nobody)
{
    struct error err = { 0 };

    CHECK(turn_wait(NULL, &err) && turn_wait_alone(NULL, &err) && turn_issue(NULL, &err), "%s", err.why);
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
        struct turns *turns = turns_new(2);
        struct turn second = { turns, 1 };
        struct error err = { 0 };

        (void)signal(SIGALRM, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        interrupt_init();
        (void)alarm(10);
        (void)raise(SIGTERM);
        _exit(!turn_wait(&second, &err) && err.kind == ERROR_CANCELED ? 0 : 1);
    }
    REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no process");
    CHECK_INT(status, 0, "canceled");
}

TEST_MAIN()
