/*
 * One HTTP exchange inside the engine.
 */
#include "client/transfer.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/event_timeout.h"
#include "client/proxy.h"

#define MAX_REDIRECTS 5
#define MAX_HEADER_BYTES (256 * 1024)

/* ---- what comes in; libcurl calls these ---- */

static void start_silence_timer(struct transfer *transfer, uint32_t ms)
{
    if (transfer->silence_timer != NULL)
        (void)event_add_ms(transfer->silence_timer, ms);
}

/* Something came: the silence begins anew. How long a stream may be silent is its reader's to say. */
static void sign_of_life(struct transfer *transfer)
{
    if (!transfer->stream || !transfer->told)
        start_silence_timer(transfer, transfer->silence_ms);
}

/*
 * A connection is begun. The time for that is ours to measure: libcurl's begins with the round, and the wait for one of
 * the connections that others use would count. It still divides its own among the addresses of a host.
 */
static void on_its_way(struct transfer *transfer, enum transfer_phase phase)
{
    int64_t waited = clock_monotonic_ms() - transfer->round;

    if (transfer->phase == PHASE_WAITING) {
        start_silence_timer(transfer, transfer->connect_ms);
        (void)curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(waited + transfer->connect_ms));
    }
    if (transfer->phase < phase)
        transfer->phase = phase;
}

static int on_resolve(void *resolver __attribute__((unused)), void *reserved __attribute__((unused)), void *ctx)
{
    on_its_way(ctx, PHASE_RESOLVING);
    return 0;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose __attribute__((unused)), struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;

    on_its_way(transfer, PHASE_CONNECTING);
    if (!guard_lets_connect(&transfer->guard, &address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_connected(void *ctx, char *remote, char *local __attribute__((unused)),
    int remote_port __attribute__((unused)), int local_port __attribute__((unused)))
{
    struct transfer *transfer = ctx;

    if (!guard_lets_out(&transfer->guard, remote))
        return CURL_PREREQFUNC_ABORT;
    transfer->phase = PHASE_CONNECTED;
    sign_of_life(transfer);
    return CURL_PREREQFUNC_OK;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static long status_of(const struct transfer *transfer)
{
    long status = 0;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Whether the answer is a redirect that is to be followed: its body is not read. */
static bool leads_elsewhere(const struct transfer *transfer)
{
    bool has_location = false;

    for (size_t i = 0; i < transfer->header_count; i++)
        has_location = has_location || strcasecmp(transfer->headers[i].name, "Location") == 0;
    return transfer->follow && has_location && is_redirect(status_of(transfer));
}

/* There is no room for a piece until the previous one was taken. Meanwhile the silence timeout does not count. */
static size_t wait_for_reader(struct transfer *transfer)
{
    transfer->paused = true;
    if (transfer->silence_timer != NULL)
        (void)event_del(transfer->silence_timer);
    if (!transfer->told)
        transfer->ready(transfer);
    return CURL_WRITEFUNC_PAUSE;
}

static size_t on_body(char *at, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct view piece = { at, size * count };

    if (transfer->max_body > 0 && piece.len > transfer->max_body - transfer->got) {
        transfer->limit = LIMIT_BODY;
        return 0; /* ends the transfer, and an empty piece never comes */
    }
    if (transfer->body.len + piece.len > HTTP_CHUNK) {
        if (!leads_elsewhere(transfer))
            return wait_for_reader(transfer);
        buf_cut(&transfer->body, 0);
    }
    sign_of_life(transfer);
    transfer->got += piece.len;
    buf_put(&transfer->body, piece);
    if (transfer->reader != 0)
        transfer->ready(transfer);
    return piece.len;
}

CURLcode transfer_go_on(struct transfer *transfer)
{
    if (!transfer->paused || transfer->ended)
        return CURLE_OK;
    transfer->paused = false;
    sign_of_life(transfer);
    return curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

static void drop_headers(struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->header_count; i++) {
        free(transfer->headers[i].name);
        free(transfer->headers[i].value);
    }
    transfer->header_count = 0;
}

static bool is_wanted(const struct transfer *transfer, struct view name)
{
    for (size_t i = 0; i < transfer->wanted.len; i++)
        if (strlen(transfer->wanted.at[i]) == name.len && strncasecmp(transfer->wanted.at[i], name.at, name.len) == 0)
            return true;
    return transfer->wanted.len == 0;
}

static void keep_header(struct transfer *transfer, struct view line)
{
    struct view name, value = view_trim(line);

    if (transfer->header_count == HTTP_MAX_HEADERS || !view_cut(&value, ':', &name) || value.at == NULL)
        return;
    value = view_trim(value);
    if (name.len == 0 || name.len > MESSAGE_MAX_NAME || value.len > MESSAGE_MAX_VALUE || view_has(line, '\0'))
        return;
    if (name.len == strlen("Set-Cookie") && strncasecmp(name.at, "Set-Cookie", name.len) == 0)
        transfer->cookie_count++;
    if (!is_wanted(transfer, name))
        return;
    transfer->headers[transfer->header_count].name = view_dup(name);
    transfer->headers[transfer->header_count].value = view_dup(value);
    transfer->header_count++;
}

static size_t on_header(char *at, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct view line = { at, size * count };

    sign_of_life(transfer);
    transfer->header_bytes += line.len;
    if (transfer->header_bytes > MAX_HEADER_BYTES) {
        transfer->limit = LIMIT_HEADERS;
        return 0;
    }
    if (view_starts(line, "HTTP/")) /* a status line: what stood before it was interim (RFC 9110 section 15.2) */
        drop_headers(transfer);
    else
        keep_header(transfer, line);
    if (transfer->stream && !transfer->told && view_trim(line).len == 0 && status_of(transfer) >= 200)
        transfer->ready(transfer); /* the head is complete, and no interim one */
    return line.len;
}

/* ---- options ---- */

static void add_send_header(struct transfer *transfer, const char *name, struct view value)
{
    AUTO(wipe_free) char *text = view_dup(value);
    AUTO(wipe_free) char *line = value.len == 0 ? xprintf("%s;", name) : xprintf("%s: %s", name, text);
    struct curl_slist *longer = curl_slist_append(transfer->send_headers, line);

    if (longer == NULL)
        abort();
    transfer->send_headers = longer;
}

/* Values may be secret. */
static void drop_send_headers(struct transfer *transfer)
{
    for (struct curl_slist *line = transfer->send_headers; line != NULL; line = line->next)
        wipe(line->data, strlen(line->data));
    curl_slist_free_all(transfer->send_headers);
}

/* Nothing here fails but for want of memory, or with a libcurl that cannot do what we need of it. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK)                                                     \
            abort();                                                                                                   \
    } while (0)

static void set_connection(CURL *easy, const struct transfer_options *options)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L); /* rather wait to share an HTTP/2 connection than open another */
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, options->no_verify ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, options->no_verify ? 0L : 2L);
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, options->no_verify ? 0L : 1L);
    SET(CURLOPT_CAINFO, NULL); /* neither of libcurl's own: it would load the whole bundle for each connection */
    SET(CURLOPT_CAPATH, NULL);
    if (!options->no_verify) {
        SET(CURLOPT_SSL_CTX_FUNCTION, options->use_trust);
        SET(CURLOPT_SSL_CTX_DATA, options->trust);
    }
}

/* Whether the request says by itself which cookies it sends: then it has no part in those that are kept. */
static bool has_cookies(const struct message_request *request)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (request->fields[i].name.len == strlen("Cookie") &&
            strncasecmp(request->fields[i].name.at, "Cookie", strlen("Cookie")) == 0)
            return true;
    return false;
}

static void set_share(CURL *easy, CURLSH *share)
{
    SET(CURLOPT_SHARE, share);
    SET(CURLOPT_COOKIEFILE, "");
}

/* A connection of its own: over HTTP/2 a slow reader would keep others waiting. */
static void set_alone(CURL *easy)
{
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PIPEWAIT, 0L);
}

/* Where the server is, whatever the URL says. Not on a connection that others have made: it may be to a process of the
 * server's that is about to end, and still knows the configuration of before. */
static void set_at(CURL *easy, struct transfer *transfer, struct view at)
{
    AUTO(free) char *to = xprintf("::%.*s", (int)at.len, at.at);

    transfer->at = curl_slist_append(NULL, to);
    if (transfer->at == NULL)
        abort();
    SET(CURLOPT_CONNECT_TO, transfer->at);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    set_alone(easy);
}

static void set_receivers(CURL *easy, struct transfer *transfer)
{
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->error);
    SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
    SET(CURLOPT_RESOLVER_START_DATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_body(CURL *easy, struct transfer *transfer, const char *method, const struct message_request *request)
{
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    SET(CURLOPT_COPYPOSTFIELDS, request->body.at);
    SET(CURLOPT_CUSTOMREQUEST, method);
    add_send_header(transfer, "Content-Type", request->content_type);
}

static void set_method(CURL *easy, struct transfer *transfer, const struct message_request *request)
{
    switch (request->method) {
    case HTTP_GET:
        SET(CURLOPT_HTTPGET, 1L);
        break;
    case HTTP_HEAD:
        SET(CURLOPT_NOBODY, 1L);
        break;
    case HTTP_POST:
        set_body(easy, transfer, "POST", request);
        break;
    case HTTP_PUT:
        set_body(easy, transfer, "PUT", request);
        break;
    case HTTP_PATCH:
        set_body(easy, transfer, "PATCH", request);
        break;
    case HTTP_DELETE:
        if (request->body.len > 0)
            set_body(easy, transfer, "DELETE", request);
        else
            SET(CURLOPT_CUSTOMREQUEST, "DELETE");
        break;
    }
}

static void set_request(
    CURL *easy, struct transfer *transfer, const char *user_agent, const struct message_request *request)
{
    add_send_header(transfer, "User-Agent", view_of(user_agent));
    add_send_header(transfer, "Accept-Encoding", view_of("identity"));
    if (!transfer->raw && !transfer->stream)
        SET(CURLOPT_ACCEPT_ENCODING, ""); /* servers that compress all the same are understood */
    if (request->accept.len > 0)
        add_send_header(transfer, "Accept", request->accept);
    set_method(easy, transfer, request);
    for (size_t i = 0; i < request->field_count; i++) {
        AUTO(free) char *name = view_dup(request->fields[i].name);

        add_send_header(transfer, name, request->fields[i].value);
    }
    SET(CURLOPT_HTTPHEADER, transfer->send_headers);
    for (size_t i = 0; i < request->wanted_count; i++)
        list_add_view(&transfer->wanted, request->wanted[i]);
}

/*
 * Sets the certificates that this exchange trusts, and its client certificate. libcurl keeps connections with other
 * blobs apart, so that none made for other exchanges is used. Names in certificates are checked by trust_store.c as
 * everywhere.
 */
static void set_identity(CURL *easy, struct transfer *transfer, const struct transfer_options *options,
    const struct message_request *request)
{
    struct curl_blob trust = { (void *)(uintptr_t)request->trust.at, request->trust.len, CURL_BLOB_COPY };
    struct curl_blob cert = { (void *)(uintptr_t)request->client_cert.at, request->client_cert.len, CURL_BLOB_COPY };

    if (request->trust.len > 0) {
        transfer->trust = trust_store_new(MESSAGE_TRUST_BUNDLE, request->trust);
        SET(CURLOPT_SSL_VERIFYPEER, 1L); /* --no-verify-ssl is about the CA */
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_CAINFO_BLOB, &trust);
        SET(CURLOPT_SSL_CTX_FUNCTION, options->use_trust);
        SET(CURLOPT_SSL_CTX_DATA, transfer->trust);
    }
    if (request->client_cert.len > 0) {
        struct curl_blob key;

        transfer->client_key = BUF_SECRET(HTTP_MAX_KEY);
        buf_put(&transfer->client_key, request->client_key);
        key = (struct curl_blob){ transfer->client_key.at, transfer->client_key.len, CURL_BLOB_NOCOPY };
        SET(CURLOPT_SSLCERT_BLOB, &cert);
        SET(CURLOPT_SSLKEY_BLOB, &key);
    }
}

/* Prepares each round. Takes url over. */
static void set_round(struct transfer *transfer, char *url)
{
    CURL *easy = transfer->easy;
    const char *proxy = transfer->at != NULL || transfer->direct ? NULL : proxy_of(url);

    free(transfer->url);
    transfer->url = url;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROXY, proxy == NULL ? "" : proxy); /* "" keeps libcurl from looking by itself */
    SET(CURLOPT_NOPROXY, "");
    guard_set(&transfer->guard, url, proxy != NULL);
}

struct transfer *transfer_new(
    const struct transfer_options *options, uint32_t id, const struct message_request *request)
{
    struct transfer *transfer = xcalloc(1, sizeof *transfer);

    transfer->id = id;
    transfer->method = request->method;
    transfer->follow = request->follow;
    transfer->direct = request->direct;
    transfer->raw = options->raw;
    transfer->stream = request->stream;
    transfer->until = clock_monotonic_ms() + (request->timeout_ms > 0 ? request->timeout_ms : MESSAGE_MAX_TIMEOUT_MS);
    transfer->connect_ms = request->silence_ms > 0 ? request->silence_ms : options->connect_timeout_ms;
    transfer->silence_ms = request->silence_ms > 0 ? request->silence_ms : options->silence_timeout_ms;
    transfer->max_body = request->max_body;
    transfer->body = BUF(HTTP_CHUNK);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        abort();
    set_connection(transfer->easy, options);
    if (request->at.len > 0)
        set_at(transfer->easy, transfer, request->at);
    else if (!request->guarded && !has_cookies(request)) /* cookies are the CA's: its load balancer leads back by them
                                   to the machine with our nonce */
        set_share(transfer->easy, options->share);
    set_receivers(transfer->easy, transfer);
    set_identity(transfer->easy, transfer, options, request);
    set_request(transfer->easy, transfer, options->user_agent, request);
    if (transfer->stream)
        set_alone(transfer->easy);
    guard_init(&transfer->guard, request);
    set_round(transfer, view_dup(request->url));
    return transfer;
}

void transfer_begin(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    int64_t left;

    transfer->phase = PHASE_WAITING;
    transfer->round = clock_monotonic_ms();
    left = transfer->until - transfer->round;
    if (left < 1)
        left = 1;
    start_silence_timer(
        transfer, (uint32_t)left); /* libcurl may not look at its limits while it lets an exchange wait */
    SET(CURLOPT_TIMEOUT_MS, (long)left);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)left); /* on_its_way() sets a closer one */
}

void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    drop_send_headers(transfer);
    curl_slist_free_all(transfer->at);
    if (transfer->silence_timer != NULL)
        event_free(transfer->silence_timer);
    if (transfer->reading != NULL)
        event_free(transfer->reading);
    free(transfer->why);
    free(transfer->hint);
    drop_headers(transfer);
    buf_clear(&transfer->body);
    guard_clear(&transfer->guard);
    list_clear(&transfer->wanted);
    if (transfer->trust != NULL)
        trust_store_free(transfer->trust);
    buf_clear(&transfer->client_key);
    free(transfer->url);
    free(transfer);
}

/* ---- what came of it ---- */

void transfer_response(const struct transfer *transfer, struct message_response *out)
{
    char *url = NULL;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    *out = (struct message_response){
        .status = (uint32_t)status_of(transfer),
        .url = view_of(url),
        .header_count = transfer->header_count,
        .body = buf_view(&transfer->body),
        .more = !transfer->ended,
    };
    for (size_t i = 0; i < transfer->header_count; i++) {
        out->headers[i].name = view_of(transfer->headers[i].name);
        out->headers[i].value = view_of(transfer->headers[i].value);
    }
}

static void forget_round(struct transfer *transfer)
{
    drop_headers(transfer);
    buf_clear(&transfer->body);
    transfer->got = 0;
}

bool transfer_raw(struct transfer *transfer, CURLcode result)
{
    CURL *easy = transfer->easy;

    if (result != CURLE_BAD_CONTENT_ENCODING || transfer->raw || transfer->method != HTTP_GET)
        return false;
    transfer->raw = true;
    SET(CURLOPT_ACCEPT_ENCODING, NULL);
    forget_round(transfer);
    set_round(transfer, xstrdup(transfer->url));
    return true;
}

bool transfer_redirect(struct transfer *transfer, bool *again, const char **why)
{
    CURL *easy = transfer->easy;
    char *from = NULL, *target = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target);
    (void)curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &from);
    if (!transfer->follow || !is_redirect(status_of(transfer)) || target == NULL)
        return true;
    if (++transfer->redirects > MAX_REDIRECTS) {
        *why = "redirects more than five times";
        return false;
    }
    if (from != NULL && strncasecmp(from, "https:", 6) == 0 && strncasecmp(target, "https:", 6) != 0) {
        *why = "redirects away from https, which is not followed";
        return false;
    }
    if (strlen(target) > MESSAGE_MAX_URL || strncasecmp(target, "http", 4) != 0) {
        *why = "redirects to something that is not a web address";
        return false;
    }
    forget_round(transfer);
    set_round(transfer, xstrdup(target));
    *again = true;
    return true;
}

bool transfer_guarded(struct transfer *transfer, CURLcode *result)
{
    struct guard *guard = &transfer->guard;
    int64_t left = transfer->until - clock_monotonic_ms();

    if (guard->locating) {
        if (!guard_located(guard, transfer->easy)) {
            *result = CURLE_COULDNT_CONNECT;
            transfer->limit = LIMIT_PLACE;
            return false;
        }
        set_round(transfer, xstrdup(transfer->url));
        return true;
    }
    if (guard->refused == 0 || (*result != CURLE_COULDNT_CONNECT && *result != CURLE_ABORTED_BY_CALLBACK))
        return false;
    if (left > 1 && guard_locate(guard, transfer->easy))
        return true;
    transfer->limit = LIMIT_PLACE;
    return false;
}
