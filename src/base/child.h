#pragma once
/*
 * Child processes: runs a command of the user's, or a program, and collects what it says.
 *
 * Safe from many threads. Nothing that a server sent ever becomes part of a command: it travels in the
 * environment.
 */
#include "base/bytes.h"

#define CHILD_MAX_OUTPUT (16 * 1024 * 1024) /* bytes of each stream; what comes beyond is read and dropped */

struct child_result {
    int status;                      /* exit status, 128 + signal when killed */
    struct buf out;                  /* standard output; whole lines only where something was dropped */
    struct buf err;                  /* standard error, likewise */
    size_t out_dropped, err_dropped; /* bytes */
};

/*
 * Runs `/bin/sh -c command` with standard input inherited. env holds NAME=VALUE strings that are set over our
 * own environment, or NAME alone to take that variable away; NULL for none. ERROR_HOOK only when it cannot be
 * run at all: its exit status is the caller's to judge. Returns when the command has ended, even if a daemon
 * that it left behind keeps the streams open. An interrupt (base/interrupt.h) is passed on to the child, and
 * its end is still waited for.
 */
MUST_USE bool child_shell(const char *command, const struct list *env, struct child_result *out, struct error *err);

struct child_program {
    const char *path;       /* absolute: no shell and no PATH has a say in what is run */
    char *const *argv;      /* ended by NULL, as main gets it */
    const struct list *env; /* NAME=VALUE; NULL for none. PATH and LC_ALL=C are there unless this has others */
    int64_t limit_ms;       /* how long it may take; 0: as long as it takes */
    struct view input;      /* on its standard input; "": nothing */
};

/*
 * Runs a program without a shell: an environment of its own, no descriptor of ours but the three standard ones, in a
 * process group of its own. The same in all else, but that one that takes longer than
 * its limit is asked to end, with all of its group, and killed if it does not within two seconds: ERROR_HOOK.
 */
MUST_USE bool child_run(const struct child_program *program, struct child_result *out, struct error *err);

void child_result_clear(struct child_result *result);
static inline void child_result_clear_at(struct child_result *result)
{
    child_result_clear(result);
}
