#include "base/reading.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_rwlock_t pairs = PTHREAD_RWLOCK_INITIALIZER;

static void must(int error)
{
    if (error != 0)
        abort(); /* our own mistake */
}

void reading_begin(void)
{
    must(pthread_rwlock_wrlock(&pairs));
}

void reading_end(void)
{
    must(pthread_rwlock_unlock(&pairs));
}

void switching_begin(void)
{
    must(pthread_rwlock_rdlock(&pairs));
}

void switching_end(void)
{
    must(pthread_rwlock_unlock(&pairs));
}
