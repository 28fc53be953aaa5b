#include "webconf/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "base/mem.h"

/* Bytes. Thousands of files have one virtual host each, so the first is small; the next ones are twice as large each.
 */
#define CHUNK_FIRST ((size_t)1024)
#define CHUNK_LAST ((size_t)64 * 1024)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static void add_chunk(struct arena *arena, size_t wanted)
{
    size_t size = arena->chunk == NULL ? CHUNK_FIRST : 2 * arena->chunk->size;
    struct arena_chunk *chunk;

    if (size > CHUNK_LAST)
        size = CHUNK_LAST;
    if (size < wanted)
        size = wanted;
    chunk = xcalloc(1, sizeof *chunk + size);

    chunk->size = size;
    chunk->next = arena->chunk;
    arena->chunk = chunk;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes, whole;
    char *at;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return xcalloc(count, SIZE_MAX / 2); /* ends the program, as any size does that cannot be had */
    whole = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (arena->chunk == NULL || arena->chunk->size - arena->used < whole)
        add_chunk(arena, whole);
    at = arena->chunk->bytes + arena->used;
    arena->used += whole;
    return at;
}

char *arena_dup(struct arena *arena, struct view text)
{
    char *copy = arena_alloc(arena, text.len + 1, 1);

    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    return copy;
}

void arena_clear(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunk;

    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
    *arena = (struct arena){ 0 };
}
