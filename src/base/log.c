#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"

#define LOG_NAME "letsencrypt.log" /* the name that Certbot's users and their logrotate know */
#define LOG_EARLY_DIR "certbot-log-XXXXXX"
#define LOG_EARLY_NAME "log"
#define LOG_MAX_SIZE (1024 * 1024)                 /* bytes, before the file is rotated while in use */
#define LOG_MAX_MESSAGE ((size_t)32 * 1024 * 1024) /* all that a hook may say fits (CHILD_MAX_OUTPUT) */
#define LOG_MAX_EARLY 300
#define ROTATION_WAIT_MS 2000 /* for another process; then the file is left to grow */
#define ROTATION_RETRY_MS 5

/* STATE_EARLY: messages are kept in `early` until the log's path is known. STATE_CLOSED: they go to no file. */
enum log_state { STATE_EARLY, STATE_OPEN, STATE_CLOSED };

static struct mutex mutex = MUTEX_INIT; /* guards all below but the two atomics */
static enum log_state state;
static int log_fd = -1;
static char *path;
static unsigned backups;
static int64_t written;
static struct list early;

static atomic_int terminal_level = LOG_LEVEL_WARNING;
static atomic_int least_level = LOG_LEVEL_DEBUG; /* messages below this level go nowhere and cost one comparison */

static _Thread_local log_sink thread_sink;
static _Thread_local void *thread_sink_ctx;

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return "DEBUG";
    case LOG_LEVEL_INFO:
        return "INFO";
    case LOG_LEVEL_WARNING:
        return "WARNING";
    case LOG_LEVEL_ERROR:
        return "ERROR";
    case LOG_LEVEL_CRITICAL:
        return "CRITICAL";
    }
    return "ERROR";
}

static void update_least_level(void)
{
    bool kept = state == STATE_OPEN || (state == STATE_EARLY && early.len < LOG_MAX_EARLY);

    least_level = kept ? LOG_LEVEL_DEBUG : terminal_level;
}

void log_terminal_level(enum log_level level)
{
    MUTEX_HOLD(&mutex);

    terminal_level = level;
    update_least_level();
}

/* Moves PATH to PATH.1, PATH.1 to PATH.2 ... as far as they reach without a gap; the last one goes. */
static void move_along(void)
{
    unsigned last = 1;

    for (; last < backups; last++) {
        AUTO(free) char *numbered = xprintf("%s.%u", path, last);

        if (access(numbered, F_OK) != 0)
            break;
    }
    for (; last > 0; last--) {
        AUTO(free) char *from = last > 1 ? xprintf("%s.%u", path, last - 1) : xstrdup(path);
        AUTO(free) char *to = xprintf("%s.%u", path, last);

        (void)rename(from, to); /* one that cannot be moved is no reason to stop */
    }
}

/* Its owner's alone from the start: what hooks print is in it. Never waits: neither for the reader of a FIFO, nor later
 * for one that does not read. */
static int open_file(void)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
}

/* Another process may rotate at the same time, and two at once would move one log onto another. *out is a descriptor
 * that holds the lock, -1 where the file system has none. False when it could not be had. */
static bool lock_rotation(int *out)
{
    const struct timespec pause = { .tv_nsec = ROTATION_RETRY_MS * 1000000L };
    AUTO(free) char *dir = file_dirname(path);
    AUTO(close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int waited = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; waited += ROTATION_RETRY_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true;
        if (waited >= ROTATION_WAIT_MS)
            return false;
        (void)nanosleep(&pause, NULL); /* a signal is no reason to lose a log */
    }
    *out = fd;
    fd = -1;
    return true;
}

/* Goes on in a fresh file, or in the old one where that fails. */
static void rotate(void)
{
    AUTO(close) int lock = -1;
    int fd;

    if (!lock_rotation(&lock))
        return;
    move_along();
    fd = open_file();
    if (fd < 0)
        return;
    (void)close(log_fd);
    log_fd = fd;
    written = 0;
}

/* A full disk costs the log, never the certificate: failures to write are passed over. */
static void write_file(struct view text)
{
    if (backups > 0 && written > 0 && written + (int64_t)text.len >= LOG_MAX_SIZE)
        rotate();
    while (text.len > 0) {
        ssize_t done = write(log_fd, text.at, text.len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        text.at += done;
        text.len -= (size_t)done;
        written += done;
    }
}

/* The file is there: what waited for it goes first. */
static void write_early(void)
{
    state = STATE_OPEN;
    for (size_t i = 0; i < early.len; i++)
        write_file(view_of(early.at[i]));
    list_clear(&early);
    update_least_level();
}

bool log_open(const char *dir, unsigned max_backups, struct error *err)
{
    MUTEX_HOLD(&mutex);
    struct stat st;

    if (state == STATE_OPEN)
        return error_set(err, ERROR_INTERNAL, "the log is open already");
    path = file_join(dir, LOG_NAME);
    log_fd = open_file();
    if (log_fd < 0 || fstat(log_fd, &st) != 0) {
        (void)file_error(err, "write the log", path);
        if (err->sys == ENXIO)
            (void)error_next(err, "it is a FIFO that nobody reads: remove it, and a file is made in its place");
        close_at(&log_fd);
        log_fd = -1;
        xreplace(&path, NULL);
        return false;
    }
    backups = max_backups;
    written = st.st_size;
    if (backups > 0)
        rotate(); /* at every start, even of an empty file: the numbers tell the runs apart */
    write_early();
    return true;
}

/* A file in a new directory below `above`; -1 when there can be none. */
static int open_early_file(const char *above)
{
    AUTO(free) char *dir = file_join(above, LOG_EARLY_DIR);

    if (above[0] != '/' || mkdtemp(dir) == NULL)
        return -1;
    xreplace(&path, NULL);
    path = file_join(dir, LOG_EARLY_NAME);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void log_open_early(void)
{
    MUTEX_HOLD(&mutex);
    const char *named = getenv("TMPDIR");
    const char *const places[] = { named != NULL ? named : "/tmp", "/tmp", "/var/tmp" };

    if (state != STATE_EARLY)
        return;
    for (size_t i = 0; i < COUNT(places) && log_fd < 0; i++)
        log_fd = open_early_file(places[i]);
    if (log_fd >= 0)
        write_early();
    else
        xreplace(&path, NULL);
}

const char *log_path(void)
{
    MUTEX_HOLD(&mutex);

    return path;
}

void log_close(void)
{
    MUTEX_HOLD(&mutex);

    close_at(&log_fd);
    log_fd = -1;
    xreplace(&path, NULL);
    list_clear(&early);
    state = STATE_CLOSED;
    update_least_level();
}

void log_thread_sink(log_sink sink, void *ctx)
{
    thread_sink = sink;
    thread_sink_ctx = ctx;
}

static void to_file(enum log_level level, const char *where, const char *message)
{
    AUTO(buf_clear) struct buf line = BUF(SIZE_MAX);
    char stamp[32] = "";
    struct timespec now;
    struct tm tm = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)localtime_r(&now.tv_sec, &tm);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
    buf_putf(&line, "%s,%03ld:%s:%s:", stamp, now.tv_nsec / 1000000, level_name(level), where);
    buf_put_text(&line, message); /* may be long */
    buf_put_char(&line, '\n');

    MUTEX_HOLD(&mutex);
    if (state == STATE_OPEN) {
        write_file(buf_view(&line));
    } else if (state == STATE_EARLY && early.len < LOG_MAX_EARLY) {
        list_add(&early, buf_text(&line));
        update_least_level();
    }
}

bool log_has_colours(int fd)
{
    const char *term = getenv("TERM"), *never = getenv("NO_COLOR");

    return isatty(fd) == 1 && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 &&
           (never == NULL || *never == '\0');
}

static void to_terminal(enum log_level level, const char *message)
{
    bool red = level >= LOG_LEVEL_WARNING && log_has_colours(STDERR_FILENO);

    if (thread_sink != NULL)
        thread_sink(thread_sink_ctx, level, message);
    else
        (void)fprintf(stderr, "%s%s%s\n", red ? "\033[31m" : "", message, red ? "\033[0m" : "");
}

void log_put(enum log_level level, const char *where, const char *format, ...)
{
    AUTO(free) char *raw = NULL, *message = NULL;
    va_list args;
    int len;

    if ((int)level < least_level)
        return;
    va_start(args, format);
    len = vasprintf(&raw, format, args);
    va_end(args);
    if (len < 0) {
        raw = NULL;
        return;
    }
    message = text_printable_dup((struct view){ raw, (size_t)len }, LOG_MAX_MESSAGE, true);
    to_file(level, where, message);
    if ((int)level >= terminal_level)
        to_terminal(level, message);
}
