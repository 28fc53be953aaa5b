#pragma once
/*
 * The worker processes of an nginx: after a reload the old ones answer for a moment beside the new.
 */
#include "web/server_log.h"

struct nginx_workers {
    int master; /* its process, 0: not known */
    int *old;   /* its workers at that moment */
    size_t count;
};

/* Looks which workers there are, by the file of the master's process number (NULL: not known). Nothing is known where
 * the system does not tell (/proc). */
void nginx_workers_note(const char *pid_file, struct nginx_workers *out);
/* Waits until new ones are there and the old ones take no more connections: some seconds at most, and not after the log
 * (may be NULL) has said that the reload was refused. */
void nginx_workers_wait(const struct nginx_workers *workers, const struct web_log *log);
void nginx_workers_clear(struct nginx_workers *workers);
static inline void nginx_workers_clear_at(struct nginx_workers *workers)
{
    nginx_workers_clear(workers);
}
