#pragma once
/*
 * Text: printable forms, encodings and comparison of names. Knows nothing of where the text came from.
 */
#include "base/bytes.h"

/*
 * Copies foreign text into to (size bytes, always ended by a NUL) so that it may meet a terminal or a log:
 * control characters, escapes, bytes that are not valid UTF-8 and marks that turn the direction of text
 * become '?'. Line feed and tab become a blank unless keep_lines, a CR before a line feed goes; what does not
 * fit is cut with "...".
 */
void text_printable(char *to, size_t size, struct view from, bool keep_lines);

/* The same as a string of the caller's, of at most max bytes. */
char *text_printable_dup(struct view from, size_t max, bool keep_lines) __attribute__((returns_nonnull));

/* Whether it is UTF-8 in its only valid form (RFC 3629), without NUL bytes. */
bool text_is_utf8(struct view text);

bool text_has_lines(const char *text); /* a line feed stands in it */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_is_given(const char *text);          /* neither NULL nor empty */
void text_lower(char *text);                   /* ASCII only, in place */

/* How many single-character edits (insert, delete, replace, swap of neighbours) lie between two names; for
 * suggestions. Texts over 64 bytes count as far apart. */
size_t text_distance(const char *a, const char *b);

void buf_put_hex(struct buf *buf, struct view bytes);       /* lower case */
void buf_put_base64(struct buf *buf, struct view bytes);    /* RFC 4648 section 4, padded, one line */
void buf_put_base64url(struct buf *buf, struct view bytes); /* RFC 4648 section 5, no padding */

/* The readers leave the buffer as it was when they return false: not such text, or more than fits (then
 * failed). Base64url is read in its canonical form only; base64 may have white space anywhere and lack its
 * padding. */
MUST_USE bool buf_put_unbase64url(struct buf *buf, struct view text);
MUST_USE bool buf_put_unbase64(struct buf *buf, struct view text);
MUST_USE bool buf_put_unhex(struct buf *buf, struct view text);
