#include "lifecycle/last_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/fields.h"

#define MARK "renew.txt"
#define LOCK "renew.lock"
#define BOOT "/proc/sys/kernel/random/boot_id"
#define MARK_MAX 4096
#define HOUR_S 3600

/* The last one is not written before the run ends. */
static const struct field fields[] = {
    { "began", FIELD_TIME, true, offsetof(struct last_run, began) },
    { "process", FIELD_NUMBER, false, offsetof(struct last_run, pid) },
    { "boot", FIELD_TEXT, false, offsetof(struct last_run, boot) },
    { "uptime", FIELD_NUMBER, false, offsetof(struct last_run, uptime) },
    { "ended", FIELD_TIME, false, offsetof(struct last_run, ended) },
};

/* Until then the mark ends with so many line feeds, over which the line is written: a disk that is full by then has
 * room for that. */
#define ENDED_LEN (sizeof "ended: 2026-11-22T00:29:12Z\n" - 1)

void last_run_clear(struct last_run *last)
{
    free(last->boot);
    *last = (struct last_run){ 0 };
}

/* ---- reading ---- */

static char *this_boot(void)
{
    AUTO(buf_clear) struct buf text = BUF(MARK_MAX);
    struct error unknown = { 0 };

    return file_read(BOOT, &text, &unknown) ? view_dup(view_trim(buf_view(&text))) : NULL;
}

/* Seconds since the machine was started, which no setting of the clock changes; 0: not known. */
static unsigned uptime(void)
{
#ifdef CLOCK_BOOTTIME
    struct timespec since;

    if (clock_gettime(CLOCK_BOOTTIME, &since) == 0 && since.tv_sec > 0 && since.tv_sec <= FIELD_NUMBER_MAX)
        return (unsigned)since.tv_sec;
#endif
    return 0;
}

enum holder { HOLDER_NONE, HOLDER_SOME, HOLDER_UNKNOWN };

/* Who holds the lock. In a process that holds it itself this must not be asked. */
static enum holder holder_of(const char *path)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

    if (fd < 0)
        return errno == ENOENT ? HOLDER_NONE : HOLDER_UNKNOWN;
    if (fcntl(fd, F_GETLK, &lock) != 0)
        return HOLDER_UNKNOWN;
    return lock.l_type == F_UNLCK ? HOLDER_NONE : HOLDER_SOME;
}

/* To others the lock is closed; whether there is such a process they can tell. */
static bool is_at_work(enum holder holder, unsigned pid)
{
    return holder == HOLDER_SOME ||
           (holder == HOLDER_UNKNOWN && pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM));
}

static bool read_mark(const char *work_dir, struct last_run *out)
{
    AUTO(free) char *path = file_join(work_dir, MARK);
    AUTO(buf_clear) struct buf text = BUF(MARK_MAX);
    AUTO(last_run_clear) struct last_run last = { 0 };
    struct error err = { 0 };

    if (!file_read(path, &text, &err) || !fields_parse(fields, COUNT(fields), buf_view(&text), &last, &err)) {
        if (err.sys != ENOENT)
            log_debug("what became of the last run is not known: %s", err.why);
        return false;
    }
    *out = last;
    last = (struct last_run){ 0 };
    return true;
}

/* How long ago it began, by a clock that nobody sets; -1: not known, as the machine was started anew since. */
static int64_t age_of(const struct last_run *last, const char *boot)
{
    unsigned now = uptime();

    if (boot == NULL || last->boot == NULL || strcmp(boot, last->boot) != 0 || last->uptime == 0 || now < last->uptime)
        return -1;
    return (int64_t)now - last->uptime;
}

static void look(const char *work_dir, enum holder holder, struct last_run *out)
{
    AUTO(free) char *boot = this_boot();

    if (!read_mark(work_dir, out))
        return;
    out->state = out->ended != 0 ? LAST_RUN_ENDED : is_at_work(holder, out->pid) ? LAST_RUN_AT_WORK : LAST_RUN_CUT;
    out->age = age_of(out, boot);
    out->with_machine = boot != NULL && out->boot != NULL && strcmp(boot, out->boot) != 0;
}

void last_run_look(const char *work_dir, struct last_run *out)
{
    AUTO(free) char *path = file_join(work_dir, LOCK);

    look(work_dir, holder_of(path), out);
}

/* ---- marking ---- */

static bool write_mark(const char *work_dir, const struct last_run *last, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, MARK);
    AUTO(buf_clear) struct buf text = BUF(MARK_MAX);

    fields_format(fields, last->ended != 0 ? COUNT(fields) : COUNT(fields) - 1, last, &text);
    for (size_t i = 0; last->ended == 0 && i < ENDED_LEN; i++)
        buf_put_char(&text, '\n');
    return file_replace(path, buf_view(&text), FILE_PUBLIC, err);
}

/* Where in the mark its end can be written; false: it has no room for that, as an earlier program has made it. */
static bool find_room(int fd, const char *path, off_t *at, struct error *err)
{
    char room[ENDED_LEN];
    struct stat st;

    if (fstat(fd, &st) != 0)
        return file_error(err, "read", path);
    *at = st.st_size - (off_t)ENDED_LEN;
    if (!S_ISREG(st.st_mode) || *at <= 0 || pread(fd, room, sizeof room, *at) != (ssize_t)sizeof room)
        return error_set(err, ERROR_STORE, "%s is none of ours", path);
    for (size_t i = 0; i < sizeof room; i++)
        if (room[i] != '\n')
            return error_set(err, ERROR_STORE, "%s has no room for its end", path);
    return true;
}

/* In place: a file beside it would need room on the disk. */
static bool write_end(const char *work_dir, int64_t now, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, MARK);
    AUTO(close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    char time[CLOCK_TEXT_SIZE], line[ENDED_LEN + CLOCK_TEXT_SIZE];
    off_t at = 0;

    if (fd < 0)
        return file_error(err, "write", path);
    TRY(find_room(fd, path, &at, err));
    clock_format_rfc3339(now, time);
    if (snprintf(line, sizeof line, "ended: %s\n", time) != (int)ENDED_LEN)
        return error_set(err, ERROR_STORE, "the clock says %s", time);
    if (pwrite(fd, line, ENDED_LEN, at) != (ssize_t)ENDED_LEN || fdatasync(fd) != 0)
        return file_error(err, "write", path);
    return true;
}

void last_run_begin(const char *work_dir, int64_t now, struct last_run *before, struct range_lock **lock)
{
    AUTO(free) char *path = file_join(work_dir, LOCK), *boot = this_boot();
    const struct last_run own = { .began = now, .pid = (unsigned)getpid(), .boot = boot, .uptime = uptime() };
    struct error err = { 0 };
    bool tried = range_lock_try(path, (struct range){ 0, 1 }, lock, &err);

    look(work_dir, !tried ? HOLDER_UNKNOWN : *lock == NULL ? HOLDER_SOME : HOLDER_NONE, before);
    if (tried && *lock != NULL && write_mark(work_dir, &own, &err))
        return;
    if (!tried || *lock != NULL)
        log_debug("that a run begins is not marked: %s", err.why);
    range_lock_release(*lock);
    *lock = NULL;
}

void last_run_end(const char *work_dir, int64_t now, struct range_lock *lock)
{
    AUTO(last_run_clear) struct last_run own = { 0 };
    struct error err = { 0 };

    if (lock == NULL)
        return;
    if (read_mark(work_dir, &own) && !write_end(work_dir, now, &err)) {
        log_debug("%s: it is written anew", err.why);
        error_clear(&err);
        own.ended = now;
        if (!write_mark(work_dir, &own, &err))
            log_warning("That this run came to its end cannot be noted: %s", err.why);
    }
    range_lock_release(lock);
}

/* ---- judging ---- */

char *last_run_trouble(const struct last_run *last, int64_t now)
{
    char began[CLOCK_TEXT_SIZE];
    int64_t age = last->age >= 0 ? last->age : now - last->began;

    clock_format_rfc3339(last->began, began);
    if (last->state == LAST_RUN_AT_WORK && age > LAST_RUN_LONG_S)
        return xprintf("a run of renew (process %u) has been at work for %lld hours, since %s", last->pid,
            (long long)(age / HOUR_S), began);
    if (last->state == LAST_RUN_CUT)
        return xprintf("the last run of renew, which began at %s, did not come to its end: %s", began,
            last->with_machine ? "the machine was started anew meanwhile" : "it was killed");
    return NULL;
}

void last_run_tell(const char *work_dir, int64_t now, struct findings *out)
{
    AUTO(last_run_clear) struct last_run last = { 0 };
    AUTO(free) char *what = NULL;
    struct finding *finding;

    last_run_look(work_dir, &last);
    what = last_run_trouble(&last, now);
    if (what == NULL)
        return;
    if (last.state == LAST_RUN_AT_WORK) {
        finding = findings_add(
            out, "run-endless", HEALTH_WARNING, NULL, "no timer begins another one while it is at work", "%s", what);
        finding_answer(finding, "see what it waits for (a hook that never ends?), and end process %u", last.pid);
        return;
    }
    finding = findings_add(out, "run-unfinished", HEALTH_WARNING, NULL,
        "certificates whose turn had not come were not renewed, and nobody was told", "%s", what);
    finding_answer(finding, "see in the system's log who has killed it (memory that ran out, a timeout)");
    finding_answer(finding, "evercert renew: it makes up for what was left, and this is over once one ends");
}
