/*
 * HTTP exchanges, seen from the privileged side: bytes out, bytes in.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/net.h"
#include "net/private.h"

#define TIMEOUT_MS 120000

/* ---- decided without a request ---- */

static bool check_url(const char *url, struct error *err)
{
    if (strlen(url) <= MESSAGE_MAX_URL)
        return true;
    return error_set(err, ERROR_NETWORK, "a web address of %zu bytes is longer than the %d that are allowed",
        strlen(url), MESSAGE_MAX_URL);
}

/* A value is not repeated in a message: it may be secret. */
static bool check_fields(const struct http_request *request, struct error *err)
{
    if (request->field_count > HTTP_MAX_FIELDS)
        return error_set(err, ERROR_INTERNAL, "%zu header fields for %s", request->field_count, request->url);
    for (size_t i = 0; i < request->field_count; i++)
        if (!message_is_field(view_of(request->fields[i].name), request->fields[i].value))
            return error_set(err, ERROR_CONFIG,
                "the header field %s cannot be sent to %s: its name is taken or none, or its value is too long or has "
                "a "
                "line end or another control character in it",
                request->fields[i].name, request->url);
    return true;
}

static bool check_wanted(const struct http_request *request, struct error *err)
{
    size_t count = 0;

    while (request->wanted != NULL && request->wanted[count] != NULL && count <= HTTP_MAX_WANTED)
        if (!message_is_field_name(view_of(request->wanted[count++])))
            return error_set(err, ERROR_INTERNAL, "no header field of an answer: %s", request->wanted[count - 1]);
    return count <= HTTP_MAX_WANTED || error_set(err, ERROR_INTERNAL, "too many header fields are wanted of an answer");
}

static bool has_key(struct view pem)
{
    return pem.len > 0 && memmem(pem.at, pem.len, "PRIVATE KEY-----", 16) != NULL;
}

/* Certificates and keys. A key beside a certificate would cross to the network process unseen. */
static bool check_tls(const struct http_request *request, struct error *err)
{
    const struct view pem[] = { request->trust, request->client_cert, request->client_key };

    for (size_t i = 0; i < COUNT(pem); i++)
        if (view_has(pem[i], '\0'))
            return error_set(
                err, ERROR_CONFIG, "there is a NUL byte among the certificates or in the key for %s", request->url);
    if (request->trust.len > HTTP_MAX_TRUST || request->client_cert.len > HTTP_MAX_TRUST ||
        request->client_key.len > HTTP_MAX_KEY)
        return error_set(err, ERROR_CONFIG, "the certificates or the key for %s are too large", request->url);
    if (has_key(request->trust) || has_key(request->client_cert))
        return error_set(err, ERROR_CONFIG,
            "there is a private key among the certificates for %s: keep it in its own file", request->url);
    if ((request->client_cert.len == 0) != (request->client_key.len == 0))
        return error_set(err, ERROR_CONFIG, "for %s a client's certificate and its key are needed", request->url);
    return true;
}

static bool has_secrets(const struct http_request *request)
{
    bool found = request->client_key.len > 0;

    for (size_t i = 0; i < request->field_count; i++)
        found = found || request->fields[i].secret;
    return found;
}

static bool check_request(const struct http_request *request, struct error *err)
{
    if (!text_starts(request->url, "https://") && !text_starts(request->url, "http://"))
        return error_set(err, ERROR_NETWORK, "not a web address: %s", request->url);
    TRY(check_url(request->url, err));
    TRY(request->named_by == NULL || check_url(request->named_by, err));
    if (request->at != NULL && (request->follow || request->named_by != NULL || strlen(request->at) > MESSAGE_MAX_AT))
        return error_set(err, ERROR_INTERNAL, "%s cannot be asked at %s", request->url, request->at);
    if (request->body.len > MESSAGE_MAX_UPLOAD)
        return error_set(err, ERROR_NETWORK, "%zu bytes for %s are more than the %d that can be sent",
            request->body.len, request->url, MESSAGE_MAX_UPLOAD);
    if (request->follow && request->method != HTTP_GET && request->method != HTTP_HEAD)
        return error_set(err, ERROR_INTERNAL, "only GET and HEAD may follow redirects");
    if (request->follow && has_secrets(request))
        return error_set(err, ERROR_INTERNAL, "a request with secrets must not follow redirects: they lead anywhere");
    return check_fields(request, err) && check_wanted(request, err) && check_tls(request, err);
}

/* ---- one exchange ---- */

static struct view or_empty(struct view view)
{
    return view.at == NULL ? view_of("") : view;
}

/* Takes what is in the answer over, but for the body. */
static void fill(const struct message_response *from, bool names_as_sent, struct http_response *out)
{
    out->status = (int)from->status;
    out->url = view_dup(from->url);
    for (size_t i = 0; i < from->header_count; i++) {
        out->headers[i].name = view_dup(from->headers[i].name);
        if (!names_as_sent)
            text_lower(out->headers[i].name);
        out->headers[i].value = view_dup(from->headers[i].value);
    }
    out->header_count = from->header_count;
}

static void put_request(struct buf *frame, uint32_t id, const struct http_request *request, bool stream)
{
    struct message_request message = {
        .method = request->method,
        .url = view_of(request->url),
        .content_type = view_of(request->content_type),
        .accept = view_of(request->accept),
        .body = or_empty(request->body),
        .trust = or_empty(request->trust),
        .client_cert = or_empty(request->client_cert),
        .client_key = or_empty(request->client_key),
        .field_count = request->field_count,
        .max_body = (uint32_t)request->max_body,
        .timeout_ms = (uint32_t)request->timeout_ms,
        .silence_ms = request->silence_ms > 0 ? (uint32_t)request->silence_ms : 0,
        .follow = request->follow,
        .stream = stream,
        .guarded = request->named_by != NULL,
        .home = view_of(request->named_by),
        .at = view_of(request->at),
        .direct = request->direct,
    };

    for (size_t i = 0; i < request->field_count; i++) {
        message.fields[i].name = view_of(request->fields[i].name);
        message.fields[i].value = or_empty(request->fields[i].value);
        message.fields[i].secret = request->fields[i].secret;
    }
    while (request->wanted != NULL && request->wanted[message.wanted_count] != NULL) {
        message.wanted[message.wanted_count] = view_of(request->wanted[message.wanted_count]);
        message.wanted_count++;
    }
    frame->secret = has_secrets(request);
    message_put_request(frame, id, &message);
}

bool private_http_begin(struct net *net, const struct http_request *request, bool stream, struct private_body *body,
    struct http_response *out, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX);
    AUTO(answer_clear) struct answer answer = { 0 };
    struct message_response response;
    int timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : MESSAGE_MAX_TIMEOUT_MS;
    bool answered;

    TRY(check_request(request, err));
    *body = (struct private_body){ .net = net, .exchange = channel_next_id(net->channel) };
    put_request(&frame, body->exchange, request, stream);
    TRY(channel_send(net->channel, body->exchange, buf_view(&frame), NULL, 0, err));
    answered =
        channel_wait(net->channel, body->exchange, MESSAGE_RESPONSE, timeout_ms + PRIVATE_GRACE_MS, &answer, err);
    private_note_protection(net);
    TRY(answered);
    if (!message_get_response(answer.frame.fields, &response))
        return channel_violated(net->channel, "broken RESPONSE", err);
    fill(&response, request->names_as_sent, out);
    buf_put(&out->body, response.body);
    body->more = response.more;
    return true;
}

bool net_http(struct net *net, const struct http_request *request, struct http_response *out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct http_request bounded = *request;
    struct private_body body = { 0 };
    int64_t until_ms;
    bool ok;

    if (request->max_body == 0)
        bounded.max_body = HTTP_MAX_BODY;
    else if (request->max_body > HTTP_MAX_LARGE_BODY)
        bounded.max_body = HTTP_MAX_LARGE_BODY;
    if (request->timeout_ms <= 0)
        bounded.timeout_ms = TIMEOUT_MS;
    until_ms = clock_monotonic_ms() + bounded.timeout_ms + PRIVATE_GRACE_MS;
    response.body = BUF(bounded.max_body);
    ok = private_http_begin(net, &bounded, false, &body, &response, err) &&
         private_body_rest(&body, until_ms, &response.body, err);
    private_body_end(&body);
    TRY(ok);
    *out = response;
    response = (struct http_response){ 0 };
    return true;
}

void http_response_clear(struct http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++) {
        free(response->headers[i].name);
        free(response->headers[i].value);
    }
    buf_clear(&response->body);
    free(response->url);
    *response = (struct http_response){ 0 };
}

const char *http_header(const struct http_response *response, const char *name, size_t *from)
{
    size_t i = from == NULL ? 0 : *from;

    while (i < response->header_count && strcmp(response->headers[i].name, name) != 0)
        i++;
    if (from != NULL)
        *from = i < response->header_count ? i + 1 : i;
    return i < response->header_count ? response->headers[i].value : NULL;
}
