#pragma once
/*
 * Memory for the many small parts of a tree, given up all at once.
 */
#include <stddef.h>

#include "base/bytes.h"

struct arena { /* empty when zero */
    struct arena_chunk *chunk;
    size_t used;
};

/* Zeroed, aligned for any type; lives as long as the arena. Small sizes cannot fail (base/mem.h). */
void *arena_alloc(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));
/* A copy ended by a NUL. */
char *arena_dup(struct arena *arena, struct view text) __attribute__((returns_nonnull));
void arena_clear(struct arena *arena);
static inline void arena_clear_at(struct arena *arena)
{
    arena_clear(arena);
}
