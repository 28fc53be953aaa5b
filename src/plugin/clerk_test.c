/*
 * The clerk: what is submitted meanwhile is one group; a plan that is the cause of a failure fails alone; one lock for
 * all processes.
 */
#include "plugin/clerk.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/test.h"

/* A desk that writes down what it is asked for. A plan is a text; "bad" in it makes the group fail. */
struct desk {
    struct mutex lock;
    struct condition changed;
    struct buf said;
    bool hold;         /* commit waits until it is false */
    size_t at_commit;  /* how often commit was begun */
    bool names_nobody; /* a group with a bad plan fails, and nobody knows by which */
    bool divides;      /* it has not reached the server */
    bool no_recovery;
    bool keeps_lock;
    bool shielded; /* in the last commit */
    int owes;      /* so often something is left to be settled; not at all once another run has done it */
    bool cannot_settle;
};

static bool is_bad(const char *plan)
{
    return strstr(plan, "bad") != NULL;
}

static bool recover(void *self, struct error *err)
{
    struct desk *desk = self;

    MUTEX_HOLD(&desk->lock);
    buf_put_text(&desk->said, "recover\n");
    return !desk->no_recovery || error_set(err, ERROR_PLUGIN, "a file was changed by somebody else");
}

static bool commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct desk *desk = self;
    bool bad = false;

    MUTEX_HOLD(&desk->lock);
    desk->at_commit++;
    condition_broadcast(&desk->changed);
    while (desk->hold)
        condition_wait(&desk->changed, &desk->lock);
    desk->shielded = interrupt_is_shielded();
    for (size_t i = 0; i < count; i++) {
        buf_putf(&desk->said, "%s%s", i > 0 ? " " : "commit ", (const char *)plans[i]);
        bad = bad || is_bad(plans[i]);
    }
    buf_put_text(&desk->said, "\n");
    for (size_t i = 0; bad && i < count; i++)
        if (is_bad(plans[i]) && !desk->names_nobody) {
            (void)error_set(err, ERROR_PLUGIN, "line 7: %s", (const char *)plans[i]);
            each[i] = error_dup(err);
        }
    if (!bad)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "the test of the configuration failed");
    return desk->divides ? error_sys(err, CLERK_DIVIDE) : false;
}

static bool alone(void *arg, struct error *err)
{
    struct desk *desk = arg;

    (void)err;
    MUTEX_HOLD(&desk->lock);
    buf_put_text(&desk->said, "alone\n");
    return true;
}

static bool keeps_lock(void *self)
{
    struct desk *desk = self;

    MUTEX_HOLD(&desk->lock);
    return desk->keeps_lock;
}

static bool owes(void *self)
{
    struct desk *desk = self;

    return desk->owes-- > 0;
}

static bool settle(void *self, struct error *err)
{
    struct desk *desk = self;

    buf_put_text(&desk->said, interrupt_is_shielded() ? "settle\n" : "settle, and may be interrupted\n");
    return !desk->cannot_settle || error_set(err, ERROR_PLUGIN, "no such process");
}

static const struct clerk_work kind = {
    .recover = recover,
    .commit = commit,
    .keeps_lock = keeps_lock,
    .owes = owes,
    .settle = settle,
};

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){ .said = BUF(10000) };
    mutex_init(&desk->lock);
    condition_init(&desk->changed);
}

static void desk_clear(struct desk *desk)
{
    buf_clear(&desk->said);
    condition_destroy(&desk->changed);
    mutex_destroy(&desk->lock);
}

static struct clerk *clerk_at(struct desk *desk, int timeout_s)
{
    return clerk_new(&(struct server_id){ test_dir(), "", "the server of a test" }, timeout_s, &kind, desk);
}

/* A thread that wants one plan in effect. */
struct waiter {
    struct clerk *clerk;
    void *plan; /* NULL: to do something alone */
    struct desk *desk;
    const struct company *company; /* NULL: others are not waited for */
    bool last;                     /* what is done alone comes behind all plans */
    struct error *own, err;
    bool ok;
    pthread_t thread;
};

static void *wait_for_clerk(void *arg)
{
    struct waiter *waiter = arg;

    if (waiter->plan == NULL)
        waiter->ok = (waiter->last ? clerk_call_last : clerk_call)(waiter->clerk, alone, waiter->desk, &waiter->err);
    else if (waiter->company != NULL)
        waiter->ok =
            clerk_commit_together(waiter->clerk, &waiter->plan, 1, waiter->company, &waiter->own, &waiter->err);
    else
        waiter->ok = clerk_commit(waiter->clerk, &waiter->plan, 1, &waiter->own, &waiter->err);
    return NULL;
}

static void wait_until_at_commit(struct desk *desk, size_t times)
{
    MUTEX_HOLD(&desk->lock);
    while (desk->at_commit < times)
        condition_wait(&desk->changed, &desk->lock);
}

static void let_go(struct desk *desk)
{
    MUTEX_HOLD(&desk->lock);
    desk->hold = false;
    condition_broadcast(&desk->changed);
}

/* Those behind the first come while it is at work; each is handed in before the next begins. */
static void play(struct clerk *clerk, struct desk *desk, char *const *plans, struct waiter *waiters, size_t count)
{
    desk->hold = true;
    for (size_t i = 0; i < count; i++) {
        waiters[i] = (struct waiter){ .clerk = clerk, .plan = plans[i], .desk = desk };
        REQUIRE(pthread_create(&waiters[i].thread, NULL, wait_for_clerk, &waiters[i]) == 0, "thread %zu", i);
        if (i == 0)
            wait_until_at_commit(desk, 1);
        while (i > 0 && clerk_waiting(clerk) < i)
            (void)clock_sleep_ms(1);
    }
    let_go(desk);
    for (size_t i = 0; i < count; i++)
        REQUIRE(pthread_join(waiters[i].thread, NULL) == 0, "thread %zu", i);
}

#define PLANS 4

TEST(groups)
{
    static char a[] = "a", b[] = "b", c[] = "c", bad[] = "bad", bad2[] = "bad2";
    static const struct {
        const char *name;
        char *plans[PLANS];
        bool names_nobody, divides;
        const char *said;
        const char *why[PLANS]; /* error of each plan; NULL: it is in effect */
    } rows[] = {
        { "all that comes meanwhile is one group", { a, b, c, b }, false, false, "recover\ncommit a\ncommit b c b\n",
            { NULL } },
        { "the others are tried without the one that fails", { a, b, bad, c }, false, false,
            "recover\ncommit a\ncommit b bad c\ncommit b c\n", { NULL, NULL, "line 7: bad", NULL } },
        { "two that fail", { a, bad2, bad, c }, false, false, "recover\ncommit a\ncommit bad2 bad c\ncommit c\n",
            { NULL, "line 7: bad2", "line 7: bad", NULL } },
        { "nobody knows which", { a, b, bad, c }, true, false, "recover\ncommit a\ncommit b bad c\n",
            { NULL, "the test of", "the test of", "the test of" } },
        { "it is looked for", { a, b, bad, c }, true, true,
            "recover\ncommit a\ncommit b bad c\ncommit b\ncommit bad c\ncommit bad\ncommit c\n",
            { NULL, NULL, "the test of", NULL } },
        { "what is done alone divides groups", { a, b, NULL, c }, false, false,
            "recover\ncommit a\ncommit b\nalone\ncommit c\n", { NULL } },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct waiter waiters[PLANS];
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        desk.names_nobody = rows[i].names_nobody;
        desk.divides = rows[i].divides;
        clerk = clerk_at(&desk, -1);
        play(clerk, &desk, rows[i].plans, waiters, PLANS);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        for (size_t k = 0; k < PLANS; k++) {
            const struct error *told = waiters[k].own != NULL ? waiters[k].own : &waiters[k].err;

            CHECK((rows[i].why[k] == NULL) == (told->kind == ERROR_NONE), "%s, %zu: %s", rows[i].name, k, told->why);
            CHECK(rows[i].why[k] == NULL || strstr(told->why, rows[i].why[k]) != NULL, "%s, %zu: %s", rows[i].name, k,
                told->why);
            CHECK(waiters[k].ok == (waiters[k].err.kind == ERROR_NONE), "%s, %zu", rows[i].name, k);
            free(waiters[k].own);
        }
        desk_clear(&desk);
    }
}

/* ---- waiting for others ---- */

struct crowd {
    struct mutex lock;
    bool comes; /* others */
    size_t arrived;
};

static bool is_coming(const void *arg)
{
    struct crowd *crowd = (struct crowd *)arg;

    MUTEX_HOLD(&crowd->lock);
    return crowd->comes;
}

static void arrives(const void *arg)
{
    struct crowd *crowd = (struct crowd *)arg;

    MUTEX_HOLD(&crowd->lock);
    crowd->arrived++;
}

static void nobody_comes(struct crowd *crowd)
{
    MUTEX_HOLD(&crowd->lock);
    crowd->comes = false;
}

/* Not for ever: where it is too slow, some were taken without the others. */
static void wait_until_waiting(struct clerk *clerk, size_t count)
{
    for (int64_t until = clock_monotonic_ms() + 60000; clerk_waiting(clerk) < count && clock_monotonic_ms() < until;)
        (void)clock_sleep_ms(1);
}

enum end { ENDS_BY_ITSELF, NOBODY_COMES, QUIET };

TEST(others_are_waited_for)
{
    static char a[] = "a", b[] = "b", c[] = "c", now[] = "now";
    static const struct {
        const char *name;
        char *plans[PLANS]; /* in the order in which they come; NULL: what is done alone, behind all */
        enum end end;
        const char *said;
    } rows[] = {
        { "until nobody comes any more", { a, b, c, a }, NOBODY_COMES, "recover\ncommit a b c a\n" },
        { "until it is quiet", { a, b, c, a }, QUIET, "recover\ncommit a b c a\n" },
        { "what is to be last comes behind them", { a, NULL, b, c }, NOBODY_COMES, "recover\ncommit a b c\nalone\n" },
        { "not by one that waits for nobody", { a, b, c, now }, ENDS_BY_ITSELF, "recover\ncommit a b c now\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct crowd crowd = { .lock = MUTEX_INIT, .comes = true };
        struct company company = { is_coming, arrives, &crowd };
        struct waiter waiters[PLANS];
        int64_t begun = clock_monotonic_ms();
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        clerk = clerk_at(&desk, -1);
        for (size_t k = 0; k < PLANS; k++) {
            waiters[k] = (struct waiter){ .clerk = clerk, .plan = rows[i].plans[k], .desk = &desk, .last = true };
            waiters[k].company = waiters[k].plan == now ? NULL : &company;
            REQUIRE(pthread_create(&waiters[k].thread, NULL, wait_for_clerk, &waiters[k]) == 0, "thread %zu", k);
            if (k + 1 < PLANS || rows[i].end == NOBODY_COMES)
                wait_until_waiting(clerk, k + 1);
        }
        if (rows[i].end == NOBODY_COMES)
            nobody_comes(&crowd);
        for (size_t k = 0; k < PLANS; k++)
            REQUIRE(pthread_join(waiters[k].thread, NULL) == 0, "thread %zu", k);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(rows[i].end != QUIET || clock_monotonic_ms() - begun >= CLERK_QUIET_MS, "%s", rows[i].name);
        desk_clear(&desk);
    }
}

/* One whose run has no other is not kept waiting, nor one that nobody else comes with. */
TEST(nobody_else_is_waited_for)
{
    struct crowd crowd = { .lock = MUTEX_INIT };
    const struct company companies[] = { { NULL, NULL, NULL }, { is_coming, arrives, &crowd } };

    for (size_t i = 0; i < COUNT(companies); i++) {
        struct error err = { 0 }, *each[1] = { NULL };
        int64_t begun = clock_monotonic_ms();
        char text[] = "a";
        void *plan = text;
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        clerk = clerk_at(&desk, -1);
        CHECK(clerk_commit_together(clerk, &plan, 1, &companies[i], each, &err), "%s", err.why);
        CHECK(clock_monotonic_ms() - begun < CLERK_QUIET_MS, "company %zu", i);
        CHECK_INT(crowd.arrived, i, "those that wait know of it");
        clerk_free(clerk);
        desk_clear(&desk);
    }
}

TEST(what_was_left_is_undone_first)
{
    static const struct {
        const char *name;
        size_t plans; /* 0: what is done alone */
        bool nothing, no_recovery, ok;
        const char *said;
    } rows[] = {
        { "nothing to do", 0, true, false, true, "" },
        { "no more than that", 0, false, false, true, "recover\n" },
        { "before plans", 1, false, false, true, "recover\ncommit a\n" },
        { "it cannot be undone", 1, false, true, false, "recover\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 }, *each[1] = { NULL };
        char text[] = "a";
        void *plan = text;
        struct desk desk;
        struct clerk *clerk;
        bool ok;

        desk_init(&desk);
        desk.no_recovery = rows[i].no_recovery;
        clerk = clerk_at(&desk, -1);
        ok = rows[i].nothing || rows[i].plans > 0 ? clerk_commit(clerk, &plan, rows[i].plans, each, &err)
                                                  : clerk_call(clerk, NULL, NULL, &err);
        CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, "somebody else") != NULL, "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        desk_clear(&desk);
    }
}

/* ---- other processes ---- */

/* In a child: holds the lock of the server, says so, and lets it go when it is told to. */
static pid_t hold_in_a_child(int *tell, const char *file)
{
    int ready[2], go[2];
    char byte;
    pid_t child;

    (void)test_dir(); /* of both */
    REQUIRE(pipe(ready) == 0 && pipe(go) == 0, "pipes");
    child = fork();
    if (child == 0) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        struct server_lock *ours = NULL;
        struct lock *certbots = NULL;
        struct error err = { 0 };
        bool ok = file == NULL ? server_lock_take(&server, 0, &ours, &err)
                               : lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "wait"), &certbots, &err);

        (void)close(go[1]);
        (void)!write(ready[1], ok ? "y" : "n", 1);
        (void)!read(go[0], &byte, 1);
        server_lock_release(ours);
        lock_release(certbots);
        _exit(0);
    }
    REQUIRE(child > 0 && read(ready[0], &byte, 1) == 1 && byte == 'y', "the child has the lock");
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(go[0]);
    *tell = go[1];
    return child;
}

static void end_child(pid_t child, int tell)
{
    int status;

    (void)close(tell);
    REQUIRE(waitpid(child, &status, 0) == child, "the child");
}

TEST(another_run_has_the_server)
{
    static const struct {
        const char *name, *file; /* NULL: ours, else Certbot's */
        int timeout_s;
        bool ends; /* while we wait */
        const char *why;
    } rows[] = {
        { "ours, in vain", NULL, 0, false, "is busy with the server of a test" },
        { "ours, that ends", NULL, -1, true, NULL },
        { "Certbot is not waited for", "c", -1, false, "Another instance of Certbot is already running" },
        { "unless the user wants it", "c", 60, true, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[] = "a";
        struct waiter waiter = { .plan = text };
        struct desk desk;
        pid_t child;
        int tell;

        log_terminal_level(LOG_LEVEL_CRITICAL);
        child = hold_in_a_child(&tell, rows[i].file);
        desk_init(&desk);
        waiter.clerk = clerk_at(&desk, rows[i].timeout_s);
        REQUIRE(pthread_create(&waiter.thread, NULL, wait_for_clerk, &waiter) == 0, "thread");
        if (rows[i].ends) {
            while (clerk_waiting(waiter.clerk) == 0)
                (void)clock_sleep_ms(1);
            end_child(child, tell);
        }
        REQUIRE(pthread_join(waiter.thread, NULL) == 0, "thread");
        if (!rows[i].ends)
            end_child(child, tell);
        clerk_free(waiter.clerk);
        CHECK(waiter.ok == (rows[i].why == NULL), "%s: %s", rows[i].name, waiter.err.why);
        CHECK(
            rows[i].why == NULL || strstr(waiter.err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, waiter.err.why);
        CHECK_TEXT(buf_text(&desk.said), rows[i].why == NULL ? "recover\ncommit a\n" : "", rows[i].name);
        desk_clear(&desk);
    }
}

/* The lock is kept while something is in place, given back when nothing is left of it, and in any case at the end. */
TEST(the_lock_is_kept)
{
    static const struct {
        const char *name;
        bool keeps, again;
        const char *said;
    } rows[] = {
        { "kept for what comes later", true, false, "recover\ncommit a\ncommit b\n" },
        { "taken again", false, true, "recover\ncommit a\nrecover\ncommit b\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        AUTO(server_lock_release) struct server_lock *lock = NULL;
        struct error err = { 0 }, *each[1] = { NULL };
        char a[] = "a", b[] = "b";
        void *first = a, *second = b;
        struct desk desk;
        struct clerk *clerk;

        desk_init(&desk);
        desk.keeps_lock = rows[i].keeps;
        clerk = clerk_at(&desk, -1);
        CHECK(clerk_commit(clerk, &first, 1, each, &err), "%s: %s", rows[i].name, err.why);
        if (rows[i].again) { /* once it can be had, the clerk has given it back */
            REQUIRE(server_lock_take(&server, -1, &lock, &err), "%s", err.why);
            server_lock_release(TAKE(lock));
        } else {
            CHECK(!server_lock_take(&server, 0, &lock, &err), "%s", rows[i].name);
        }
        CHECK(clerk_commit(clerk, &second, 1, each, &err), "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(server_lock_take(&server, 0, &lock, &err), "%s: %s", rows[i].name, err.why);
        desk_clear(&desk);
    }
}

/* What was left for a commit to come is done in the end; by another run, perhaps, before the lock is to be had. */
TEST(what_is_owed_is_settled_at_the_end)
{
    static const struct {
        const char *name;
        int owes;
        bool cannot, never_began;
        const char *said;
    } rows[] = {
        { "nothing", 0, false, false, "recover\ncommit a\n" },
        { "something", 2, false, false, "recover\ncommit a\nrecover\nsettle\n" },
        { "another run was faster", 1, false, false, "recover\ncommit a\nrecover\n" },
        { "in vain", 2, true, false, "recover\ncommit a\nrecover\nsettle\n" },
        { "of a server that had nothing to do with this run", 2, false, true, "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        AUTO(server_lock_release) struct server_lock *lock = NULL;
        struct error err = { 0 }, *each[1] = { NULL };
        char text[] = "a";
        void *plan = text;
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        desk.owes = rows[i].owes;
        desk.cannot_settle = rows[i].cannot;
        clerk = clerk_at(&desk, -1);
        log_terminal_level(LOG_LEVEL_CRITICAL);
        CHECK(rows[i].never_began || clerk_commit(clerk, &plan, 1, each, &err), "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(server_lock_take(&server, 0, &lock, &err), "%s: %s", rows[i].name, err.why);
        desk_clear(&desk);
    }
}

/* ---- interrupts ---- */

/* In a child, since an interrupt stays. Exits with what is wrong. */
static void interrupted_scene(bool shielded, bool begun)
{
    struct error err = { 0 }, *each[1] = { NULL };
    char first[] = "a", second[] = "b";
    void *plan = second;
    struct waiter waiter = { .plan = first };
    struct desk desk;
    bool ok;

    interrupt_init();
    desk_init(&desk);
    waiter.clerk = clerk_at(&desk, -1);
    desk.hold = true;
    (void)pthread_create(&waiter.thread, NULL, wait_for_clerk, &waiter);
    wait_until_at_commit(&desk, 1);
    if (shielded)
        interrupt_shield();
    if (begun) {
        (void)raise(SIGINT);
        let_go(&desk);
        (void)pthread_join(waiter.thread, NULL);
        _exit(waiter.ok && !desk.shielded ? 0 : 1); /* the desk hears of it and decides */
    }
    if (shielded)
        let_go(&desk);
    (void)raise(SIGINT);
    ok = clerk_commit(waiter.clerk, &plan, 1, each, &err);
    let_go(&desk);
    (void)pthread_join(waiter.thread, NULL);
    clerk_free(waiter.clerk);
    if (shielded)
        _exit(ok && desk.shielded ? 0 : 2);
    if (ok || err.kind != ERROR_CANCELED)
        _exit(3);
    _exit(strcmp(buf_text(&desk.said), "recover\ncommit a\n") == 0 ? 0 : 4);
}

TEST(interrupted)
{
    static const struct {
        const char *name;
        bool shielded, begun;
    } rows[] = {
        { "before it has begun it is withdrawn", false, false },
        { "what has begun is not left alone", false, true },
        { "one that is shielded goes on, and so does the clerk", true, false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = -1;
        pid_t child;

        (void)test_dir(); /* the parent's to remove */
        child = fork();
        if (child == 0)
            interrupted_scene(rows[i].shielded, rows[i].begun);
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "%s", rows[i].name);
        CHECK_INT(status, 0, rows[i].name);
    }
}

static void *interrupt_once_it_waits(void *clerk)
{
    while (clerk_waiting(clerk) == 0)
        (void)clock_sleep_ms(1);
    (void)raise(SIGINT);
    return NULL;
}

/* In a child, as above: others are waited for that never come. */
static void gathering_scene(void)
{
    struct crowd crowd = { .lock = MUTEX_INIT, .comes = true };
    struct company company = { is_coming, arrives, &crowd };
    struct error err = { 0 }, *each[1] = { NULL };
    char text[] = "a";
    void *plan = text;
    pthread_t thread;
    struct clerk *clerk;
    struct desk desk;
    bool ok;

    interrupt_init();
    desk_init(&desk);
    clerk = clerk_at(&desk, -1);
    (void)pthread_create(&thread, NULL, interrupt_once_it_waits, clerk);
    ok = clerk_commit_together(clerk, &plan, 1, &company, each, &err);
    (void)pthread_join(thread, NULL);
    clerk_free(clerk);
    _exit(!ok && err.kind == ERROR_CANCELED && strstr(buf_text(&desk.said), "commit") == NULL ? 0 : 1);
}

TEST(an_interrupt_ends_the_wait_for_others)
{
    int status = -1;
    pid_t child;

    (void)test_dir(); /* the parent's to remove */
    child = fork();
    if (child == 0)
        gathering_scene();
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "the scene");
    CHECK_INT(status, 0, "it is withdrawn");
}

/* In a child, as above: another run has the server for longer than anybody wants to wait. */
static void busy_scene(void)
{
    struct error err = { 0 }, *each[1] = { NULL };
    char text[] = "a";
    void *plan = text;
    pthread_t thread;
    struct clerk *clerk;
    struct desk desk;
    int tell;
    pid_t other = hold_in_a_child(&tell, NULL);
    bool ok;

    log_terminal_level(LOG_LEVEL_CRITICAL);
    interrupt_init();
    interrupt_shield();
    desk_init(&desk);
    clerk = clerk_at(&desk, -1);
    (void)pthread_create(&thread, NULL, interrupt_once_it_waits, clerk);
    ok = clerk_commit(clerk, &plan, 1, each, &err);
    (void)pthread_join(thread, NULL);
    clerk_free(clerk);
    end_child(other, tell);
    _exit(!ok && err.kind == ERROR_CANCELED && desk.said.len == 0 ? 0 : 1);
}

TEST(an_interrupt_ends_the_wait_for_another_run)
{
    int status = -1;
    pid_t child;

    (void)test_dir(); /* the parent's to remove */
    child = fork();
    if (child == 0)
        busy_scene();
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "the scene");
    CHECK_INT(status, 0, "a thread that is shielded does not wait either");
}

TEST_MAIN()
