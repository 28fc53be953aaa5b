#pragma once
/*
 * For tests of the clerk: a desk that writes down what is done at it, and threads that wait. Included by test programs
 * only.
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

__attribute__((unused)) static bool is_bad(const char *plan)
{
    return strstr(plan, "bad") != NULL;
}

__attribute__((unused)) static bool recover(void *self, struct error *err)
{
    struct desk *desk = self;

    MUTEX_HOLD(&desk->lock);
    buf_put_text(&desk->said, "recover\n");
    return !desk->no_recovery || error_set(err, ERROR_PLUGIN, "a file was changed by somebody else");
}

__attribute__((unused)) static bool commit(
    void *self, void *const *plans, size_t count, struct error **each, struct error *err)
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

__attribute__((unused)) static bool alone(void *arg, struct error *err)
{
    struct desk *desk = arg;

    (void)err;
    MUTEX_HOLD(&desk->lock);
    buf_put_text(&desk->said, "alone\n");
    return true;
}

__attribute__((unused)) static bool keeps_lock(void *self)
{
    struct desk *desk = self;

    MUTEX_HOLD(&desk->lock);
    return desk->keeps_lock;
}

__attribute__((unused)) static bool owes(void *self)
{
    struct desk *desk = self;

    return desk->owes-- > 0;
}

__attribute__((unused)) static bool settle(void *self, struct error *err)
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

__attribute__((unused)) static void desk_init(struct desk *desk)
{
    *desk = (struct desk){ .said = BUF(10000) };
    mutex_init(&desk->lock);
    condition_init(&desk->changed);
}

__attribute__((unused)) static void desk_clear(struct desk *desk)
{
    buf_clear(&desk->said);
    condition_destroy(&desk->changed);
    mutex_destroy(&desk->lock);
}

__attribute__((unused)) static struct clerk *clerk_at(struct desk *desk, int timeout_s)
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

__attribute__((unused)) static void *wait_for_clerk(void *arg)
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

__attribute__((unused)) static void wait_until_at_commit(struct desk *desk, size_t times)
{
    MUTEX_HOLD(&desk->lock);
    while (desk->at_commit < times)
        condition_wait(&desk->changed, &desk->lock);
}

__attribute__((unused)) static void let_go(struct desk *desk)
{
    MUTEX_HOLD(&desk->lock);
    desk->hold = false;
    condition_broadcast(&desk->changed);
}

/* Those behind the first come while it is at work; each is handed in before the next begins. */
__attribute__((unused)) static void play(
    struct clerk *clerk, struct desk *desk, char *const *plans, struct waiter *waiters, size_t count)
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

/* ---- others that may come ---- */

struct crowd {
    struct mutex lock;
    bool comes; /* others */
    size_t arrived;
};

__attribute__((unused)) static bool is_coming(const void *arg)
{
    struct crowd *crowd = (struct crowd *)arg;

    MUTEX_HOLD(&crowd->lock);
    return crowd->comes;
}

__attribute__((unused)) static void arrives(const void *arg)
{
    struct crowd *crowd = (struct crowd *)arg;

    MUTEX_HOLD(&crowd->lock);
    crowd->arrived++;
}

__attribute__((unused)) static void nobody_comes(struct crowd *crowd)
{
    MUTEX_HOLD(&crowd->lock);
    crowd->comes = false;
}

/* Not for ever: where it is too slow, some were taken without the others. */
__attribute__((unused)) static void wait_until_waiting(struct clerk *clerk, size_t count)
{
    for (int64_t until = clock_monotonic_ms() + 60000; clerk_waiting(clerk) < count && clock_monotonic_ms() < until;)
        (void)clock_sleep_ms(1);
}
