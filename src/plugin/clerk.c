#include "plugin/clerk.h"

#include <pthread.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/mutex.h"

#define WAIT_MS 50  /* between looks whether the user has interrupted */
#define TRIES_MAX 8 /* of one group, each without the plans that made the one before fail */

struct wish { /* of somebody who waits, on his stack */
    struct wish *next;
    void *const *plans; /* some, or work alone */
    size_t count;
    struct error **each;
    bool (*work)(void *arg, struct error *err);
    void *arg;
    struct error *err;
    bool shielded; /* an interrupt does not concern him */
    bool taken, done, ok;
};

struct clerk {
    struct server_place place;
    const struct clerk_desk *desk;
    void *self;
    struct mutex lock; /* guards what follows */
    struct condition changed;
    pthread_t thread;
    bool started, ending;
    struct wish *first;
};

struct clerk *clerk_new(const struct server_place *place, const struct clerk_desk *desk, void *self)
{
    struct clerk *clerk = xcalloc(1, sizeof *clerk);

    clerk->place =
        (struct server_place){ xstrdup(place->dir), xstrdup(place->key), xstrdup(place->name), place->timeout_s };
    clerk->desk = desk;
    clerk->self = self;
    mutex_init(&clerk->lock);
    condition_init(&clerk->changed);
    return clerk;
}

/* ---- the queue, under the lock ---- */

static void append(struct clerk *clerk, struct wish *wish)
{
    struct wish **at = &clerk->first;

    while (*at != NULL)
        at = &(*at)->next;
    *at = wish;
    condition_broadcast(&clerk->changed);
}

static void withdraw(struct clerk *clerk, const struct wish *wish)
{
    struct wish **at = &clerk->first;

    while (*at != wish)
        at = &(*at)->next;
    *at = wish->next;
}

static void finish(struct clerk *clerk, struct wish *wish, bool ok, const struct error *err)
{
    if (!ok)
        *wish->err = *err;
    wish->ok = ok;
    wish->done = true;
    condition_broadcast(&clerk->changed);
}

/* Takes the lock. From the head of the queue: one that is alone, or all with plans up to the next of that kind. */
static struct wish *take_group(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);
    struct wish *group = clerk->first, *last = group;

    if (group == NULL)
        return NULL;
    group->taken = true;
    for (; group->count > 0 && last->next != NULL && last->next->count > 0; last = last->next)
        last->next->taken = true;
    clerk->first = last->next;
    last->next = NULL;
    return group;
}

static bool is_shielded(const struct wish *wishes)
{
    for (; wishes != NULL; wishes = wishes->next)
        if (wishes->shielded)
            return true;
    return false;
}

/* ---- his work, in his thread ---- */

/* Those of `from` that have no error yet. */
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

static bool commit_all(struct clerk *clerk, void *const *plans, struct error **each, size_t count, struct error *err)
{
    AUTO(free) void **rest = xcalloc(count, sizeof *rest);
    AUTO(free) struct error **failed = xcalloc(count, sizeof *failed);
    AUTO(free) size_t *from = xcalloc(count, sizeof *from);
    size_t before = count, left;
    bool ok = false;

    for (int tries = 0; !ok && tries < TRIES_MAX; tries++) {
        left = pick(plans, each, count, rest, from);
        if (left == 0) /* each has failed on its own account */
            return true;
        if (tries > 0 && left == before) /* nobody knows which of them it was */
            return false;
        memset(failed, 0, count * sizeof *failed);
        error_clear(err);
        ok = clerk->desk->commit(clerk->self, rest, left, failed, err);
        for (size_t i = 0; i < left; i++)
            each[from[i]] = failed[i];
        if (!ok && err->kind == ERROR_CANCELED)
            return false;
        before = left;
    }
    return ok;
}

static bool commit_group(struct clerk *clerk, struct wish *group, struct error *err)
{
    AUTO(free) void **plans = NULL;
    AUTO(free) struct error **each = NULL;
    size_t count = 0;
    bool ok;

    for (const struct wish *wish = group; wish != NULL; wish = wish->next)
        count += wish->count;
    plans = xcalloc(count, sizeof *plans);
    each = xcalloc(count, sizeof *each);
    count = 0;
    for (const struct wish *wish = group; wish != NULL; count += wish->count, wish = wish->next)
        memcpy(plans + count, wish->plans, wish->count * sizeof *plans);
    ok = commit_all(clerk, plans, each, count, err);
    count = 0;
    for (struct wish *wish = group; wish != NULL; count += wish->count, wish = wish->next)
        memcpy(wish->each, each + count, wish->count * sizeof *each);
    return ok;
}

static void serve_group(struct clerk *clerk, struct wish *group)
{
    bool shielded = is_shielded(group), ok = true;
    struct error err = { 0 };

    if (shielded)
        interrupt_shield();
    if (group->count > 0)
        ok = commit_group(clerk, group, &err);
    else if (group->work != NULL)
        ok = group->work(group->arg, &err);
    if (shielded)
        interrupt_unshield();
    MUTEX_HOLD(&clerk->lock);
    for (struct wish *next; group != NULL; group = next) {
        next = group->next; /* it is gone once who waits knows */
        finish(clerk, group, ok, &err);
    }
}

/* Everybody gets the reason; but of an interrupt only those whom it concerns. */
static void refuse_all(struct clerk *clerk, const struct error *err)
{
    struct wish **at = &clerk->first;

    MUTEX_HOLD(&clerk->lock);
    while (*at != NULL) {
        struct wish *wish = *at;

        if (err->kind == ERROR_CANCELED && wish->shielded) {
            at = &wish->next;
            continue;
        }
        *at = wish->next;
        wish->taken = true;
        finish(clerk, wish, false, err);
    }
}

static bool begin(struct clerk *clerk, struct server_lock **lock, struct error *err)
{
    bool shielded, ok;

    mutex_lock(&clerk->lock);
    shielded = is_shielded(clerk->first);
    mutex_unlock(&clerk->lock);
    if (shielded)
        interrupt_shield();
    ok = server_lock_take(&clerk->place, lock, err) &&
         (clerk->desk->recover == NULL || clerk->desk->recover(clerk->self, err));
    if (shielded)
        interrupt_unshield();
    return ok;
}

/* All that waits, with the lock taken once. */
static void serve(struct clerk *clerk)
{
    AUTO(server_lock_release) struct server_lock *lock = NULL;
    struct error err = { 0 };
    struct wish *group;

    if (!begin(clerk, &lock, &err)) {
        refuse_all(clerk, &err);
        return;
    }
    while ((group = take_group(clerk)) != NULL)
        serve_group(clerk, group);
}

static bool wait_for_work(struct clerk *clerk)
{
    MUTEX_HOLD(&clerk->lock);
    while (clerk->first == NULL && !clerk->ending)
        condition_wait(&clerk->changed, &clerk->lock);
    return clerk->first != NULL;
}

static void *work(void *arg)
{
    while (wait_for_work(arg))
        serve(arg);
    return NULL;
}

/* ---- those who wait ---- */

/* Under the lock. */
static bool start(struct clerk *clerk, struct error *err)
{
    int failed;

    if (clerk->started)
        return true;
    failed = pthread_create(&clerk->thread, NULL, work, clerk);
    if (failed != 0)
        return error_set(err, ERROR_INTERNAL, "cannot start a thread: %s", strerror(failed));
    clerk->started = true;
    return true;
}

/* Under the lock. False when the user has interrupted, and it was not begun. */
static bool wait_for(struct clerk *clerk, struct wish *wish)
{
    while (!wish->done) {
        if (!wish->taken && interrupt_pending()) {
            withdraw(clerk, wish);
            return false;
        }
        condition_wait_ms(&clerk->changed, &clerk->lock, WAIT_MS);
    }
    return true;
}

static bool hand_in(struct clerk *clerk, struct wish *wish, struct error *err)
{
    TRY(interrupt_check(err));
    wish->err = err;
    wish->shielded = interrupt_is_shielded();
    MUTEX_HOLD(&clerk->lock);
    TRY(start(clerk, err));
    append(clerk, wish);
    return wait_for(clerk, wish) ? wish->ok : interrupt_check(err);
}

bool clerk_commit(struct clerk *clerk, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct wish wish = { .plans = plans, .count = count, .each = each };

    return count == 0 || hand_in(clerk, &wish, err);
}

bool clerk_call(struct clerk *clerk, bool (*what)(void *arg, struct error *err), void *arg, struct error *err)
{
    struct wish wish = { .work = what, .arg = arg };

    return hand_in(clerk, &wish, err);
}

size_t clerk_waiting(struct clerk *clerk)
{
    size_t count = 0;

    MUTEX_HOLD(&clerk->lock);
    for (const struct wish *wish = clerk->first; wish != NULL; wish = wish->next)
        count++;
    return count;
}

void clerk_free(struct clerk *clerk)
{
    if (clerk == NULL)
        return;
    mutex_lock(&clerk->lock);
    clerk->ending = true;
    condition_broadcast(&clerk->changed);
    mutex_unlock(&clerk->lock);
    if (clerk->started)
        (void)pthread_join(clerk->thread, NULL);
    condition_destroy(&clerk->changed);
    mutex_destroy(&clerk->lock);
    free((char *)clerk->place.dir);
    free((char *)clerk->place.key);
    free((char *)clerk->place.name);
    free(clerk);
}
