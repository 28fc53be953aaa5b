#include "plugin/clerk.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"

#define WAIT_MS 50     /* between looks whether the user has interrupted */
#define TRIES_MAX 16   /* of one group: without the plans that made the one before fail, or of halves, */
#define TRIES_MS 30000 /* and no division after that */

struct submission { /* of a thread that waits, on its stack */
    struct submission *next;
    void *const *plans; /* some, or call alone */
    size_t count;
    struct error **each;
    const struct company *company; /* NULL: waits for no others */
    bool (*call)(void *arg, struct error *err);
    void *arg;
    bool last;     /* behind all plans */
    int64_t since; /* of the monotonic clock */
    struct error *err;
    bool shielded; /* an interrupt does not concern that thread */
    bool taken, done, ok;
};

struct clerk {
    struct server_id server;
    int timeout_s;
    const struct clerk_work *work;
    void *self;
    struct mutex lock; /* guards what follows */
    struct condition changed;
    pthread_t thread;
    bool started, ending;
    struct submission *first;
};

struct clerk *clerk_new(const struct server_id *server, int timeout_s, const struct clerk_work *work, void *self)
{
    struct clerk *clerk = xcalloc(1, sizeof *clerk);

    clerk->server = (struct server_id){ xstrdup(server->dir), xstrdup(server->key), xstrdup(server->name),
        xstrdup_or_null(server->work_dir) };
    clerk->timeout_s = timeout_s;
    clerk->work = work;
    clerk->self = self;
    mutex_init(&clerk->lock);
    condition_init(&clerk->changed);
    return clerk;
}

/* ---- the queue, under the lock ---- */

static void append(struct clerk *clerk, struct submission *submission)
{
    struct submission **at = &clerk->first;

    while (*at != NULL)
        at = &(*at)->next;
    submission->since = clock_monotonic_ms();
    *at = submission;
    if (submission->company != NULL)
        submission->company->arrive(submission->company->arg);
    condition_broadcast(&clerk->changed);
}

static void withdraw(struct clerk *clerk, const struct submission *submission)
{
    struct submission **at = &clerk->first;

    while (*at != submission)
        at = &(*at)->next;
    *at = submission->next;
}

static void finish(struct clerk *clerk, struct submission *submission, bool ok, const struct error *err)
{
    if (!ok)
        *submission->err = *err;
    submission->ok = ok;
    submission->done = true;
    condition_broadcast(&clerk->changed);
}

/* The first in the queue; one that is to be last only where no plans wait. */
static struct submission **find_next(struct clerk *clerk)
{
    struct submission **at = &clerk->first;

    while (*at != NULL && (*at)->last)
        at = &(*at)->next;
    return *at != NULL ? at : &clerk->first;
}

/* One that is alone, or all with plans up to the next of that kind; those that are to be last stay. */
static struct submission *take_group(struct clerk *clerk)
{
    struct submission **at = find_next(clerk), *group = *at, *last = group;

    if (group == NULL)
        return NULL;
    group->taken = true;
    *at = group->next;
    group->next = NULL;
    while (group->count > 0 && *at != NULL && ((*at)->count > 0 || (*at)->last)) {
        if ((*at)->last) {
            at = &(*at)->next;
            continue;
        }
        last->next = *at;
        last = *at;
        last->taken = true;
        *at = last->next;
        last->next = NULL;
    }
    return group;
}

/* Whether plans wait that are to wait for others, and nothing that is not. */
static bool may_gather(const struct clerk *clerk, int64_t now)
{
    int64_t first = 0, newest = 0;
    bool others = false;

    for (const struct submission *submission = clerk->first; submission != NULL; submission = submission->next) {
        if (submission->last)
            continue;
        if (submission->company == NULL)
            return false;
        others = others || submission->company->others_come(submission->company->arg);
        first = first == 0 ? submission->since : first;
        newest = submission->since;
    }
    return others && now < newest + CLERK_QUIET_MS && now < first + CLERK_GATHER_MS;
}

/* Takes the lock. */
static struct submission *next_group(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);

    while (may_gather(clerk, clock_monotonic_ms()))
        condition_wait_ms(&clerk->changed, &clerk->lock, WAIT_MS);
    return take_group(clerk);
}

static bool is_shielded(const struct submission *submissions)
{
    for (; submissions != NULL; submissions = submissions->next)
        if (submissions->shielded)
            return true;
    return false;
}

static bool queue_is_shielded(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);
    return is_shielded(clerk->first);
}

static void no_more_work(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);
    clerk->ending = true;
    condition_broadcast(&clerk->changed);
}

/* ---- in the clerk's thread ---- */

/* The plans that have no error yet, and where each of them stands. */
static size_t pick(void *const *plans, struct error *const *each, size_t count, void **to, size_t *from)
{
    size_t picked = 0;

    for (size_t i = 0; i < count; i++) {
        if (each[i] != NULL)
            continue;
        to[picked] = plans[i];
        from[picked++] = i;
    }
    return picked;
}

struct trial { /* of one group */
    struct clerk *clerk;
    int left;      /* tries */
    int64_t until; /* no more of them after that, on the monotonic clock */
};

static bool may_try(const struct trial *trial)
{
    return trial->left > 0 && clock_monotonic_ms() < trial->until;
}

/* Again and again without those that are the cause, as long as it is told which. *left: how many there were in the last
 * one; *unknown: it failed, and nobody knows by which of them. */
static bool try(struct trial *trial, void *const *plans, struct error **each, size_t count, size_t *left, bool *unknown,
    struct error *err)
{
    AUTO(free) void **rest = xcalloc(count, sizeof *rest);
    AUTO(free) struct error **failed = xcalloc(count, sizeof *failed);
    AUTO(free) size_t *from = xcalloc(count, sizeof *from);
    bool ok = false;

    *unknown = false;
    while (!ok && !*unknown && trial->left > 0) {
        *left = pick(plans, each, count, rest, from);
        if (*left == 0) /* each has failed on its own account */
            return true;
        trial->left--;
        memset(failed, 0, count * sizeof *failed);
        error_clear(err);
        ok = trial->clerk->work->commit(trial->clerk->self, rest, *left, failed, err);
        *unknown = !ok;
        for (size_t i = 0; i < *left; i++) {
            each[from[i]] = failed[i];
            *unknown = *unknown && failed[i] == NULL;
        }
        if (!ok && err->kind == ERROR_CANCELED)
            return false;
    }
    return ok;
}

static bool commit_all(struct trial *trial, void *const *plans, struct error **each, size_t count, struct error *err);

/* Each half for itself: one that holds the cause may be divided again. */
static bool commit_halves(struct trial *trial, void *const *plans, struct error **each, size_t count, struct error *err)
{
    size_t half[] = { count / 2, count - count / 2 };

    for (size_t h = 0; h < COUNT(half); plans += half[h], each += half[h], h++) {
        if (commit_all(trial, plans, each, half[h], err))
            continue;
        if (err->kind == ERROR_CANCELED)
            return false;
        for (size_t i = 0; i < half[h]; i++)
            if (each[i] == NULL)
                each[i] = error_dup(err);
    }
    error_clear(err);
    return true;
}

static bool commit_all(struct trial *trial, void *const *plans, struct error **each, size_t count, struct error *err)
{
    size_t left;
    bool unknown;

    if (try(trial, plans, each, count, &left, &unknown, err))
        return true;
    return unknown && left > 1 && err->sys == CLERK_DIVIDE && may_try(trial) &&
           commit_halves(trial, plans, each, count, err);
}

static bool commit_group(struct clerk *clerk, struct submission *group, struct error *err)
{
    struct trial trial = { clerk, TRIES_MAX, clock_monotonic_ms() + TRIES_MS };
    AUTO(free) void **plans = NULL;
    AUTO(free) struct error **each = NULL;
    size_t count = 0;
    bool ok;

    for (const struct submission *submission = group; submission != NULL; submission = submission->next)
        count += submission->count;
    plans = xcalloc(count, sizeof *plans);
    each = xcalloc(count, sizeof *each);
    count = 0;
    for (const struct submission *submission = group; submission != NULL;
         count += submission->count, submission = submission->next)
        memcpy(plans + count, submission->plans, submission->count * sizeof *plans);
    ok = commit_all(&trial, plans, each, count, err);
    count = 0;
    for (struct submission *submission = group; submission != NULL;
         count += submission->count, submission = submission->next)
        memcpy(submission->each, each + count, submission->count * sizeof *each);
    return ok;
}

static void serve_group(struct clerk *clerk, struct submission *group)
{
    bool shielded = is_shielded(group), ok = true;
    struct error err = { 0 };

    if (shielded)
        interrupt_shield();
    if (group->count > 0)
        ok = commit_group(clerk, group, &err);
    else if (group->call != NULL)
        ok = group->call(group->arg, &err);
    if (shielded)
        interrupt_unshield();
    MUTEX_HOLD(&clerk->lock);
    for (struct submission *next; group != NULL; group = next) {
        next = group->next; /* freed once the waiting thread knows */
        finish(clerk, group, ok, &err);
    }
}

static void refuse_all(struct clerk *clerk, const struct error *err)
{
    MUTEX_HOLD(&clerk->lock);
    while (clerk->first != NULL) {
        struct submission *submission = clerk->first;

        clerk->first = submission->next;
        submission->taken = true;
        finish(clerk, submission, false, err);
    }
}

/* Another run may hold the lock for minutes, for which no thread waits after an interrupt, shielded or not; but a lock
 * that is free is taken. */
static bool begin(struct clerk *clerk, struct server_lock **lock, struct error *err)
{
    bool shielded, ok;

    TRY(server_lock_take(&clerk->server, clerk->timeout_s, lock, err));
    shielded = queue_is_shielded(clerk);
    if (shielded)
        interrupt_shield();
    ok = clerk->work->recover == NULL || clerk->work->recover(clerk->self, err);
    if (shielded)
        interrupt_unshield();
    return ok;
}

/* Waits for work; false when none will come any more. */
static bool wait_for_work(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);
    while (clerk->first == NULL && !clerk->ending)
        condition_wait(&clerk->changed, &clerk->lock);
    return clerk->first != NULL;
}

static bool keeps_lock(const struct clerk *clerk)
{
    return clerk->work->keeps_lock != NULL && clerk->work->keeps_lock(clerk->self);
}

/* Serves everything that waits, with the lock taken once. */
static void serve(struct clerk *clerk)
{
    AUTO(server_lock_release) struct server_lock *lock = NULL;
    struct error err = { 0 };
    struct submission *group;

    if (!begin(clerk, &lock, &err)) {
        refuse_all(clerk, &err);
        return;
    }
    do
        while ((group = next_group(clerk)) != NULL)
            serve_group(clerk, group);
    while (keeps_lock(clerk) && wait_for_work(clerk));
}

/* Also after an interrupt, if the lock can be had. */
static void settle(struct clerk *clerk)
{
    AUTO(server_lock_release) struct server_lock *lock = NULL;
    struct error err = { 0 };

    if (clerk->work->owes == NULL || !clerk->work->owes(clerk->self))
        return;
    interrupt_shield();
    if (!begin(clerk, &lock, &err) || (clerk->work->owes(clerk->self) && !clerk->work->settle(clerk->self, &err)))
        log_warning("%s%s%s: the next run that has to do with %s tries again", err.what,
            err.what[0] != '\0' ? ": " : "", err.why, clerk->server.name);
    interrupt_unshield();
}

static void *serve_all(void *arg)
{
    while (wait_for_work(arg))
        serve(arg);
    settle(arg);
    return NULL;
}

/* ---- the threads that wait ---- */

/* Under the lock. */
static bool start(struct clerk *clerk, struct error *err)
{
    int failed;

    if (clerk->started)
        return true;
    failed = pthread_create(&clerk->thread, NULL, serve_all, clerk);
    if (failed != 0)
        return error_set(err, ERROR_INTERNAL, "cannot start a thread: %s", strerror(failed));
    clerk->started = true;
    return true;
}

/* Under the lock. False when the user has interrupted, and it was not begun. */
static bool wait_for(struct clerk *clerk, struct submission *submission)
{
    while (!submission->done) {
        if (!submission->taken && interrupt_pending()) {
            withdraw(clerk, submission);
            return false;
        }
        condition_wait_ms(&clerk->changed, &clerk->lock, WAIT_MS);
    }
    return true;
}

static bool hand_in(struct clerk *clerk, struct submission *submission, struct error *err)
{
    TRY(interrupt_check(err));
    submission->err = err;
    submission->shielded = interrupt_is_shielded();
    MUTEX_HOLD(&clerk->lock);
    TRY(start(clerk, err));
    append(clerk, submission);
    return wait_for(clerk, submission) ? submission->ok : interrupt_check(err);
}

bool clerk_commit(struct clerk *clerk, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct submission submission = { .plans = plans, .count = count, .each = each };

    return count == 0 || hand_in(clerk, &submission, err);
}

bool clerk_commit_together(struct clerk *clerk, void *const *plans, size_t count, const struct company *company,
    struct error **each, struct error *err)
{
    struct submission submission = {
        .plans = plans, .count = count, .each = each, .company = company->others_come != NULL ? company : NULL
    };

    return count == 0 || hand_in(clerk, &submission, err);
}

bool clerk_call(struct clerk *clerk, bool (*call)(void *arg, struct error *err), void *arg, struct error *err)
{
    struct submission submission = { .call = call, .arg = arg };

    return hand_in(clerk, &submission, err);
}

bool clerk_call_last(struct clerk *clerk, bool (*call)(void *arg, struct error *err), void *arg, struct error *err)
{
    struct submission submission = { .call = call, .arg = arg, .last = true };

    return hand_in(clerk, &submission, err);
}

size_t clerk_waiting(struct clerk *clerk)
{
    size_t count = 0;

    MUTEX_HOLD(&clerk->lock);
    for (const struct submission *submission = clerk->first; submission != NULL; submission = submission->next)
        count++;
    return count;
}

void clerk_free(struct clerk *clerk)
{
    if (clerk == NULL)
        return;
    no_more_work(clerk);
    if (clerk->started)
        (void)pthread_join(clerk->thread, NULL);
    condition_destroy(&clerk->changed);
    mutex_destroy(&clerk->lock);
    free((char *)clerk->server.dir);
    free((char *)clerk->server.key);
    free((char *)clerk->server.name);
    free((char *)clerk->server.work_dir);
    free(clerk);
}
