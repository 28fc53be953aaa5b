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

/* The lines since then that say why a reload was refused ([emerg]; Apache's emerg, alert and crit, and its AH lines of
 * level error that go with a configuration), printable, each once, some lines at most; NULL when there is none. Of the
 * caller's. */
char *web_log_refusal(const struct web_log *log);

/* Puts these, if any, behind err->why. Returns false. */
bool web_log_tell(const struct web_log *log, const char *server_name, struct error *err);
