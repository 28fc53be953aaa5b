#include "base/mutex.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void require_ok(int error)
{
    if (error != 0)
        abort();
}

void mutex_init(struct mutex *mutex)
{
    require_ok(pthread_mutex_init(&mutex->inner, NULL));
}

void mutex_destroy(struct mutex *mutex)
{
    require_ok(pthread_mutex_destroy(&mutex->inner));
}

void mutex_lock(struct mutex *mutex)
{
    require_ok(pthread_mutex_lock(&mutex->inner));
}

void mutex_unlock(struct mutex *mutex)
{
    require_ok(pthread_mutex_unlock(&mutex->inner));
}

void condition_init(struct condition *condition)
{
    pthread_condattr_t attributes;

    require_ok(pthread_condattr_init(&attributes));
    require_ok(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    require_ok(pthread_cond_init(&condition->inner, &attributes));
    require_ok(pthread_condattr_destroy(&attributes));
}

void condition_destroy(struct condition *condition)
{
    require_ok(pthread_cond_destroy(&condition->inner));
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
    require_ok(pthread_cond_wait(&condition->inner, &mutex->inner));
}

void condition_wait_ms(struct condition *condition, struct mutex *mutex, int ms)
{
    struct timespec until;
    int error;

    if (ms < 0)
        ms = 0;
    require_ok(clock_gettime(CLOCK_MONOTONIC, &until));
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    error = pthread_cond_timedwait(&condition->inner, &mutex->inner, &until);
    require_ok(error == ETIMEDOUT ? 0 : error);
}

void condition_signal(struct condition *condition)
{
    require_ok(pthread_cond_signal(&condition->inner));
}

void condition_broadcast(struct condition *condition)
{
    require_ok(pthread_cond_broadcast(&condition->inner));
}
