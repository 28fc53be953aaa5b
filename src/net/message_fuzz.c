/* A stream from either side: whatever is accepted is written again to the very same bytes. */
#include <string.h>

#include "net/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_dns_answer_again(struct buf *out, const struct wire_frame *frame)
{
    AUTO(message_dns_answer_clear) struct message_dns_answer answer = { 0 };

    if (message_get_dns_answer(frame->fields, &answer))
        message_put_dns_answer(out, frame->id, &answer);
}

static void put_again(struct buf *out, const struct wire_frame *frame)
{
    struct view fields = frame->fields;
    union {
        struct message_hello hello;
        struct message_ready ready;
        struct message_request request;
        struct message_response response;
        struct message_read read;
        struct message_dns dns;
        struct message_probe probe;
        struct message_probed probed;
        struct message_data data;
        struct message_failed failed;
        struct message_visit visit;
        struct message_token token;
        struct message_listen listen;
        struct message_alpn alpn;
    } as;

    memset(&as, 0, sizeof as);
    if (frame->type == MESSAGE_HELLO && message_get_hello(fields, &as.hello))
        message_put_hello(out, frame->id, &as.hello);
    else if (frame->type == MESSAGE_READY && message_get_ready(fields, &as.ready))
        message_put_ready(out, frame->id, &as.ready);
    else if (frame->type == MESSAGE_REQUEST && message_get_request(fields, &as.request))
        message_put_request(out, frame->id, &as.request);
    else if (frame->type == MESSAGE_RESPONSE && message_get_response(fields, &as.response))
        message_put_response(out, frame->id, &as.response);
    else if (frame->type == MESSAGE_PROBE && message_get_probe(fields, &as.probe))
        message_put_probe(out, frame->id, &as.probe);
    else if (frame->type == MESSAGE_PROBED && message_get_probed(fields, &as.probed))
        message_put_probed(out, frame->id, &as.probed);
    else if (frame->type == MESSAGE_DNS && message_get_dns(fields, &as.dns))
        message_put_dns(out, frame->id, &as.dns);
    else if (frame->type == MESSAGE_DNS_ANSWER)
        put_dns_answer_again(out, frame);
    else if (frame->type == MESSAGE_READ && message_get_read(fields, &as.read))
        message_put_read(out, frame->id, &as.read);
    else if (frame->type == MESSAGE_DATA && message_get_data(fields, &as.data))
        message_put_data(out, frame->id, &as.data);
    else if (frame->type == MESSAGE_VISIT && frame->id == 0 && message_get_visit(fields, &as.visit))
        message_put_visit(out, &as.visit);
    else if (frame->type == MESSAGE_FAILED && message_get_failed(fields, &as.failed))
        message_put_failed(out, frame->id, &as.failed);
    else if (frame->type == MESSAGE_LISTEN && message_get_listen(fields, &as.listen))
        message_put_listen(out, frame->id, &as.listen);
    else if (frame->type == MESSAGE_UNLISTEN && message_get_unlisten(fields, &as.listen))
        message_put_unlisten(out, frame->id, &as.listen);
    else if (frame->type == MESSAGE_ADD && message_get_add(fields, &as.token))
        message_put_add(out, frame->id, &as.token);
    else if (frame->type == MESSAGE_REMOVE && message_get_remove(fields, &as.token))
        message_put_remove(out, frame->id, &as.token);
    else if (frame->type == MESSAGE_ALPN_ADD && message_get_alpn_add(fields, &as.alpn))
        message_put_alpn_add(out, frame->id, &as.alpn);
    else if (frame->type == MESSAGE_ALPN_REMOVE && message_get_alpn_remove(fields, &as.alpn))
        message_put_alpn_remove(out, frame->id, &as.alpn);
    else if (message_get_empty(fields))
        message_put_empty(out, (enum message_type)frame->type, frame->id);
}

static void try_stream(struct view stream, size_t (*max)(uint8_t type))
{
    struct wire_frame frame;

    while (wire_peek(stream, max, &frame) == WIRE_WHOLE) {
        AUTO(buf_clear) struct buf out = BUF(MESSAGE_MAX);

        put_again(&out, &frame);
        if (out.len > 0 && (out.len != frame.size || memcmp(out.at, stream.at, frame.size) != 0))
            abort();
        stream.at += frame.size;
        stream.len -= frame.size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view stream = { (const char *)data, size };

    try_stream(stream, message_max_question);
    try_stream(stream, message_max_answer);
    return 0;
}
