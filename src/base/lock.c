#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"

#define LOCK_NAME ".certbot.lock"
#define LOCK_RETRY_MS 100
#define LOCK_GRACE_MS 500 /* a holder of the shared lock holds it exclusively while it removes the file: an instant */
#define LOCK_GRACE_RETRY_MS 10

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

static struct mutex mutex = MUTEX_INIT;
static struct lock *held;

enum attempt { ATTEMPT_TAKEN, ATTEMPT_HELD, ATTEMPT_REPLACED, ATTEMPT_FAILED };

static struct flock whole_file(short type)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static bool is_same_file(int fd, const char *path)
{
    struct stat ours, theirs;

    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

/* Tries once. On ATTEMPT_TAKEN *out is the descriptor, on ATTEMPT_HELD *holder the PID or 0; else errno
 * tells. */
static enum attempt lock_once(const char *path, enum lock_mode mode, int *out, pid_t *holder)
{
    AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock lock = whole_file(mode == LOCK_SHARED ? F_RDLCK : F_WRLCK);

    if (fd < 0)
        return ATTEMPT_FAILED;
    if (fcntl(fd, F_SETLK, &lock) != 0) {
        if (errno != EACCES && errno != EAGAIN)
            return ATTEMPT_FAILED;
        if (fcntl(fd, F_GETLK, &lock) != 0)
            return ATTEMPT_FAILED;
        if (lock.l_type == F_UNLCK)
            return ATTEMPT_REPLACED;               /* given up in the meantime */
        *holder = lock.l_pid > 0 ? lock.l_pid : 0; /* 0: in another PID namespace */
        return ATTEMPT_HELD;
    }
    /* The one before us removes the file when it ends: then we hold a lock on a file that nobody else can
     * find. */
    if (!is_same_file(fd, path))
        return ATTEMPT_REPLACED;
    *out = fd;
    fd = -1;
    return ATTEMPT_TAKEN;
}

struct lock_wait lock_wait_of(int seconds, const char *longer)
{
    return (struct lock_wait){ clock_monotonic_ms() + (int64_t)seconds * 1000, seconds, longer };
}

int lock_wait_left_s(struct lock_wait wait)
{
    int64_t left = wait.end_ms - clock_monotonic_ms();

    return left > 0 ? (int)((left + 999) / 1000) : 0;
}

char *lock_describe_holder(pid_t holder)
{
    AUTO(free) char *comm = xprintf("/proc/%ld/comm", (long)holder);
    AUTO(buf_clear) struct buf name = BUF(64);
    struct error gone = { 0 };
    struct view rest, line;

    if (holder == 0)
        return xstrdup("a process that cannot be seen from here");
    if (!file_read(comm, &name, &gone))
        return xprintf("process %ld", (long)holder);
    rest = buf_view(&name);
    return view_cut(&rest, '\n', &line) ? xprintf("process %ld (%.*s)", (long)holder, (int)line.len, line.at)
                                        : xprintf("process %ld", (long)holder);
}

/* Certbot's sentence whichever of the two holds the lock: scripts look for it. */
static bool say_held(const char *path, pid_t holder, struct lock_wait wait, struct error *err)
{
    AUTO(free) char *who = lock_describe_holder(holder);
    AUTO(free) char *after = wait.seconds > 0 ? xprintf(", still after %d s", wait.seconds) : xstrdup("");

    (void)error_set(err, ERROR_STORE, "Another instance of Certbot is already running.");
    return error_next(err, "%s holds the lock on %s%s: run the command again when it has finished, or %s", who, path,
        after, wait.longer);
}

static void tell_wait(const char *path, pid_t holder, struct lock_wait wait)
{
    AUTO(free) char *who = lock_describe_holder(holder);

    log_warning("Waiting up to %d s for %s, which holds the lock on %s.", lock_wait_left_s(wait), who, path);
}

/* The guard is held for one attempt at a time, so that another thread can release what this one waits for. */
static enum attempt take_once(
    const struct stat *dir, const char *path, enum lock_mode mode, struct lock **out, pid_t *holder)
{
    MUTEX_HOLD(&mutex);
    enum attempt result;
    int fd = -1;

    for (struct lock *lock = held; lock != NULL; lock = lock->next)
        if (lock->owner == getpid() && lock->dir_dev == dir->st_dev && lock->dir_inode == dir->st_ino) {
            lock->holders++;
            *out = lock;
            return ATTEMPT_TAKEN;
        }
    result = lock_once(path, mode, &fd, holder);
    if (result == ATTEMPT_TAKEN) {
        *out = xcalloc(1, sizeof **out);
        **out = (struct lock){ .next = held,
            .path = xstrdup(path),
            .fd = fd,
            .holders = 1,
            .owner = getpid(),
            .dir_dev = dir->st_dev,
            .dir_inode = dir->st_ino };
        held = *out;
    }
    return result;
}

/* Says what is waited for, and sleeps. */
static bool wait_for(const char *path, pid_t holder, struct lock_wait wait, pid_t *told, struct error *err)
{
    bool waits = clock_monotonic_ms() < wait.end_ms; /* else it is the grace that we wait out */

    if (waits && holder != *told) {
        tell_wait(path, holder, wait);
        *told = holder;
    }
    return clock_sleep_ms(waits ? LOCK_RETRY_MS : LOCK_GRACE_RETRY_MS) || interrupt_check(err);
}

bool lock_take(const char *dir, enum lock_mode mode, struct lock_wait wait, struct lock **out, struct error *err)
{
    AUTO(free) char *path = file_join(dir, LOCK_NAME);
    int64_t end = clock_monotonic_ms() + (mode == LOCK_SHARED ? LOCK_GRACE_MS : 0);
    struct lock *lock = NULL;
    struct stat st;
    pid_t told = -1; /* the holder that was reported */

    if (end < wait.end_ms)
        end = wait.end_ms;
    if (stat(dir, &st) != 0)
        return file_error(err, "lock the directory", dir);
    for (;;) {
        pid_t holder = 0;

        switch (take_once(&st, path, mode, &lock, &holder)) {
        case ATTEMPT_TAKEN:
            *out = lock;
            return true;
        case ATTEMPT_FAILED:
            return file_error(err, "lock", path);
        case ATTEMPT_REPLACED: /* the next attempt meets the new file */
            break;
        case ATTEMPT_HELD:
            if (clock_monotonic_ms() >= end)
                return say_held(path, holder, wait, err);
            TRY(wait_for(path, holder, wait, &told, err));
        }
    }
}

/* Only who has the lock for himself may remove the file: others that share it would go on with one that nobody finds.
 * Two that end at the same time are in each other's way at first; once both have let go, the last one that looks
 * succeeds. */
static void remove_file(const struct lock *lock)
{
    struct flock alone = whole_file(F_WRLCK), none = whole_file(F_UNLCK);

    if (fcntl(lock->fd, F_SETLK, &alone) != 0) {
        (void)fcntl(lock->fd, F_SETLK, &none);
        if (fcntl(lock->fd, F_SETLK, &alone) != 0)
            return;
    }
    if (is_same_file(lock->fd, lock->path))
        (void)unlink(lock->path); /* while it is locked: else we could remove the file of the next one */
}

void lock_release(struct lock *lock)
{
    MUTEX_HOLD(&mutex);
    struct lock **at = &held;

    if (lock == NULL || --lock->holders > 0)
        return;
    while (*at != lock)
        at = &(*at)->next;
    *at = lock->next;
    if (lock->owner == getpid())
        remove_file(lock);
    (void)close(lock->fd);
    free(lock->path);
    free(lock);
}
