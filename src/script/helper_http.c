/*
 * Requests of acme.sh's DNS scripts, as curl would make them for them: any status is an answer, its body is unchanged.
 * Redirects are followed, but nothing that a script says in header fields or in a body goes to another host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/dns.h"
#include "net/net.h"
#include "script/helper.h"
#include "script/redirect.h"
#include "voice/voice.h"

#define REDIRECTS_MAX 5
#define FORM "application/x-www-form-urlencoded"

struct exchange {
    struct net *net;
    struct http_request request;
    struct http_field fields[HTTP_MAX_FIELDS];
    struct list names;
    char *url;
    bool form;  /* the body has no type of its own */
    int header; /* the file for heads; -1: none */
};

static void exchange_clear_at(struct exchange *exchange)
{
    net_stop(exchange->net);
    list_clear(&exchange->names);
    free(exchange->url);
    close_at(&exchange->header);
}

static const char *given(const char *name)
{
    const char *value = getenv(name);

    return value == NULL ? "" : value;
}

/* ---- the request ---- */

static bool find_method(const char *name, enum http_method *out, struct error *err)
{
    static const char *const names[] = { [HTTP_GET] = "GET",
        [HTTP_HEAD] = "HEAD",
        [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH",
        [HTTP_DELETE] = "DELETE" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcasecmp(names[i], name) == 0) {
            *out = (enum http_method)i;
            return true;
        }
    return error_set(err, ERROR_CONFIG, "requests of the method %s cannot be made", name);
}

/* Fields that belong to the connection, or say who asks, are ours. */
static bool is_ours(const char *name)
{
    static const char *const ours[] = { "User-Agent", "Content-Length", "Host", "Connection", "Expect",
        "Accept-Encoding" };

    for (size_t i = 0; i < COUNT(ours); i++)
        if (strcasecmp(ours[i], name) == 0)
            return true;
    return false;
}

static void add_field(struct exchange *exchange, const char *name, struct view value)
{
    struct http_request *request = &exchange->request;

    if (value.len == 0 || is_ours(name))
        return;
    if (strcasecmp(name, "Content-Type") == 0 || strcasecmp(name, "Accept") == 0) {
        list_add_view(&exchange->names, value);
        *(strcasecmp(name, "Accept") == 0 ? &request->accept : &request->content_type) =
            exchange->names.at[exchange->names.len - 1];
        return;
    }
    exchange->fields[request->field_count++] = (struct http_field){ name, value, true };
}

/* A field a line; a line without a colon is none. */
static bool add_fields(struct exchange *exchange, struct error *err)
{
    struct view rest = view_of(given("EVERCERT_FIELDS")), line;

    while (view_cut(&rest, '\n', &line)) {
        struct view name = { NULL, 0 };

        if (!view_has(line, ':') || !view_cut(&line, ':', &name))
            continue;
        if (exchange->request.field_count == HTTP_MAX_FIELDS)
            return error_set(err, ERROR_CONFIG, "a request has more than %d header fields", HTTP_MAX_FIELDS);
        list_add_view(&exchange->names, view_trim(name));
        add_field(exchange, exchange->names.at[exchange->names.len - 1], view_trim(line));
    }
    exchange->request.fields = exchange->fields;
    return true;
}

static bool begin(struct exchange *exchange, const char *method, struct view body, struct error *err)
{
    struct http_request *request = &exchange->request;
    const char *type = given("EVERCERT_TYPE"), *header = given("EVERCERT_HEADER");

    TRY(find_method(method, &request->method, err));
    request->accept = "*/*";
    request->names_as_sent = true;
    request->body = body;
    TRY(add_fields(exchange, err));
    if (type[0] != '\0')
        request->content_type = type;
    if (request->content_type == NULL && body.len > 0)
        request->content_type = FORM;
    exchange->url = xstrdup(given("EVERCERT_URL"));
    if (header[0] == '\0')
        return true;
    exchange->header = open(header, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return exchange->header >= 0 || file_error(err, "open", header);
}

static bool start_net(struct net **out, struct error *err)
{
    AUTO(free) char *agent = xprintf("%s/%s (DNS script)", voice_own.program, voice_own.version);
    struct net_options options = { .user_agent = agent,
        .no_verify = text_is_given(given("EVERCERT_INSECURE")) && !text_equal(given("EVERCERT_INSECURE"), "0") };

    return net_start(&options, out, err);
}

/* ---- the answer ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = { { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
        { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
        { 307, "Temporary Redirect" }, { 308, "Permanent Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
        { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" },
        { 422, "Unprocessable Entity" }, { 429, "Too Many Requests" }, { 500, "Internal Server Error" },
        { 502, "Bad Gateway" }, { 503, "Service Unavailable" } };

    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

/* The head as it stands in HTTP/1.1 (RFC 9112), whatever it came by. */
static void put_head(struct buf *out, const struct http_response *response)
{
    buf_putf(out, "HTTP/1.1 %d %s\r\n", response->status, reason(response->status));
    for (size_t i = 0; i < response->header_count; i++)
        buf_putf(out, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
    buf_put_text(out, "\r\n");
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static const char *location_of(const struct http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name, "Location") == 0)
            return response->headers[i].value;
    return NULL;
}

/* Prepares the request for where the answer leads; false: the answer is the last one. */
static bool follow(struct exchange *exchange, const struct http_response *response)
{
    struct http_request *request = &exchange->request;
    const char *location = is_redirect(response->status) ? location_of(response) : NULL;
    char *target = location == NULL ? NULL : redirect_target(exchange->url, location);
    bool same = target != NULL && redirect_same_origin(exchange->url, target);
    bool less_safe = target != NULL && text_starts(exchange->url, "https://") && !text_starts(target, "https://");
    bool again = response->status >= 307; /* the same method with the same body (RFC 9110 section 15.4) */

    if (target == NULL || less_safe || (!same && again && request->body.len > 0)) {
        free(target);
        return false;
    }
    if (!again && request->method != HTTP_HEAD) {
        request->method = HTTP_GET;
        request->body = view_of("");
        request->content_type = NULL;
    }
    if (!same)
        request->field_count = 0;
    free(exchange->url);
    exchange->url = target;
    return true;
}

/* *last is whether this was the last answer. */
static bool ask_once(struct exchange *exchange, bool may_follow, struct buf *out, bool *last, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(buf_clear) struct buf head = BUF_SECRET(HTTP_MAX_HEADERS * 16384);

    exchange->request.url = exchange->url;
    TRY(net_http(exchange->net, &exchange->request, &response, err));
    put_head(&head, &response);
    if (exchange->header >= 0 && !file_write_all(exchange->header, buf_view(&head)))
        return error_errno(err, ERROR_STORE, "cannot write down the head of an answer");
    *last = !may_follow || !follow(exchange, &response);
    if (exchange->request.method == HTTP_HEAD)
        buf_put(out, buf_view(&head));
    else if (*last)
        buf_put(out, buf_view(&response.body));
    return true;
}

bool helper_http(const char *method, struct view input, struct buf *out, struct error *err)
{
    AUTO(exchange_clear) struct exchange exchange = { .header = -1 };
    bool stay = text_is_given(given("EVERCERT_STAY")), last = false;

    TRY(begin(&exchange, method, input, err));
    TRY(start_net(&exchange.net, err));
    for (unsigned hop = 0; !last; hop++)
        TRY(ask_once(&exchange, !stay && hop < REDIRECTS_MAX, out, &last, err));
    return true;
}

/* ---- TXT records ---- */

/* Its strings one behind the other (RFC 1035 section 3.3.14, RFC 7208 section 3.3). */
static void put_txt(struct view data, struct buf *out)
{
    while (data.len > 0) {
        size_t len = (unsigned char)data.at[0];

        if (len > data.len - 1)
            len = data.len - 1;
        buf_put(out, (struct view){ data.at + 1, len });
        data = (struct view){ data.at + 1 + len, data.len - 1 - len };
    }
    buf_put_char(out, '\n');
}

bool helper_lookup(const char *name, const char *type, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf message = BUF(DNS_MAX_MESSAGE);
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
    AUTO(net_stop) struct net *net = NULL;

    if (strcasecmp(type, "TXT") != 0)
        return error_set(err, ERROR_CONFIG, "records of the type %s are not looked up for scripts", type);
    TRY(dns_put_question(&message, name, DNS_TXT, DNS_RECURSE, err));
    TRY(start_net(&net, err));
    TRY(net_dns(net, &(struct dns_question){ .message = buf_view(&message) }, &answer, err));
    for (size_t i = 0; i < answer.len; i++)
        if (answer.at[i].section == DNS_IN_ANSWER && answer.at[i].type == DNS_TXT)
            put_txt(buf_view(&answer.at[i].data), out);
    return true;
}
