#pragma once
/*
 * A child process that is asked and answers, line by line, over its standard input and output.
 *
 * Knows pipes, bounds and time limits; knows nothing of what the lines mean. One thread at a time per child.
 */
#include "base/bytes.h"

#define PIPE_CHILD_MAX_SAID (64 * 1024) /* of standard error; what comes beyond is read and dropped */

struct pipe_child;

/*
 * Runs the program at path (absolute), without arguments, in our environment and in a process group of its own: Ctrl-C
 * on a terminal does not reach it. ERROR_PLUGIN when it cannot be run. *out is the caller's, for pipe_child_close.
 */
MUST_USE bool pipe_child_start(const char *path, struct pipe_child **out, struct error *err);

/*
 * Sends question, which ends in a line feed, and reads one line into answer, without its line feed; what answer may
 * hold is the limit. Needs SIGPIPE to be ignored (interrupt_init). ERROR_PLUGIN when the child ends, is not done after
 * limit_ms, or writes more than that one line; ERROR_CANCELED when the user interrupts. After a failure the child's
 * state is unknown: it can only be closed.
 */
MUST_USE bool pipe_child_ask(
    struct pipe_child *child, struct view question, int64_t limit_ms, struct buf *answer, struct error *err);

/* The text that the child wrote on standard error since the last call, of the caller's. */
char *pipe_child_take_said(struct pipe_child *child) __attribute__((returns_nonnull));

/*
 * Ends the child: its input is closed, and it gets grace_ms to finish. Then its whole process group is killed; a
 * child that ends by itself may leave a daemon behind.
 */
void pipe_child_close(struct pipe_child *child, int64_t grace_ms);
