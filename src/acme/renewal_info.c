#include "acme/renewal_info.h"

#include "acme/answer.h"
#include "acme/url.h"
#include "base/mem.h"
#include "base/text.h"

/* RFC 9773 section 4.3: clients choose reasonable limits for Retry-After. */
#define ASK_AGAIN_MIN_S 60
#define ASK_AGAIN_MAX_S 86400
#define YEAR_9999_END 253402300799 /* 9999-12-31T23:59:59Z */
#define ID_MAX 256

static bool renewal_info_read(struct view body, bool allow_instant, struct renewal_info *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *window;
    const char *url;

    TRY(answer_read(body, "renewal information", &doc, err));
    window = node_member(doc_root(doc), "suggestedWindow");
    if (!node_is_object(window))
        return error_set(err, ERROR_ACME, "renewal information: member 'suggestedWindow' is missing");
    TRY(node_get_time_or_zero(window, "start", &out->start, err));
    TRY(node_get_time_or_zero(window, "end", &out->end, err));
    if (out->start <= 0 || out->end <= 0 || out->start > YEAR_9999_END || out->end > YEAR_9999_END)
        return error_set(
            err, ERROR_ACME, "renewal information: the window has no start or no end in a year that makes sense");
    if (out->end < out->start || (out->end == out->start && !allow_instant))
        return error_set(err, ERROR_ACME, "renewal information: the window ends before it starts");
    url = node_text(node_member(doc_root(doc), "explanationURL")); /* for people only, so never a reason to fail */
    out->explanation_url = url != NULL && url_is_http(url) ? xstrdup(url) : NULL;
    return true;
}

bool renewal_info_parse(struct view body, bool allow_instant, struct renewal_info *out, struct error *err)
{
    AUTO(renewal_info_clear) struct renewal_info info = { 0 };

    if (!renewal_info_read(body, allow_instant, &info, err))
        return answer_bad(err);
    *out = info;
    info = (struct renewal_info){ 0 };
    return true;
}

void renewal_info_clear(struct renewal_info *info)
{
    free(info->explanation_url);
    *info = (struct renewal_info){ 0 };
}

/* When to ask again; named: the instant in Retry-After, 0 when none. */
static int64_t ask_again_at(int64_t named, int64_t now)
{
    if (named == 0)
        return now + RENEWAL_INFO_PAUSE_S;
    if (named < now + ASK_AGAIN_MIN_S)
        return now + ASK_AGAIN_MIN_S;
    return named > now + ASK_AGAIN_MAX_S ? now + ASK_AGAIN_MAX_S : named;
}

/* renewalInfo "/" name of the certificate (section 4.1). */
static bool put_url(const struct session *session, const struct cert *cert, struct buf *url, struct error *err)
{
    const char *base = session_directory(session)->renewal_info;
    AUTO(buf_clear) struct buf id = BUF(ID_MAX);

    if (base == NULL)
        return error_set(err, ERROR_CONFIG, "the CA offers no renewal information");
    if (!cert_ari_id(cert, &id) || id.failed)
        return error_set(err, ERROR_CONFIG, "the certificate has no authority key identifier to ask by");
    buf_put_text(url, base);
    if (!text_ends(base, "/"))
        buf_put_char(url, '/');
    buf_put(url, buf_view(&id));
    return true;
}

static bool renewal_info_ask(struct session *session, const struct cert *cert, bool allow_instant,
    struct renewal_info *out, int64_t *named, struct error *err)
{
    AUTO(buf_clear) struct buf url = BUF(URL_MAX + ID_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };

    TRY(put_url(session, cert, &url, err));
    if (!session_get_problem(session, buf_text(&url), &response, &problem, err)) {
        *named = err->retry_at;
        if (problem.status == 404)
            return error_set(err, ERROR_CONFIG, "the CA has no renewal information for this certificate");
        return false;
    }
    *named = retry_after_of(&response, session_now(session));
    return renewal_info_parse(buf_view(&response.body), allow_instant, out, err);
}

bool renewal_info_fetch(
    struct session *session, const struct cert *cert, bool allow_instant, struct renewal_info *out, struct error *err)
{
    int64_t named = 0;
    bool ok = renewal_info_ask(session, cert, allow_instant, out, &named, err);

    out->retry_at = ask_again_at(named, session_now(session));
    if (!ok)
        return error_in(err, "asking for renewal information");
    return true;
}

/* Scales random, of 0 to 2^64 - 1, to 0 to span - 1: the upper 64 bits of their product. RFC 9773 section 4.2 wants a
 * uniformly random time in the window. */
static uint64_t part_of(uint64_t span, uint64_t random)
{
    uint64_t low = (random & UINT32_MAX) * (span & UINT32_MAX);
    uint64_t middle = (random >> 32) * (span & UINT32_MAX) + (low >> 32);
    uint64_t other = (random & UINT32_MAX) * (span >> 32) + (middle & UINT32_MAX);

    return (random >> 32) * (span >> 32) + (middle >> 32) + (other >> 32);
}

int64_t renewal_info_instant(const struct renewal_info *info, int64_t not_after, int64_t chosen, uint64_t random)
{
    uint64_t span = (uint64_t)(info->end - info->start);

    if (info->start >= not_after)
        return 0;
    if (chosen != 0 && chosen >= info->start && chosen <= info->end)
        return chosen;
    return info->start + (int64_t)part_of(span, random);
}

bool renewal_info_may_wait(int64_t retry_at, int64_t now)
{
    return retry_at > now && retry_at <= now + ASK_AGAIN_MAX_S;
}
