#pragma once
/*
 * Bytes: the three types in which data travels. A view is borrowed, a buf is owned and bounded, a list owns
 * strings.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/error.h"

struct view { /* borrowed, never freed; not always ended by a NUL */
    const char *at;
    size_t len;
};

/*
 * Owned bytes that grow up to max. The first append that does not fit sets failed, and all later ones are
 * ignored: append freely, check once. at is always ended by a NUL (not counted in len) once something was
 * appended. A secret buffer is wiped whenever its memory is given up.
 */
struct buf {
    char *at;
    size_t len, size, max;
    bool secret, failed;
};

#define BUF(limit) ((struct buf){ .max = (limit) })
#define BUF_SECRET(limit) ((struct buf){ .max = (limit), .secret = true })

struct list { /* owned strings */
    char **at;
    size_t len;
};

static inline struct view view_of(const char *text) /* NULL is the empty view */
{
    return text == NULL ? (struct view){ "", 0 } : (struct view){ text, strlen(text) };
}

bool view_is(struct view view, const char *text);
bool view_starts(struct view view, const char *prefix);
bool view_equal(struct view a, struct view b);

/* FNV-1a of 64 bits. start is HASH_START, or the hash of the bytes before. For tables and names only: a chooser of the
 * bytes can make hashes collide. */
#define HASH_START 0xcbf29ce484222325
uint64_t view_hash(struct view view, uint64_t start);
/* The same for tables in memory, eight bytes at a time. Its values are other ones on each kind of machine, and may
 * change: nothing that outlives a run is made of them. */
uint64_t view_hash_quick(struct view view, uint64_t start);

bool view_has(struct view view, char byte);
/* The view without ASCII white space at either end. */
struct view view_trim(struct view view);
/* Cuts *rest at the first `byte`: returns what stands before it and leaves what follows in *rest. False
 * when *rest was used up before (its at is then NULL). "a,b" gives "a", then "b", then false; "" gives ""
 * once. */
bool view_cut(struct view *rest, char byte, struct view *part);
/* A copy ended by a NUL, of the caller's. Only for text without NUL bytes: the copy stops at the first. */
char *view_dup(struct view view) __attribute__((malloc, returns_nonnull));
/* Reads a whole decimal number in [min, max]: no sign, no blank, nothing behind it. */
MUST_USE bool view_to_number(struct view view, uint64_t min, uint64_t max, uint64_t *out);

void buf_put(struct buf *buf, struct view bytes);
void buf_put_text(struct buf *buf, const char *text);
void buf_put_char(struct buf *buf, char byte);
void buf_putf(struct buf *buf, const char *format, ...) PRINTF(2, 3);
/* Makes room for len more bytes and returns where they go, NULL (and failed) when they do not fit; then
 * buf_grow. */
char *buf_room(struct buf *buf, size_t len);
void buf_grow(struct buf *buf, size_t len);
void buf_cut(struct buf *buf, size_t len); /* shortens to len */
void buf_clear(struct buf *buf);           /* frees, wiping secrets; max and secret stay */
struct view buf_view(const struct buf *buf);
/* The text, "" when empty; lives as long as the buffer is left alone. */
const char *buf_text(const struct buf *buf);
/* Hands the memory to the caller as a string ("" rather than NULL), leaving the buffer empty. */
char *buf_take(struct buf *buf) __attribute__((returns_nonnull));
static inline void buf_clear_at(struct buf *buf)
{
    buf_clear(buf);
}

void list_add(struct list *list, const char *text);
void list_add_view(struct list *list, struct view text);
void list_add_all(struct list *list, const struct list *more);
bool list_has(const struct list *list, const char *text);
bool list_equal(const struct list *a, const struct list *b);     /* same strings, same order */
bool list_same_set(const struct list *a, const struct list *b);  /* order and repetition do not matter */
bool list_is_subset(const struct list *a, const struct list *b); /* every string of a is in b */
void list_remove(struct list *list, size_t index);
void list_sort(struct list *list); /* byte order */
struct list list_dup(const struct list *list);
/* Joins all strings, with `between` between them, of the caller's; "" for an empty list. */
char *list_join(const struct list *list, const char *between) __attribute__((malloc, returns_nonnull));
void list_clear(struct list *list);
static inline void list_clear_at(struct list *list)
{
    list_clear(list);
}
