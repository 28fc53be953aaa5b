/*
 * HELLO and READY: the first words of either side.
 */
#include "base/text.h"
#include "net/message.h"

void message_put_hello(struct buf *out, uint32_t id, const struct message_hello *hello)
{
    size_t begun = wire_begin(out, MESSAGE_HELLO, id);

    wire_put_u32(out, MESSAGE_VERSION);
    wire_put_bytes(out, hello->user_agent);
    wire_put_u8(out, hello->no_verify);
    wire_put_u32(out, hello->connect_timeout_ms);
    wire_put_u32(out, hello->silence_timeout_ms);
    wire_put_u8(out, (uint8_t)hello->trust);
    wire_put_bytes(out, hello->bundle);
    wire_end(out, begun);
}

bool message_get_hello(struct view fields, struct message_hello *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_hello hello = { 0 };
    uint32_t version = wire_get_u32(&from, UINT32_MAX);

    hello.user_agent = wire_get_text(&from, MESSAGE_MAX_USER_AGENT);
    hello.no_verify = wire_get_bool(&from);
    hello.connect_timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    hello.silence_timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    hello.trust = (enum message_trust)wire_get_u8(&from, MESSAGE_TRUST_BOTH);
    hello.bundle = wire_get_bytes(&from, MESSAGE_MAX_BUNDLE);
    if (!wire_done(&from) || version != MESSAGE_VERSION)
        return false;
    *out = hello;
    return true;
}

void message_put_ready(struct buf *out, uint32_t id, const struct message_ready *ready)
{
    size_t begun = wire_begin(out, MESSAGE_READY, id);

    wire_put_u32(out, ready->landlock);
    wire_put_u8(out, ready->seccomp);
    wire_put_u32(out, ready->uid);
    wire_put_bytes(out, view_of(ready->lacks));
    wire_end(out, begun);
}

bool message_get_ready(struct view fields, struct message_ready *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_ready ready = { 0 };
    struct view lacks;

    ready.landlock = wire_get_u32(&from, MESSAGE_MAX_LANDLOCK);
    ready.seccomp = wire_get_bool(&from);
    ready.uid = wire_get_u32(&from, UINT32_MAX);
    lacks = wire_get_text(&from, MESSAGE_MAX_LACKS);
    if (!wire_done(&from))
        return false;
    text_printable(ready.lacks, sizeof ready.lacks, lacks, false);
    *out = ready;
    return true;
}
