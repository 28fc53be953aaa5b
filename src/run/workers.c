#include "run/workers.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mutex.h"

#define THREADS_MAX 1024 /* with those that wait */
#define STACK_SIZE (1 << 20)
#define FILES_FOR_EACH 8 /* descriptors of a plugin's program, and of what is open besides */

struct workers {
    struct lanes *lanes;
    void (*work)(void *arg, size_t index, size_t position);
    void *arg;
    struct mutex lock;
    pthread_t threads[THREADS_MAX];
    size_t started, most;
};

static void *worker(void *arg)
{
    struct workers *workers = arg;
    size_t index, position;

    /* a lineage that was taken is worked on */
    while (!interrupt_pending() && lanes_take(workers->lanes, &index, &position)) {
        workers->work(workers->arg, index, position);
        lanes_done(workers->lanes, index);
    }
    return NULL;
}

static void start_thread(struct workers *workers)
{
    pthread_attr_t attributes;
    MUTEX_HOLD(&workers->lock);

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (workers->started < workers->most &&
        pthread_create(&workers->threads[workers->started], &attributes, worker, workers) == 0)
        workers->started++;
    (void)pthread_attr_destroy(&attributes);
}

/* Each of those that wait has a plugin's program, with pipes: how many there can be. */
static size_t allow_files(void)
{
    const rlim_t wanted = (rlim_t)THREADS_MAX * FILES_FOR_EACH;
    struct rlimit limit, raised;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return THREADS_MAX;
    raised = limit;
    raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return (size_t)raised.rlim_cur / FILES_FOR_EACH;
    log_debug("the limit of open files stays as it is: %s", strerror(errno));
    return (size_t)limit.rlim_cur / FILES_FOR_EACH;
}

static void allow_more(struct workers *workers)
{
    MUTEX_HOLD(&workers->lock);

    if (workers->most < THREADS_MAX) {
        size_t allowed = allow_files();

        workers->most = allowed > workers->most ? allowed : workers->most;
    }
}

/* A lineage waits for long. */
static void start_another(void *arg)
{
    struct workers *workers = arg;

    allow_more(workers);
    start_thread(workers);
}

/* The next one that was started, as long as there is one: those that run may start more. */
static bool next_thread(struct workers *workers, size_t i, pthread_t *thread)
{
    bool there;
    MUTEX_HOLD(&workers->lock);

    there = i < workers->started;
    if (there)
        *thread = workers->threads[i];
    return there;
}

void workers_run(struct lanes *lanes, size_t jobs, void (*work)(void *arg, size_t index, size_t position), void *arg)
{
    struct workers workers = {
        .lanes = lanes, .work = work, .arg = arg, .most = jobs < THREADS_MAX ? jobs : THREADS_MAX
    };
    pthread_t thread;

    mutex_init(&workers.lock);
    if (jobs > 1)
        lanes_on_want(lanes, start_another, &workers);
    for (size_t i = 1; i < jobs; i++)
        start_thread(&workers);
    (void)worker(&workers);
    for (size_t i = 0; next_thread(&workers, i, &thread); i++)
        (void)pthread_join(thread, NULL);
    mutex_destroy(&workers.lock);
}
