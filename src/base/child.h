#pragma once
/*
 * Child processes: runs a command of the user's and collects what it says.
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

void child_result_clear(struct child_result *result);
static inline void child_result_clear_at(struct child_result *result)
{
    child_result_clear(result);
}
