#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"

#define LOCK_NAME ".certbot.lock"
#define LOCK_RETRY_MS 100

/*
 * Closing any descriptor of a file gives up all POSIX locks that the process holds on it. So a file is opened
 * once only, and who asks again (two of the three directories may be the same) shares the lock.
 */
struct lock {
    struct lock *next;
    char *path;
    dev_t dir_dev;
    ino_t dir_inode;
    int fd;
    unsigned holders;
    pid_t owner; /* a forked child inherits this memory but not the lock */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock *held;

static void unlock_at(pthread_mutex_t **guard)
{
    (void)pthread_mutex_unlock(*guard);
}

static pthread_mutex_t *guarded(void)
{
    (void)pthread_mutex_lock(&mutex);
    return &mutex;
}

enum attempt { ATTEMPT_TAKEN, ATTEMPT_HELD, ATTEMPT_REPLACED, ATTEMPT_FAILED };

static struct flock whole_file(void)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

/* Tries once. On ATTEMPT_TAKEN *out is the descriptor, on ATTEMPT_HELD *holder the PID or 0; else errno
 * tells. */
static enum attempt lock_once(const char *path, int *out, pid_t *holder)
{
    AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock lock = whole_file();
    struct stat ours, theirs;

    if (fd < 0)
        return ATTEMPT_FAILED;
    if (fcntl(fd, F_SETLK, &lock) != 0) {
        if (errno != EACCES && errno != EAGAIN)
            return ATTEMPT_FAILED;
        if (fcntl(fd, F_GETLK, &lock) != 0)
            return ATTEMPT_FAILED;
        if (lock.l_type == F_UNLCK)
            return ATTEMPT_REPLACED; /* given up in the meantime */
        *holder = lock.l_pid > 0 ? lock.l_pid : 0; /* 0: in another PID namespace */
        return ATTEMPT_HELD;
    }
    if (fstat(fd, &ours) != 0)
        return ATTEMPT_FAILED;
    /* The one before us removes the file when it ends: then we hold a lock on a file that nobody else can
     * find. */
    if (stat(path, &theirs) != 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
        return ATTEMPT_REPLACED;
    *out = fd;
    fd = -1;
    return ATTEMPT_TAKEN;
}

static bool say_held(const char *path, pid_t holder, struct error *err)
{
    if (holder > 0)
        (void)error_set(err, ERROR_STORE,
                        "Another instance of Certbot or Evercert is already running (process %ld)",
                        (long)holder);
    else
        (void)error_set(err, ERROR_STORE, "Another instance of Certbot or Evercert is already running");
    return error_next(err, "wait until it has finished, then run the command again (it holds the lock on %s)",
                      path);
}

/* The guard is held for one attempt at a time, so that another thread can release what this one waits for. */
static enum attempt take_shared(const struct stat *dir, const char *path, struct lock **out, pid_t *holder)
{
    AUTO(unlock) pthread_mutex_t *guard __attribute__((unused)) = guarded();
    enum attempt result;
    int fd = -1;

    for (struct lock *lock = held; lock != NULL; lock = lock->next)
        if (lock->owner == getpid() && lock->dir_dev == dir->st_dev && lock->dir_inode == dir->st_ino) {
            lock->holders++;
            *out = lock;
            return ATTEMPT_TAKEN;
        }
    result = lock_once(path, &fd, holder);
    if (result == ATTEMPT_TAKEN) {
        *out = xcalloc(1, sizeof **out);
        **out = (struct lock){ .next = held, .path = xstrdup(path), .fd = fd, .holders = 1, .owner = getpid(),
                               .dir_dev = dir->st_dev, .dir_inode = dir->st_ino };
        held = *out;
    }
    return result;
}

bool lock_take(const char *dir, int wait_s, struct lock **out, struct error *err)
{
    AUTO(free) char *path = file_join(dir, LOCK_NAME);
    int64_t end = clock_monotonic_ms() + (int64_t)wait_s * 1000;
    struct lock *lock = NULL;
    struct stat st;

    if (stat(dir, &st) != 0)
        return file_error(err, "lock the directory", dir);
    for (;;) {
        pid_t holder = 0;

        switch (take_shared(&st, path, &lock, &holder)) {
        case ATTEMPT_TAKEN:
            *out = lock;
            return true;
        case ATTEMPT_FAILED:
            return file_error(err, "lock", path);
        case ATTEMPT_REPLACED: /* the next attempt meets the new file */
            break;
        case ATTEMPT_HELD:
            if (clock_monotonic_ms() >= end)
                return say_held(path, holder, err);
            if (!clock_sleep_ms(LOCK_RETRY_MS))
                return interrupt_check(err);
        }
    }
}

void lock_release(struct lock *lock)
{
    AUTO(unlock) pthread_mutex_t *guard __attribute__((unused)) = guarded();
    struct lock **at = &held;

    if (lock == NULL || --lock->holders > 0)
        return;
    while (*at != lock)
        at = &(*at)->next;
    *at = lock->next;
    if (lock->owner == getpid())
        (void)unlink(lock->path); /* while it is locked: else we could remove the file of the next one */
    (void)close(lock->fd);
    free(lock->path);
    free(lock);
}
