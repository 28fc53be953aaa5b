/*
 * Framing and field types of the messages between the two processes.
 */
#include "net/wire.h"

#include <string.h>

static uint32_t load_u32(const char *at)
{
    const unsigned char *byte = (const unsigned char *)at;

    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | (uint32_t)byte[3];
}

static void store_u32(char *at, uint32_t value)
{
    at[0] = (char)(value >> 24);
    at[1] = (char)(value >> 16);
    at[2] = (char)(value >> 8);
    at[3] = (char)value;
}

bool wire_head(struct view stream, struct wire_frame *out)
{
    if (stream.len < WIRE_HEAD)
        return false;
    *out = (struct wire_frame){
        .type = (uint8_t)stream.at[4],
        .id = load_u32(stream.at + 5),
        .size = 4 + (size_t)load_u32(stream.at),
    };
    return true;
}

enum wire_step wire_peek(struct view stream, size_t (*max)(uint8_t type), struct wire_frame *out)
{
    struct wire_frame frame;

    if (!wire_head(stream, &frame))
        return WIRE_MORE;
    if (max(frame.type) == 0 || frame.size < WIRE_HEAD || frame.size - WIRE_HEAD > max(frame.type))
        return WIRE_BROKEN; /* said before the rest is waited for: a length alone must not make us store anything */
    if (stream.len < frame.size)
        return WIRE_MORE;
    frame.fields = (struct view){ stream.at + WIRE_HEAD, frame.size - WIRE_HEAD };
    *out = frame;
    return WIRE_WHOLE;
}

size_t wire_begin(struct buf *out, uint8_t type, uint32_t id)
{
    size_t begun = out->len;

    wire_put_u32(out, 0);
    wire_put_u8(out, type);
    wire_put_u32(out, id);
    return begun;
}

void wire_end(struct buf *out, size_t begun)
{
    if (!out->failed)
        store_u32(out->at + begun, (uint32_t)(out->len - begun - 4));
}

void wire_put_u8(struct buf *out, uint8_t value)
{
    buf_put_char(out, (char)value);
}

void wire_put_u32(struct buf *out, uint32_t value)
{
    char bytes[4];

    store_u32(bytes, value);
    buf_put(out, (struct view){ bytes, sizeof bytes });
}

void wire_put_bytes(struct buf *out, struct view bytes)
{
    if (bytes.len > UINT32_MAX) { /* cannot be written, and must not be written cut */
        out->failed = true;
        return;
    }
    wire_put_u32(out, (uint32_t)bytes.len);
    buf_put(out, bytes);
}

void wire_put_cut(struct buf *out, struct view text, size_t max)
{
    wire_put_bytes(out, (struct view){ text.at, text.len < max ? text.len : max });
}

/* The next len bytes; a dot of nothing once anything failed, so that callers need not look. */
static const char *take(struct wire_cursor *from, size_t len)
{
    const char *at = from->rest.at;

    if (from->failed || from->rest.len < len) {
        from->failed = true;
        return NULL;
    }
    from->rest.at += len;
    from->rest.len -= len;
    return at;
}

uint8_t wire_get_u8(struct wire_cursor *from, uint8_t max)
{
    const char *at = take(from, 1);
    uint8_t value = at == NULL ? 0 : (uint8_t)*at;

    if (value > max) {
        from->failed = true;
        return 0;
    }
    return value;
}

uint32_t wire_get_u32(struct wire_cursor *from, uint32_t max)
{
    const char *at = take(from, 4);
    uint32_t value = at == NULL ? 0 : load_u32(at);

    if (value > max) {
        from->failed = true;
        return 0;
    }
    return value;
}

bool wire_get_bool(struct wire_cursor *from)
{
    return wire_get_u8(from, 1) == 1;
}

struct view wire_get_bytes(struct wire_cursor *from, size_t max)
{
    size_t len = wire_get_u32(from, max > UINT32_MAX ? UINT32_MAX : (uint32_t)max);
    const char *at = take(from, len);

    if (at == NULL)
        return (struct view){ "", 0 };
    return (struct view){ at, len };
}

struct view wire_get_text(struct wire_cursor *from, size_t max)
{
    struct view text = wire_get_bytes(from, max);

    if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
        from->failed = true;
    return text;
}

bool wire_done(const struct wire_cursor *from)
{
    return !from->failed && from->rest.len == 0;
}
