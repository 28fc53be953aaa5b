#pragma once
/*
 * The log, for us: file, function, URL, status, time. What people read goes through ui/.
 *
 * Thread-safe. Keys, EAB secrets, requests' signed bodies and plugins' credentials never come here; foreign text is
 * made printable here.
 */
#include "base/error.h"

enum log_level {
    LOG_LEVEL_DEBUG = 10,
    LOG_LEVEL_INFO = 20,
    LOG_LEVEL_WARNING = 30,
    LOG_LEVEL_ERROR = 40,
    LOG_LEVEL_CRITICAL = 50
};

/* Messages at or above this level also go to standard error, bare. Default: WARNING. */
void log_terminal_level(enum log_level level);

/*
 * Opens DIR/letsencrypt.log for appending, first moving older files along: letsencrypt.log.1 ... .max_backups
 * (0: no moving). Messages logged before (at most a few hundred) are written to it first. The directory must
 * exist. The file is its owner's alone. ERROR_STORE when it cannot be opened, also for a FIFO without a reader. A file
 * that grows past 1 MiB is rotated while in use. Several processes may do so at once: each goes on in its own file,
 * whatever that is called by then.
 */
MUST_USE bool log_open(const char *dir, unsigned max_backups, struct error *err);
const char *log_path(void); /* of the open log file, NULL when none */
void log_close(void);

/*
 * Call on a failure before log_open: writes what was logged so far to $TMPDIR/certbot-log-XXXXXX/log, in a new
 * directory that is closed to others from the start, and goes on there; log_path names it. Does nothing when a log is
 * open, or when no such file can be made. It stays for the user to read; a run that gets as far as log_open makes none.
 */
void log_open_early(void);

/* A terminal that understands colours and other escape sequences, as far as the environment tells (TERM, NO_COLOR). */
bool log_has_colours(int fd);
void log_put(enum log_level level, const char *where, const char *format, ...) PRINTF(3, 4);

#define log_debug(...) log_put(LOG_LEVEL_DEBUG, __func__, __VA_ARGS__)
#define log_info(...) log_put(LOG_LEVEL_INFO, __func__, __VA_ARGS__)
#define log_warning(...) log_put(LOG_LEVEL_WARNING, __func__, __VA_ARGS__)
#define log_error(...) log_put(LOG_LEVEL_ERROR, __func__, __VA_ARGS__)

/*
 * Receiver of messages at or above the terminal level instead of standard error, per thread (NULL: standard error): a
 * worker of `renew` collects them so that the output of one lineage stays together.
 */
typedef void (*log_sink)(void *ctx, enum log_level level, const char *message);
void log_thread_sink(log_sink sink, void *ctx);
