/*
 * Answers in pieces, seen from the privileged side: each piece is asked for.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/net.h"
#include "net/private.h"

bool private_body_read(struct private_body *body, int timeout_ms, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(WIRE_HEAD + 8);
    AUTO(answer_clear) struct answer answer = { 0 };
    struct channel *channel = body->net->channel;
    uint32_t id = channel_next_id(channel);
    struct message_data data;

    if (timeout_ms > MESSAGE_MAX_TIMEOUT_MS)
        timeout_ms = MESSAGE_MAX_TIMEOUT_MS;
    message_put_read(&frame, id, &(struct message_read){ body->exchange, (uint32_t)timeout_ms });
    TRY(channel_send(channel, id, buf_view(&frame), NULL, 0, err));
    TRY(channel_wait(channel, id, MESSAGE_DATA, timeout_ms + PRIVATE_GRACE_MS, &answer, err));
    if (!message_get_data(answer.frame.fields, &data))
        return channel_violated(channel, "broken DATA", err);
    buf_put(out, data.piece);
    body->more = data.more;
    return true;
}

bool private_body_rest(struct private_body *body, int64_t until_ms, struct buf *out, struct error *err)
{
    while (!out->failed && body->more) {
        int64_t left_ms = until_ms - clock_monotonic_ms();

        if (left_ms <= 0)
            return channel_violated(body->net->channel, "no end of it", err);
        TRY(private_body_read(
            body, left_ms < MESSAGE_MAX_TIMEOUT_MS ? (int)left_ms : MESSAGE_MAX_TIMEOUT_MS, out, err));
    }
    return !out->failed || channel_violated(body->net->channel, "larger than what was asked for", err);
}

void private_body_end(struct private_body *body)
{
    if (body->more) /* for one that has failed meanwhile that is fine, too */
        channel_cancel(body->net->channel, body->exchange);
    body->more = false;
}

struct net_stream {
    struct private_body body;
    struct buf come; /* bytes received */
    size_t taken;    /* of these, how many were read */
    bool failed;
};

/* Bytes received and not read yet. */
static struct view unread(const struct net_stream *stream)
{
    return (struct view){ buf_text(&stream->come) + stream->taken, stream->come.len - stream->taken };
}

bool net_stream_open(struct net *net, const struct http_request *request, struct http_response *head,
    struct net_stream **out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(net_stream_close) struct net_stream *stream = NULL;
    struct http_request bounded = *request;

    if (request->follow)
        return error_set(err, ERROR_INTERNAL, "an answer that comes in pieces follows no redirects");
    bounded.max_body = 0;
    stream = xcalloc(1, sizeof *stream);
    response.body = BUF(HTTP_CHUNK);
    TRY(private_http_begin(net, &bounded, true, &stream->body, &response, err));
    stream->come = response.body;
    response.body = BUF(0);
    *head = response;
    response = (struct http_response){ 0 };
    *out = TAKE(stream);
    return true;
}

void net_stream_close(struct net_stream *stream)
{
    if (stream == NULL)
        return;
    private_body_end(&stream->body);
    buf_clear(&stream->come);
    free(stream);
}

/* Drops the bytes that were read. Done before more is received, not at each line: a piece may hold 262,144 lines. */
static void forget_taken(struct net_stream *stream)
{
    struct view rest = unread(stream);

    if (stream->taken > 0 && rest.len > 0)
        memmove(stream->come.at, rest.at, rest.len);
    buf_cut(&stream->come, rest.len);
    stream->taken = 0;
}

/* Waits for more; false also when called after a failure. */
static bool come_more(struct net_stream *stream, int timeout_ms, struct error *err)
{
    if (stream->failed)
        return error_set(err, ERROR_INTERNAL, "an answer is read on after a failure");
    forget_taken(stream);
    stream->failed = !private_body_read(&stream->body, timeout_ms, &stream->come, err);
    return !stream->failed;
}

bool net_stream_read(
    struct net_stream *stream, int timeout_ms, struct buf *out, enum stream_step *step, struct error *err)
{
    if (unread(stream).len == 0 && stream->body.more)
        TRY(come_more(stream, timeout_ms, err));
    *step = unread(stream).len > 0 ? STREAM_PIECE : stream->body.more ? STREAM_SILENT : STREAM_END;
    buf_put(out, unread(stream));
    stream->taken = stream->come.len;
    return !out->failed || error_set(err, ERROR_INTERNAL, "no room for a piece of an answer");
}

/* Length of the first line without its end, as far as it was received. */
static size_t line_length(const struct net_stream *stream)
{
    struct view rest = unread(stream), first = { "", 0 };

    (void)view_cut(&rest, '\n', &first);
    return first.len > 0 && first.at[first.len - 1] == '\r' ? first.len - 1 : first.len;
}

/* Moves the first line to *line, where it fits. False: it is not complete yet. */
static bool take_line(struct net_stream *stream, struct buf *line)
{
    struct view rest = unread(stream), first;

    if (rest.len == 0 || (!view_has(rest, '\n') && stream->body.more))
        return false;
    buf_cut(line, 0);
    buf_put(line, (struct view){ rest.at, line_length(stream) });
    (void)view_cut(&rest, '\n', &first);
    stream->taken = stream->come.len - rest.len;
    return true;
}

bool net_stream_line(
    struct net_stream *stream, int timeout_ms, struct buf *line, enum stream_step *step, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;

    stream->come.max = line->max < SIZE_MAX / 2 ? line->max + 2 + HTTP_CHUNK : SIZE_MAX;
    for (bool asked = false;; asked = true) {
        int64_t left_ms = until_ms - clock_monotonic_ms();

        if (line_length(stream) > line->max) {
            stream->failed = true;
            return error_set(err, ERROR_NETWORK, "a line of the answer is longer than %zu bytes", line->max);
        }
        *step = STREAM_PIECE;
        if (take_line(stream, line))
            return true;
        *step = stream->body.more ? STREAM_SILENT : STREAM_END;
        if (!stream->body.more || (asked && left_ms <= 0))
            return true;
        TRY(come_more(stream, left_ms > 0 ? (int)left_ms : 0, err));
    }
}
