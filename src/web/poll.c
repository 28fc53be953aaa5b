#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/looking.h"
#include "web/pauses.h"

#define MAX_ANSWER (64 * 1024) /* bytes: a key authorization has some hundred, a site's own page more */

/* An IPv6 address is in brackets there. Of the caller's. */
static char *in_url(const char *host)
{
    return strchr(host, ':') != NULL ? xprintf("[%s]", host) : xstrdup(host);
}

static bool is_answer(
    const char *url, const char *at, const struct http_response *response, const char *body, struct error *err)
{
    const char *location = http_header(response, "location", NULL);

    if (response->status == 200 && view_equal(view_trim(buf_view(&response->body)), view_of(body)))
        return true;
    if (response->status == 200)
        return error_set(err, ERROR_PLUGIN, "%s is answered with something else at %s", url, at);
    if (location != NULL)
        return error_set(
            err, ERROR_PLUGIN, "%s is redirected to %s at %s (status %d)", url, location, at, response->status);
    return error_set(err, ERROR_PLUGIN, "%s is answered with status %d at %s", url, response->status, at);
}

static bool ask(const struct looking *looking, const struct pauses *pauses, const char *url, const char *at,
    const char *body, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    struct http_request request = {
        .method = HTTP_GET, .url = url, .at = at, .max_body = MAX_ANSWER, .timeout_ms = pauses_question_ms(pauses)
    };

    if (looking->http(looking->net, &request, &response, err))
        return is_answer(url, at, &response, body, err);
    if (err->kind == ERROR_CANCELED)
        return false;
    (void)error_in(err, "%s is not answered at %s", url, at);
    return error_as(err, ERROR_PLUGIN);
}

bool look_at_challenge(const struct looking *looking, const char *address, int port, const char *host, const char *path,
    const char *body, struct error *err)
{
    AUTO(free) char *place = in_url(address), *name = in_url(host);
    AUTO(free) char *at = xprintf("%s:%d", place, port), *url = xprintf("http://%s%s", name, path);
    struct pauses pauses = pauses_begin(looking->limit_ms);

    do
        if (ask(looking, &pauses, url, at, body, err))
            return true;
    while (err->kind != ERROR_CANCELED && !(looking->log != NULL && web_log_has_refused(looking->log)) &&
           pauses_wait(&pauses));
    TRY(interrupt_check(err));
    if (looking->log != NULL)
        (void)web_log_tell(looking->log, "the server", err);
    return false;
}

bool web_poll_challenge(struct net *net, const char *address, int port, const char *host, const char *path,
    const char *body, const struct web_log *log, int64_t limit_ms, struct error *err)
{
    struct looking looking = { .http = net_http, .net = net, .log = log, .limit_ms = limit_ms };

    return look_at_challenge(&looking, address, port, host, path, body, err);
}
