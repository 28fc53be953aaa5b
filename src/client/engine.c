/*
 * The HTTP client in the event loop.
 */
#include "client/engine.h"

#include "base/mem.h"
#include "client/event_timeout.h"
#include "client/failure.h"
#include "client/transfer.h"
#include "client/trust_store.h"

#define MAX_TRANSFERS 4096
#define MAX_PER_HOST 16L /* connections: a CA's front end counts them, and HTTP/2 needs one */
#define MAX_CONNECTIONS 64L
#define MAX_IDLE 32L
#define MAX_COOKIES 200 /* of all CAs; what comes then begins anew */

struct engine {
    struct event_base *base;
    struct engine_sink sink;
    char *user_agent;
    struct trust_store *trust;
    struct transfer_options options;
    CURLM *multi;
    struct event *timer;
    struct transfer *transfers;
    size_t transfer_count, cookie_count;
};

/* ---- the end of an exchange ---- */

/* Cookies are kept for the run, by libcurl, without a bound of its own. */
static void bound_cookies(struct engine *engine, const struct transfer *transfer)
{
    engine->cookie_count += transfer->cookie_count;
    if (engine->cookie_count <= MAX_COOKIES)
        return;
    (void)curl_easy_setopt(transfer->easy, CURLOPT_COOKIELIST, "ALL");
    engine->cookie_count = 0;
}

static void unlink_and_free(struct engine *engine, struct transfer *transfer)
{
    struct transfer **at = &engine->transfers;

    while (*at != NULL && *at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
    engine->transfer_count--;
    (void)curl_multi_remove_handle(engine->multi, transfer->easy);
    bound_cookies(engine, transfer);
    transfer_free(transfer);
}

static void tell_failed(
    struct engine *engine, uint32_t id, enum message_failure kind, const char *why, const char *next)
{
    engine->sink.failed(engine->sink.ctx, id, &(struct message_failed){ kind, view_of(why), view_of(next) });
}

/* Answers the READ that waits, if one does, with what has come. */
static void tell_reader(struct engine *engine, struct transfer *transfer)
{
    struct message_data data = { buf_view(&transfer->body), !transfer->ended || transfer->why != NULL };
    uint32_t id = transfer->reader;

    if (id == 0)
        return;
    transfer->reader = 0;
    (void)event_del(transfer->reading);
    engine->sink.data(engine->sink.ctx, id, &data);
    buf_cut(&transfer->body, 0);
}

/* The head, and what there is of the body. */
static void tell_head(struct engine *engine, struct transfer *transfer)
{
    struct message_response response;

    transfer_response(transfer, &response);
    transfer->told = true;
    if (transfer->stream)
        (void)event_del(transfer->silence_timer);
    engine->sink.response(engine->sink.ctx, transfer->id, &response);
    buf_cut(&transfer->body, 0);
}

/* Inside a callback of libcurl's: says what there is to say, and ends nothing. */
static void on_ready(struct transfer *transfer)
{
    if (transfer->told)
        tell_reader(transfer->engine, transfer);
    else
        tell_head(transfer->engine, transfer);
}

/* An exchange that has ended after its head was answered: what is left is for readers. */
static void leave_to_reader(struct engine *engine, struct transfer *transfer)
{
    bool waited = transfer->reader != 0;

    transfer->ended = true;
    (void)curl_multi_remove_handle(engine->multi, transfer->easy);
    if (waited && transfer->why != NULL && transfer->body.len == 0) {
        tell_failed(engine, transfer->reader, MESSAGE_FAILURE_NETWORK, transfer->why, transfer->hint);
        unlink_and_free(engine, transfer);
        return;
    }
    tell_reader(engine, transfer);
    if (waited && transfer->why == NULL)
        unlink_and_free(engine, transfer);
}

static void answer_failed(struct engine *engine, struct transfer *transfer, const struct failure *failure)
{
    if (transfer->told) {
        transfer->why = xstrdup(failure->why);
        transfer->hint = xstrdup(failure->next);
        leave_to_reader(engine, transfer);
        return;
    }
    tell_failed(engine, transfer->id, failure->kind, failure->why, failure->next);
    unlink_and_free(engine, transfer);
}

static void answer(struct engine *engine, struct transfer *transfer)
{
    if (transfer->told) {
        leave_to_reader(engine, transfer);
        return;
    }
    transfer->ended = true;
    tell_head(engine, transfer);
    unlink_and_free(engine, transfer);
}

static void begin(struct engine *engine, struct transfer *transfer)
{
    transfer_begin(transfer);
    if (curl_multi_add_handle(engine->multi, transfer->easy) != CURLM_OK)
        abort();
}

static void begin_again(struct engine *engine, struct transfer *transfer)
{
    (void)curl_multi_remove_handle(engine->multi, transfer->easy);
    begin(engine, transfer);
}

static void finish(struct engine *engine, struct transfer *transfer, CURLcode result)
{
    struct failure failure = { 0 };
    const char *why = NULL;
    bool again = false;

    if (transfer->silence_timer != NULL)
        (void)event_del(transfer->silence_timer);
    if (transfer->told && result == CURLE_OK) { /* of what was begun to be told there is no other round */
        answer(engine, transfer);
    } else if (transfer->told) {
        failure_describe(result, transfer, &failure);
        answer_failed(engine, transfer, &failure);
    } else if (transfer_guarded(transfer, &result)) {
        begin_again(engine, transfer);
    } else if (transfer_raw(transfer, result)) {
        if (!transfer->guard.active) /* a CA begins with a GET: what it says of later answers is no truer */
            engine->options.raw = true;
        begin_again(engine, transfer);
    } else if (result != CURLE_OK) {
        failure_describe(result, transfer, &failure);
        answer_failed(engine, transfer, &failure);
    } else if (!transfer_redirect(transfer, &again, &why)) {
        failure_of_server(transfer, why, &failure);
        answer_failed(engine, transfer, &failure);
    } else if (again) {
        begin_again(engine, transfer);
    } else {
        answer(engine, transfer);
    }
}

static void on_silence(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct transfer *transfer = ctx;

    if (transfer->phase == PHASE_CONNECTED)
        transfer->limit = LIMIT_SILENCE;
    finish(transfer->engine, transfer, CURLE_OPERATION_TIMEDOUT);
}

static void finish_all_done(struct engine *engine)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(engine, transfer, message->data.result);
    }
}

/* ---- libcurl's sockets and timer in the event loop ---- */

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
    struct engine *engine = ctx;
    int action = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;

    (void)curl_multi_socket_action(engine->multi, fd, action, &running);
    finish_all_done(engine);
}

static void on_timer(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct engine *engine = ctx;
    int running;

    (void)curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all_done(engine);
}

static int watch_socket(CURL *easy __attribute__((unused)), curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct engine *engine = ctx;
    struct event *event = socket_ctx;
    short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);

    if (event != NULL)
        event_free(event);
    event = NULL;
    if (what != CURL_POLL_REMOVE) {
        event = event_new(engine->base, fd, events, on_socket, engine);
        if (event == NULL || event_add(event, NULL) != 0)
            abort();
    }
    (void)curl_multi_assign(engine->multi, fd, event);
    return 0;
}

static int set_timer(CURLM *multi __attribute__((unused)), long timeout_ms, void *ctx)
{
    struct engine *engine = ctx;

    if (timeout_ms < 0)
        (void)event_del(engine->timer);
    else
        (void)event_add_ms(engine->timer, timeout_ms);
    return 0;
}

/* ---- start and stop ---- */

static CURLcode use_trust(CURL *easy __attribute__((unused)), void *ctx, void *trust)
{
    return trust_store_use(trust, ctx) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_multi_setopt(engine->multi, (option), (value)) != CURLM_OK)                                           \
            abort();                                                                                                   \
    } while (0)

static void start_curl(struct engine *engine)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    engine->multi = curl_multi_init();
    engine->options.share = curl_share_init(); /* TLS sessions outlive an exchange only in a share */
    if (engine->multi == NULL || engine->options.share == NULL ||
        curl_share_setopt(engine->options.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK ||
        curl_share_setopt(engine->options.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK)
        abort();
    SET(CURLMOPT_SOCKETFUNCTION, watch_socket);
    SET(CURLMOPT_SOCKETDATA, engine);
    SET(CURLMOPT_TIMERFUNCTION, set_timer);
    SET(CURLMOPT_TIMERDATA, engine);
    SET(CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    SET(CURLMOPT_MAX_HOST_CONNECTIONS, MAX_PER_HOST);
    SET(CURLMOPT_MAX_TOTAL_CONNECTIONS, MAX_CONNECTIONS);
    SET(CURLMOPT_MAXCONNECTS, MAX_IDLE);
}

struct engine *engine_new(struct event_base *base, const struct message_hello *options, struct engine_sink sink)
{
    struct engine *engine = xcalloc(1, sizeof *engine);

    engine->base = base;
    engine->sink = sink;
    engine->user_agent = view_dup(options->user_agent);
    engine->trust = trust_store_new(options->trust, options->bundle);
    engine->options = (struct transfer_options){
        .user_agent = engine->user_agent,
        .no_verify = options->no_verify,
        .connect_timeout_ms = options->connect_timeout_ms,
        .silence_timeout_ms = options->silence_timeout_ms,
        .use_trust = use_trust,
        .trust = engine->trust,
    };
    engine->timer = event_new(base, -1, 0, on_timer, engine);
    if (engine->timer == NULL)
        abort();
    start_curl(engine);
    return engine;
}

void engine_free(struct engine *engine)
{
    while (engine->transfers != NULL)
        unlink_and_free(engine, engine->transfers);
    (void)curl_multi_cleanup(engine->multi);
    (void)curl_share_cleanup(engine->options.share);
    event_free(engine->timer);
    trust_store_free(engine->trust);
    free(engine->user_agent);
    curl_global_cleanup();
    free(engine);
}

/* ---- exchanges ---- */

static struct transfer *find_transfer(const struct engine *engine, uint32_t id)
{
    struct transfer *transfer = engine->transfers;

    while (transfer != NULL && transfer->id != id)
        transfer = transfer->next;
    return transfer;
}

static struct transfer *find_reader(const struct engine *engine, uint32_t id)
{
    struct transfer *transfer = engine->transfers;

    while (transfer != NULL && transfer->reader != id)
        transfer = transfer->next;
    return transfer;
}

static size_t count_streams(const struct engine *engine)
{
    size_t count = 0;

    for (const struct transfer *transfer = engine->transfers; transfer != NULL; transfer = transfer->next)
        count += transfer->stream;
    return count;
}

static struct event *timer_new(struct engine *engine, event_callback_fn callback, struct transfer *transfer)
{
    struct event *event = event_new(engine->base, -1, 0, callback, transfer);

    if (event == NULL)
        abort();
    return event;
}

/* Nothing has come in time. */
static void on_read_timeout(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct transfer *transfer = ctx;

    tell_reader(transfer->engine, transfer);
}

bool engine_fetch(struct engine *engine, uint32_t id, const struct message_request *request)
{
    struct transfer *transfer;

    if (engine->transfer_count >= MAX_TRANSFERS || find_transfer(engine, id) != NULL || find_reader(engine, id) != NULL)
        return false;
    if (request->stream && count_streams(engine) == NET_STREAMS) {
        tell_failed(engine, id, MESSAGE_FAILURE_NETWORK, "as many answers are read in pieces as can be at one time",
            "try again later");
        return true;
    }
    transfer = transfer_new(&engine->options, id, request);
    transfer->engine = engine;
    transfer->ready = on_ready;
    transfer->silence_timer = timer_new(engine, on_silence, transfer);
    transfer->reading = timer_new(engine, on_read_timeout, transfer);
    begin(engine, transfer);
    transfer->next = engine->transfers;
    engine->transfers = transfer;
    engine->transfer_count++;
    return true;
}

bool engine_read(struct engine *engine, uint32_t id, const struct message_read *read)
{
    struct transfer *transfer = find_transfer(engine, read->exchange);
    CURLcode result;

    if (transfer == NULL || !transfer->told || transfer->reader != 0 || find_transfer(engine, id) != NULL ||
        find_reader(engine, id) != NULL)
        return false;
    transfer->reader = id;
    if (transfer->ended) {
        leave_to_reader(engine, transfer);
        return true;
    }
    if (transfer->body.len > 0)
        tell_reader(engine, transfer);
    else
        (void)event_add_ms(transfer->reading, read->timeout_ms);
    result = transfer_go_on(transfer);
    if (result != CURLE_OK)
        finish(engine, transfer, result);
    return true;
}

void engine_cancel(struct engine *engine, uint32_t id)
{
    struct transfer *transfer = find_transfer(engine, id), *read = find_reader(engine, id);
    struct transfer *waited = read != NULL ? read : transfer;

    if (waited != NULL && waited->reader != 0) {
        tell_failed(engine, waited->reader, MESSAGE_FAILURE_CANCELED, "stopped", "");
        (void)event_del(waited->reading);
        waited->reader = 0;
    }
    if (transfer == NULL)
        return;
    if (!transfer->told)
        tell_failed(engine, id, MESSAGE_FAILURE_CANCELED, "stopped", "");
    unlink_and_free(engine, transfer);
}
