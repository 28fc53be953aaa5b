#pragma once
/*
 * How messages lie on the wire between the two processes: framing and field types.
 *
 * A frame is: length of what follows (uint32, big-endian), type (uint8), id (uint32), fields. Strings and bytes carry
 * their own length (uint32). Knows nothing of what a message means (net/message.h) nor of sockets. Every length has a
 * bound, what does not fit is refused, and bytes behind the last field are an error: neither side trusts the other.
 */
#include "base/bytes.h"

#define WIRE_HEAD 9 /* length, type, id */

struct wire_frame {
    uint8_t type;
    uint32_t id;
    struct view fields; /* borrowed from the stream */
    size_t size;        /* of the whole frame in the stream */
};

enum wire_step {
    WIRE_MORE,   /* not all of the frame is there yet */
    WIRE_WHOLE,  /* *out is filled */
    WIRE_BROKEN, /* no frame can begin like this: the other side is not to be trusted any more */
};

/* Looks at the start of a stream. max(type) is the largest length of fields for a type, 0 when it may not come. */
enum wire_step wire_peek(struct view stream, size_t (*max)(uint8_t type), struct wire_frame *out);

/* Type, id and size of the frame that begins there, without its fields. False: not even that is there yet. */
bool wire_head(struct view stream, struct wire_frame *out);

/* ---- writing ---- */

/* Begins a frame behind what is in out; returns the place that wire_end wants. */
size_t wire_begin(struct buf *out, uint8_t type, uint32_t id);
void wire_end(struct buf *out, size_t begun);
void wire_put_u8(struct buf *out, uint8_t value);
void wire_put_u32(struct buf *out, uint32_t value);
void wire_put_bytes(struct buf *out, struct view bytes);
void wire_put_cut(struct buf *out, struct view text, size_t max); /* its first max bytes */

/* ---- reading: any number of wire_get, then wire_done tells whether all of it was right ---- */

struct wire_cursor {
    struct view rest;
    bool failed;
};

#define WIRE_CURSOR(view) ((struct wire_cursor){ .rest = (view) })

uint8_t wire_get_u8(struct wire_cursor *from, uint8_t max);
uint32_t wire_get_u32(struct wire_cursor *from, uint32_t max);
bool wire_get_bool(struct wire_cursor *from); /* 0 or 1, nothing else */
struct view wire_get_bytes(struct wire_cursor *from, size_t max);
struct view wire_get_text(struct wire_cursor *from, size_t max); /* without NUL bytes: becomes a C string */
MUST_USE bool wire_done(const struct wire_cursor *from);         /* nothing failed and nothing is left */
