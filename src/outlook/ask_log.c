#include "outlook/ask_log.h"

#include "acme/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define TRIES 3
#define HEAD_MS 60000           /* a service that searches thinks for long */
#define ANSWER_MS (5 * 60000)   /* all of it */
#define SILENCE_MS 60000        /* within it */
#define WAIT_MAX_MS (2 * 60000) /* that a service may have us wait for before the next try */

/* ---- one exchange ---- */

/* Whether it makes sense to ask that once more. crt.sh says 404 when it has too much to do, too. */
static bool is_passing(int status)
{
    return status == 404 || status == 408 || status == 425 || status == 429 || status >= 500;
}

bool ask_log_check_head(const struct http_response *head, bool *again, struct error *err)
{
    const char *type = http_header(head, "content-type", NULL);

    if (head->status != 200) {
        *again = is_passing(head->status);
        return error_set(err, ERROR_NETWORK, "it answers with status %d%s", head->status,
            head->status == 429 ? ": it is asked too often" : "");
    }
    if (type == NULL || !text_starts(type, "text/html"))
        return true;
    return error_set(err, ERROR_NETWORK, "it answers with a page for people, as it does when it cannot search");
}

static bool read_all(struct net_stream *stream, struct logged_reader *reader, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + ANSWER_MS;

    for (;;) {
        AUTO(buf_clear) struct buf piece = BUF(HTTP_CHUNK);
        int64_t left_ms = until_ms - clock_monotonic_ms();
        enum stream_step step;

        if (left_ms <= 0)
            return error_set(err, ERROR_NETWORK, "its answer takes longer than %d s", ANSWER_MS / 1000);
        TRY(net_stream_read(stream, left_ms < SILENCE_MS ? (int)left_ms : SILENCE_MS, &piece, &step, err));
        if (step == STREAM_END)
            return logged_end(reader, err);
        if (step == STREAM_SILENT)
            return error_set(err, ERROR_NETWORK, "it falls silent in the middle of its answer");
        TRY(logged_take(reader, buf_view(&piece), err));
    }
}

static bool exchange(const struct ask_log *ask, const char *url, struct ask_log_result *out, bool *again,
    int64_t *retry_at, struct error *err)
{
    const struct http_request request = {
        .method = HTTP_GET, .url = url, .accept = "application/json", .timeout_ms = ANSWER_MS, .silence_ms = HEAD_MS
    };
    AUTO(http_response_clear) struct http_response head = { 0 };
    AUTO(net_stream_close) struct net_stream *stream = NULL;
    AUTO(logged_reader_clear) struct logged_reader reader;

    logged_begin(&reader, ask->take, ask->ctx);
    *again = true;
    TRY(net_stream_open(ask->net, &request, &head, &stream, err));
    *retry_at = retry_after_of(&head, context_now(ask->context));
    TRY(ask_log_check_head(&head, again, err) && read_all(stream, &reader, err));
    out->unreadable = reader.unreadable;
    out->may_be_cut = reader.found >= ASK_LOG_CUT;
    if (reader.found > 0 || reader.unreadable == 0)
        return true;
    *again = false;
    return error_set(
        err, ERROR_NETWORK, "nothing of what it tells of %zu certificates can be understood", reader.unreadable);
}

/* ---- several ---- */

int64_t ask_log_wait_ms(int64_t pause_ms, int tried, int64_t retry_s)
{
    int64_t wait_ms = pause_ms << tried;

    if (retry_s > wait_ms / 1000)
        wait_ms = retry_s < WAIT_MAX_MS / 1000 ? retry_s * 1000 : WAIT_MAX_MS;
    return wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
}

/* Before the next try. retry_at 0: the service has named no time. */
static bool wait_for(const struct ask_log *ask, int tried, int64_t retry_at, struct error *err)
{
    int64_t retry_s = retry_at == 0 ? 0 : retry_at - context_now(ask->context);

    return context_sleep_ms(ask->context, ask_log_wait_ms(ask->pause_ms, tried, retry_s), err);
}

bool ask_log(const struct ask_log *ask, const struct lookup_name *lookup, struct ask_log_result *out, struct error *err)
{
    AUTO(free) char *url = lookup_url(ask->context->settings->ct_url, lookup);

    for (int tried = 1;; tried++) {
        int64_t retry_at = 0;
        bool again;

        if (exchange(ask, url, out, &again, &retry_at, err))
            return true;
        log_debug("asking about %s (try %d): %s", lookup->name, tried, err->why);
        if (err->kind == ERROR_CANCELED || !again || tried == TRIES)
            return false;
        error_clear(err);
        TRY(wait_for(ask, tried, retry_at, err));
    }
}
