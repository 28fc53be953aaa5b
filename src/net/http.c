/*
 * HTTP exchanges, seen from the privileged side: bytes out, bytes in.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/net.h"
#include "net/private.h"

#define TIMEOUT_MS 120000
#define GRACE_MS 30000 /* the network process ends an exchange itself; this much later it counts as stuck */

/* What can be said without asking anybody. */
static bool check_request(const struct http_request *request, struct error *err)
{
    if (!text_starts(request->url, "https://") && !text_starts(request->url, "http://"))
        return error_set(err, ERROR_NETWORK, "not a web address: %s", request->url);
    if (strlen(request->url) > MESSAGE_MAX_URL)
        return error_set(err, ERROR_NETWORK, "a web address of %zu bytes is longer than the %d that are allowed",
            strlen(request->url), MESSAGE_MAX_URL);
    if (request->body.len > MESSAGE_MAX_UPLOAD)
        return error_set(err, ERROR_NETWORK, "%zu bytes for %s are more than the %d that can be sent",
            request->body.len, request->url, MESSAGE_MAX_UPLOAD);
    if (request->named_by != NULL && strlen(request->named_by) > MESSAGE_MAX_URL)
        return error_set(err, ERROR_NETWORK, "a web address of %zu bytes is longer than the %d that are allowed",
            strlen(request->named_by), MESSAGE_MAX_URL);
    if (request->follow && request->method == HTTP_POST)
        return error_set(err, ERROR_INTERNAL, "a POST must not follow redirects");
    return true;
}

/* The body stays where it came in: a revocation list has some megabytes. */
static void take_body(struct answer *answer, struct view body, size_t max_body, struct http_response *out)
{
    memmove(answer->bytes.at, body.at, body.len);
    buf_cut(&answer->bytes, body.len);
    out->body = answer->bytes;
    out->body.max = max_body;
    answer->bytes = BUF(0);
}

/* Takes what is in the answer over. */
static void fill(struct answer *answer, const struct message_response *from, size_t max_body, struct http_response *out)
{
    out->status = (int)from->status;
    out->url = view_dup(from->url);
    for (size_t i = 0; i < from->header_count; i++) {
        out->headers[i].name = view_dup(from->headers[i].name);
        text_lower(out->headers[i].name);
        out->headers[i].value = view_dup(from->headers[i].value);
    }
    out->header_count = from->header_count;
    take_body(answer, from->body, max_body, out);
}

bool net_http(struct net *net, const struct http_request *request, struct http_response *out, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_UPLOAD + 2 * MESSAGE_MAX_URL + 4096);
    AUTO(answer_clear) struct answer answer = { 0 };
    struct message_response response;
    int timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;
    uint32_t id;
    bool answered;
    size_t max_body = request->max_body == 0 ? HTTP_MAX_BODY : request->max_body;

    TRY(check_request(request, err));
    if (max_body > HTTP_MAX_LARGE_BODY)
        max_body = HTTP_MAX_LARGE_BODY;
    id = channel_next_id(net->channel);
    message_put_request(&frame, id,
        &(struct message_request){
            .method = request->method,
            .url = view_of(request->url),
            .content_type = view_of(request->content_type),
            .accept = view_of(request->accept),
            .body = request->body.at == NULL ? view_of("") : request->body,
            .max_body = (uint32_t)max_body,
            .timeout_ms = (uint32_t)timeout_ms,
            .patience_ms = request->patience_ms > 0 ? (uint32_t)request->patience_ms : 0,
            .follow = request->follow,
            .guarded = request->named_by != NULL,
            .home = view_of(request->named_by),
        });
    TRY(channel_request(net->channel, id, buf_view(&frame), message_max_response(max_body), err));
    answered = channel_wait(net->channel, id, MESSAGE_RESPONSE, timeout_ms + GRACE_MS, &answer, err);
    private_note_protection(net);
    TRY(answered);
    if (!message_get_response(answer.frame.fields, &response) || response.body.len > max_body)
        return channel_violated(net->channel, "broken RESPONSE", err);
    fill(&answer, &response, max_body, out);
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
