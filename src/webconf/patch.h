#pragma once
/*
 * Edits of a text as splices: where, how many bytes go, what comes. A text is never changed in place, so what no
 * splice touches is the same to the byte by construction.
 *
 * Knows nothing of what the text means. Offsets are those of the text that the patch is for, whatever was added to the
 * patch before.
 */
#include "base/bytes.h"

struct splice {
    size_t at, remove; /* bytes */
    char *insert;      /* owned, of insert_len bytes */
    size_t insert_len;
    bool last; /* see patch_insert_last */
};

struct patch {              /* empty when zero */
    struct splice *splices; /* in the order of their places */
    size_t count, size;
};

/* Puts text in front of the byte at `at`, behind what was inserted there before. */
void patch_insert(struct patch *patch, size_t at, struct view text);
/* The same, staying behind whatever else is inserted at that place, also later. */
void patch_insert_last(struct patch *patch, size_t at, struct view text);
/* Whether patch_insert_last was called for that place. */
bool patch_has_last(const struct patch *patch, size_t at);
/* Text takes the place of `remove` bytes, behind whatever is inserted at that place. Bytes must not be removed twice,
 * and nothing may be inserted inside of what is removed: that is a mistake of the caller's (assert). */
void patch_replace(struct patch *patch, size_t at, size_t remove, struct view text);
bool patch_is_empty(const struct patch *patch);
/* Whether a splice removes a byte of [start, end), or puts something there. */
bool patch_touches(const struct patch *patch, size_t start, size_t end);
/* Appends the new text; where out is too small it has failed. */
void patch_apply(const struct patch *patch, struct view text, struct buf *out);
void patch_clear(struct patch *patch);
static inline void patch_clear_at(struct patch *patch)
{
    patch_clear(patch);
}

/* ---- how a text is laid out around a place ---- */

/* Offset of the first byte of the line that `at` is in. */
size_t text_line_start(struct view text, size_t at);
/* Offset of the line's end: of its LF or CR LF, or of the text's end. */
size_t text_line_end(struct view text, size_t at);
/* Offset of the next line's first byte, the text's end when there is none. */
size_t text_next_line(struct view text, size_t at);
/* The blanks and tabs in front of the line that `at` is in. */
struct view text_indent(struct view text, size_t at);
/* "\r\n" or "\n": how the line of `at` ends, or one before it where it has no end; "\n" when the text is one line. */
const char *text_line_end_at(struct view text, size_t at);
/* Number of the line that `at` is in, from 1. */
size_t text_line_number(struct view text, size_t at);
