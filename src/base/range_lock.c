#include "base/range_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"

#define RETRY_MS 50
#define TELL_AFTER_MS 1000 /* most waits are over before they are worth a word */

struct lock_file { /* one of which something is locked */
    struct lock_file *next;
    dev_t dev;
    ino_t inode;
    int fd;
    pid_t owner; /* a forked child inherits this memory but no lock */
    struct range_lock *locks;
};

struct range_lock {
    struct range_lock *next;
    struct lock_file *file;
    struct range range;
    pthread_t thread;
    unsigned holders;
};

static struct mutex mutex = MUTEX_INIT; /* guards all of it; held for one attempt at a time */
static struct lock_file *files;

static uint64_t last_of(struct range range)
{
    return range.len == 0 ? INT64_MAX : range.start + range.len - 1;
}

static bool overlaps(struct range a, struct range b)
{
    return a.start <= last_of(b) && b.start <= last_of(a);
}

static bool covers(struct range whole, struct range part)
{
    return whole.start <= part.start && last_of(part) <= last_of(whole);
}

static struct flock lock_of(struct range range, short type)
{
    return (
        struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)range.start, .l_len = (off_t)range.len };
}

/* ---- one attempt, under the mutex ---- */

static struct lock_file *find_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return NULL;
    for (struct lock_file *file = files; file != NULL; file = file->next)
        if (file->owner == getpid() && file->dev == st.st_dev && file->inode == st.st_ino)
            return file;
    return NULL;
}

static struct lock_file *open_file(const char *path)
{
    AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct lock_file *file;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    file = xcalloc(1, sizeof *file);
    *file = (struct lock_file){ .next = files, .dev = st.st_dev, .inode = st.st_ino, .fd = fd, .owner = getpid() };
    fd = -1;
    files = file;
    return file;
}

static void close_if_unused(struct lock_file *file)
{
    struct lock_file **at = &files;

    if (file->locks != NULL)
        return;
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    (void)close(file->fd);
    free(file);
}

/* Finds this thread's lock that covers the range. */
static struct range_lock *find_own(const struct lock_file *file, struct range range)
{
    for (struct range_lock *lock = file->locks; lock != NULL; lock = lock->next)
        if (pthread_equal(lock->thread, pthread_self()) != 0 && covers(lock->range, range))
            return lock;
    return NULL;
}

/* Whether a lock of this process prevents the new one: that of another thread, or one of this thread that covers only a
 * part. The kernel would join the two, and release both with the first. */
static bool is_in_the_way(const struct lock_file *file, struct range range)
{
    for (struct range_lock *lock = file->locks; lock != NULL; lock = lock->next)
        if (overlaps(lock->range, range))
            return true;
    return false;
}

/* *out is NULL when another has it: *holder is who, 0 when that cannot be seen. False, and errno, on failure. */
static bool try_in(struct lock_file *file, struct range range, struct range_lock **out, pid_t *holder)
{
    struct flock wanted = lock_of(range, F_WRLCK);
    struct range_lock *lock = find_own(file, range);

    if (lock != NULL) {
        lock->holders++;
        *out = lock;
        return true;
    }
    *out = NULL;
    *holder = getpid();
    if (is_in_the_way(file, range))
        return true;
    if (fcntl(file->fd, F_SETLK, &wanted) == 0) {
        lock = xcalloc(1, sizeof *lock);
        *lock = (struct range_lock){
            .next = file->locks, .file = file, .range = range, .thread = pthread_self(), .holders = 1
        };
        file->locks = *out = lock;
        return true;
    }
    if (errno != EACCES && errno != EAGAIN)
        return false;
    *holder = fcntl(file->fd, F_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK && wanted.l_pid > 0 ? wanted.l_pid : 0;
    return true;
}

static bool attempt(const char *path, struct range range, struct range_lock **out, pid_t *holder, struct error *err)
{
    MUTEX_HOLD(&mutex);
    struct lock_file *file = find_file(path);
    bool ok;

    if (file == NULL)
        file = open_file(path);
    if (file == NULL)
        return file_error(err, "lock", path);
    ok = try_in(file, range, out, holder) || file_error(err, "lock", path);
    close_if_unused(file);
    return ok;
}

/* ---- waiting ---- */

static bool say_held(const char *what, pid_t holder, struct lock_wait wait, struct error *err)
{
    AUTO(free) char *who = lock_describe_holder(holder);
    AUTO(free) char *after = wait.seconds > 0 ? xprintf(", still after %d s", wait.seconds) : xstrdup("");

    (void)error_set(err, ERROR_STORE, "%s is busy with %s%s", who, what, after);
    return error_next(err, "run the command again when it has finished, or %s", wait.longer);
}

bool range_lock_take(const char *path, struct range range, struct lock_wait wait, const char *what,
    struct range_lock **out, struct error *err)
{
    int64_t begin = clock_monotonic_ms();
    bool told = false;

    for (;;) {
        struct range_lock *lock = NULL;
        pid_t holder = 0;
        int64_t now;

        TRY(attempt(path, range, &lock, &holder, err));
        if (lock != NULL) {
            *out = lock;
            return true;
        }
        now = clock_monotonic_ms();
        if (now >= wait.end_ms)
            return say_held(what, holder, wait, err);
        if (!told && now - begin >= TELL_AFTER_MS) {
            AUTO(free) char *who = lock_describe_holder(holder);

            log_warning("Waiting up to %d s for %s, which is busy with %s.", lock_wait_left_s(wait), who, what);
            told = true;
        }
        if (!clock_sleep_ms(RETRY_MS))
            return interrupt_check(err);
    }
}

bool range_lock_try(const char *path, struct range range, struct range_lock **out, struct error *err)
{
    pid_t holder;

    return attempt(path, range, out, &holder, err);
}

bool range_lock_is_mine(const char *path, struct range range)
{
    MUTEX_HOLD(&mutex);
    struct lock_file *file = find_file(path);

    return file != NULL && find_own(file, range) != NULL;
}

void range_lock_release(struct range_lock *lock)
{
    MUTEX_HOLD(&mutex);
    struct lock_file *file;
    struct range_lock **at;
    struct flock given_up;

    if (lock == NULL || --lock->holders > 0)
        return;
    file = lock->file;
    for (at = &file->locks; *at != lock; at = &(*at)->next)
        continue;
    *at = lock->next;
    given_up = lock_of(lock->range, F_UNLCK);
    if (file->owner == getpid())
        (void)fcntl(file->fd, F_SETLK, &given_up);
    free(lock);
    close_if_unused(file);
}
