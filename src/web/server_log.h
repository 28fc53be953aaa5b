#pragma once
/*
 * A server's error log: what was appended to it since a certain moment.
 *
 * Knows the forms of nginx's and Apache's lines; reads the last 64 KiB at most. A log that cannot be read says nothing.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct web_log {
    char *path; /* NULL: not known, nothing is ever found */
    dev_t dev;
    ino_t ino;
    off_t end; /* where the news begin, as long as it is that file and has not shrunk */
};

/* Remembers where the log at path ends now. path NULL: none. *log must be zero or cleared. */
void web_log_mark(struct web_log *log, const char *path);
void web_log_clear(struct web_log *log);
static inline void web_log_clear_at(struct web_log *log)
{
    web_log_clear(log);
}

/*
 * What has been logged since then about a configuration that was refused, or could not be put into effect: the words of
 * nginx's lines of level emerg, and of Apache's of emerg, alert and crit that are no client's. Printable, each once, a
 * few lines at most; NULL when there is none. Of the caller's.
 */
char *web_log_refusal(const struct web_log *log);

/* Whether such words are the last ones: nginx tries an address that is in use some times more. */
bool web_log_has_refused(const struct web_log *log);

/* Whether those words were logged since then, in any line. */
bool web_log_says(const struct web_log *log, const char *words);

/* Puts them, if there are any, behind err->why. name: the server's. Returns false. */
bool web_log_tell(const struct web_log *log, const char *name, struct error *err);
