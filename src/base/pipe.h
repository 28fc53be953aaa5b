#pragma once
/*
 * Pipes to and from child processes, for polling several of them: our end never blocks.
 */
#include "base/bytes.h"

/* Makes a pipe, both ends closed on exec; *ours, which is the one to write to or the one to read from, does not block.
 * Both are the caller's. kind is that of the error. */
MUST_USE bool pipe_open(int *ours, int *theirs, bool we_write, enum error_kind kind, struct error *err);

/*
 * Reads what is there now, as much as a pipe can hold and no more: a child that writes for ever cannot hold the caller.
 * What does not fit into to is dropped and counted in *dropped, so that the child never waits for us. At the end of the
 * stream, and after an error, *fd is closed and becomes -1; with -1 nothing is done.
 */
void pipe_drain(int *fd, struct buf *to, size_t *dropped);

/* Closes *fd, which becomes -1; -1 is fine. */
void pipe_close(int *fd);
