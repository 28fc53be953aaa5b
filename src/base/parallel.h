#pragma once
/*
 * The same work for many items, on all processors.
 */
#include <stddef.h>

/* How many processors this process may use, at least 1. */
size_t parallel_processors(void);

/*
 * Calls work(ctx, i) for every i in [0, count), each once, in no particular order, and returns when all are done. With
 * fewer than `worth` items, or one processor, this thread does all of it: starting a thread has its price too.
 */
void parallel_for(size_t count, size_t worth, void (*work)(void *ctx, size_t index), void *ctx);

/* The same by up to `threads` threads (this one among them), for work that mostly waits. */
void parallel_wait_for(size_t count, size_t threads, void (*work)(void *ctx, size_t index), void *ctx);
