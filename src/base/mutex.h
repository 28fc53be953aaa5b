#pragma once
/*
 * Mutexes that are released at the end of a scope, and conditions that are waited for by the monotonic clock.
 *
 * None of these calls fails: with the mutexes and conditions that are made here, an error of the system means that the
 * program is wrong (unlocking what another thread holds, destroying what is held), and stops it.
 */
#include <pthread.h>

#include "base/auto.h"

struct mutex {
    pthread_mutex_t inner;
};

struct condition {
    pthread_cond_t inner;
};

/* For a mutex of static storage; any other begins with mutex_init and ends with mutex_destroy, when it is not held. */
#define MUTEX_INIT                                                                                                     \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER                                                                                      \
    }

void mutex_init(struct mutex *mutex);
void mutex_destroy(struct mutex *mutex);

/* Waits until no thread holds the mutex, and holds it. Not to be called by a thread that holds it already. */
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

static inline struct mutex *mutex_locked(struct mutex *mutex)
{
    mutex_lock(mutex);
    return mutex;
}
DEFINE_AUTO(struct mutex, mutex_unlock)

#define MUTEX_JOIN_(a, b) a##b
#define MUTEX_NAME_(line) MUTEX_JOIN_(held_, line)

/* A declaration: holds the mutex from here to the end of the scope. Variables declared before it are released after
 * it, those declared later before it. */
#define MUTEX_HOLD(held)                                                                                               \
    AUTO(mutex_unlock) struct mutex *MUTEX_NAME_(__LINE__) __attribute__((unused)) = mutex_locked(held)

void condition_init(struct condition *condition);
void condition_destroy(struct condition *condition);
/* These two give the mutex up while they wait and hold it again when they return, perhaps without a cause: the caller
 * looks what has changed. The second returns after ms at the latest. */
void condition_wait(struct condition *condition, struct mutex *mutex);
void condition_wait_ms(struct condition *condition, struct mutex *mutex, int ms);
void condition_signal(struct condition *condition);    /* wakes one thread that waits */
void condition_broadcast(struct condition *condition); /* wakes all */
