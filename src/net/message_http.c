/*
 * REQUEST and RESPONSE, READ and DATA: one HTTP exchange.
 */
#include "net/message.h"

#include <strings.h>

/* A token (RFC 9110 section 5.6.2). */
bool message_is_field_name(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return text.len > 0 && text.len <= MESSAGE_MAX_NAME;
}

/* RFC 9110 section 5.5: what is seen, blanks, tabs, and bytes above 127. */
static bool is_value(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return text.len <= MESSAGE_MAX_VALUE;
}

bool message_is_field(struct view name, struct view value)
{
    static const char *const taken[] = { "accept", "accept-encoding", "connection", "content-length", "content-type",
        "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "user-agent" };

    for (size_t i = 0; i < COUNT(taken); i++)
        if (name.len == strlen(taken[i]) && strncasecmp(name.at, taken[i], name.len) == 0)
            return false;
    return message_is_field_name(name) && is_value(value);
}

static void put_fields(struct buf *out, const struct message_request *request)
{
    wire_put_u8(out, (uint8_t)request->field_count);
    for (size_t i = 0; i < request->field_count; i++) {
        wire_put_bytes(out, request->fields[i].name);
        wire_put_bytes(out, request->fields[i].value);
        wire_put_u8(out, request->fields[i].secret);
    }
    wire_put_u8(out, (uint8_t)request->wanted_count);
    for (size_t i = 0; i < request->wanted_count; i++)
        wire_put_bytes(out, request->wanted[i]);
    wire_put_bytes(out, request->trust);
    wire_put_bytes(out, request->client_cert);
    wire_put_bytes(out, request->client_key);
}

static void get_fields(struct wire_cursor *from, struct message_request *request)
{
    request->field_count = wire_get_u8(from, HTTP_MAX_FIELDS);
    for (size_t i = 0; i < request->field_count; i++) {
        request->fields[i].name = wire_get_text(from, MESSAGE_MAX_NAME);
        request->fields[i].value = wire_get_text(from, MESSAGE_MAX_VALUE);
        request->fields[i].secret = wire_get_bool(from);
        if (!message_is_field(request->fields[i].name, request->fields[i].value))
            from->failed = true;
    }
    request->wanted_count = wire_get_u8(from, HTTP_MAX_WANTED);
    for (size_t i = 0; i < request->wanted_count; i++) {
        request->wanted[i] = wire_get_text(from, MESSAGE_MAX_NAME);
        if (!message_is_field_name(request->wanted[i]))
            from->failed = true;
    }
    request->trust = wire_get_text(from, HTTP_MAX_TRUST);
    request->client_cert = wire_get_text(from, HTTP_MAX_TRUST);
    request->client_key = wire_get_text(from, HTTP_MAX_KEY);
    if ((request->client_cert.len == 0) != (request->client_key.len == 0))
        from->failed = true;
}

void message_put_request(struct buf *out, uint32_t id, const struct message_request *request)
{
    size_t begun = wire_begin(out, MESSAGE_REQUEST, id);

    wire_put_u8(out, (uint8_t)request->method);
    wire_put_bytes(out, request->url);
    wire_put_bytes(out, request->content_type);
    wire_put_bytes(out, request->accept);
    wire_put_bytes(out, request->body);
    put_fields(out, request);
    wire_put_u32(out, request->max_body);
    wire_put_u32(out, request->timeout_ms);
    wire_put_u32(out, request->silence_ms);
    wire_put_u8(out, request->follow);
    wire_put_u8(out, request->stream);
    wire_put_u8(out, request->guarded);
    wire_put_bytes(out, request->home);
    wire_put_bytes(out, request->at);
    wire_put_u8(out, request->direct);
    wire_end(out, begun);
}

/* The value of a header that we send: a line end in it would begin another header. */
static struct view get_header_value(struct wire_cursor *from)
{
    struct view value = wire_get_text(from, MESSAGE_MAX_NAME);

    if (view_has(value, '\r') || view_has(value, '\n'))
        from->failed = true;
    return value;
}

bool message_get_request(struct view fields, struct message_request *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_request request = { 0 };

    request.method = (enum http_method)wire_get_u8(&from, HTTP_DELETE);
    request.url = wire_get_text(&from, MESSAGE_MAX_URL);
    request.content_type = get_header_value(&from);
    request.accept = get_header_value(&from);
    request.body = wire_get_bytes(&from, MESSAGE_MAX_UPLOAD);
    get_fields(&from, &request);
    request.max_body = wire_get_u32(&from, HTTP_MAX_LARGE_BODY);
    request.timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    request.silence_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    request.follow = wire_get_bool(&from);
    request.stream = wire_get_bool(&from);
    request.guarded = wire_get_bool(&from);
    request.home = wire_get_text(&from, MESSAGE_MAX_URL);
    request.at = wire_get_text(&from, MESSAGE_MAX_AT);
    request.direct = wire_get_bool(&from);
    if (!wire_done(&from) || (request.at.len > 0 && (request.follow || request.guarded)))
        return false;
    *out = request;
    return true;
}

void message_put_response(struct buf *out, uint32_t id, const struct message_response *response)
{
    size_t begun = wire_begin(out, MESSAGE_RESPONSE, id);

    wire_put_u32(out, response->status);
    wire_put_bytes(out, response->url);
    wire_put_u32(out, (uint32_t)response->header_count);
    for (size_t i = 0; i < response->header_count; i++) {
        wire_put_bytes(out, response->headers[i].name);
        wire_put_bytes(out, response->headers[i].value);
    }
    wire_put_bytes(out, response->body);
    wire_put_u8(out, response->more);
    wire_end(out, begun);
}

bool message_get_response(struct view fields, struct message_response *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_response response = { 0 };

    response.status = wire_get_u32(&from, 999);
    response.url = wire_get_text(&from, MESSAGE_MAX_FINAL_URL);
    response.header_count = wire_get_u32(&from, HTTP_MAX_HEADERS);
    for (size_t i = 0; i < response.header_count; i++) {
        response.headers[i].name = wire_get_text(&from, MESSAGE_MAX_NAME);
        response.headers[i].value = wire_get_text(&from, MESSAGE_MAX_VALUE);
    }
    response.body = wire_get_bytes(&from, HTTP_CHUNK);
    response.more = wire_get_bool(&from);
    if (!wire_done(&from))
        return false;
    *out = response;
    return true;
}

void message_put_read(struct buf *out, uint32_t id, const struct message_read *read)
{
    size_t begun = wire_begin(out, MESSAGE_READ, id);

    wire_put_u32(out, read->exchange);
    wire_put_u32(out, read->timeout_ms);
    wire_end(out, begun);
}

bool message_get_read(struct view fields, struct message_read *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_read read = { 0 };

    read.exchange = wire_get_u32(&from, UINT32_MAX);
    read.timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    if (!wire_done(&from))
        return false;
    *out = read;
    return true;
}

void message_put_data(struct buf *out, uint32_t id, const struct message_data *data)
{
    size_t begun = wire_begin(out, MESSAGE_DATA, id);

    wire_put_bytes(out, data->piece);
    wire_put_u8(out, data->more);
    wire_end(out, begun);
}

bool message_get_data(struct view fields, struct message_data *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_data data = { 0 };

    data.piece = wire_get_bytes(&from, HTTP_CHUNK);
    data.more = wire_get_bool(&from);
    if (!wire_done(&from))
        return false;
    *out = data;
    return true;
}
