#include "acme/url.h"

#include <string.h>
#include <strings.h>

#include "acme/session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define YEAR_S (366LL * 86400)

/* ---- URLs (RFC 3986) ---- */

/* Length of "http://" or "https://" in front, 0 when it is neither. */
static size_t scheme_len(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0)
        return 8;
    return strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
}

/* Length of scheme and authority: "https://ca.example:444". */
static size_t origin_len(const char *url)
{
    size_t scheme = scheme_len(url);

    return scheme + strcspn(url + scheme, "/?#");
}

bool url_same_origin(const char *a, const char *b)
{
    size_t len = origin_len(a);

    return url_is_http(a) && url_is_http(b) && origin_len(b) == len && strncasecmp(a, b, len) == 0;
}

bool url_is_http(const char *text)
{
    size_t len = strlen(text);

    if (scheme_len(text) == 0 || origin_len(text) == scheme_len(text) || len > URL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f || strchr("<>\"\\^`{|}", text[i]) != NULL)
            return false;
    return true;
}

/* Nothing stands before the host that could pass for it, and there is one. */
static bool has_plain_host(const char *url)
{
    const char *host = url + scheme_len(url);
    size_t len = strcspn(host, "/?#");

    return len > 0 && host[0] != ':' && memchr(host, '@', len) == NULL;
}

bool url_check(const char *directory_url, const char *url, struct error *err)
{
    if (url == NULL || !url_is_http(url))
        return error_set(
            err, ERROR_ACME, "the CA names an address that is no http(s) URL: '%s'", url == NULL ? "" : url);
    if (scheme_len(directory_url) == 8 && scheme_len(url) != 8)
        return error_set(
            err, ERROR_ACME, "the CA's directory is at an https address, but it names %s, which is not", url);
    return true;
}

/* Folds "." and ".." of a path (RFC 3986 section 5.2.4). path starts with a slash. */
static void put_folded(struct buf *out, struct view path)
{
    size_t floor = out->len;
    bool is_last_dot = false;
    struct view part;

    path.at++;
    path.len--;
    while (view_cut(&path, '/', &part)) {
        is_last_dot = view_is(part, ".") || view_is(part, "..");
        if (view_is(part, "..")) {
            while (out->len > floor && out->at[out->len - 1] != '/')
                buf_cut(out, out->len - 1);
            if (out->len > floor)
                buf_cut(out, out->len - 1);
        } else if (!is_last_dot) {
            buf_put_char(out, '/');
            buf_put(out, part);
        }
    }
    if (is_last_dot || out->len == floor)
        buf_put_char(out, '/');
}

/* Path and query of a reference without scheme and authority, seen from base. */
static void put_path(struct buf *out, const char *base, const char *reference, size_t ref_len)
{
    const char *base_path = base + origin_len(base);
    size_t base_len = strcspn(base_path, "?#"), path_len = strcspn(reference, "?#");
    AUTO(buf_clear) struct buf path = BUF(2 * URL_MAX + 2);

    if (path_len == 0) { /* only a query: the path of base stays */
        buf_put(out, (struct view){ base_path, base_len });
    } else {
        if (reference[0] != '/') {
            while (base_len > 0 && base_path[base_len - 1] != '/')
                base_len--;
            buf_put(&path, (struct view){ base_path, base_len });
            if (base_len == 0)
                buf_put_char(&path, '/');
        }
        buf_put(&path, (struct view){ reference, path_len });
        put_folded(out, buf_view(&path));
    }
    buf_put(out, (struct view){ reference + path_len, ref_len - path_len });
}

char *url_resolve(const char *base, const char *reference)
{
    AUTO(buf_clear) struct buf url = BUF(2 * URL_MAX);
    size_t len = strcspn(reference, "#"); /* fragments are not for servers */
    size_t name = strcspn(reference, ":/?#");

    if (len > URL_MAX || !url_is_http(base))
        return NULL;
    if (reference[name] == ':' && name > 0) {
        buf_put(&url, (struct view){ reference, len });
    } else if (len == 0) {
        buf_put(&url, (struct view){ base, strcspn(base, "#") });
    } else if (text_starts(reference, "//")) {
        buf_put(&url, (struct view){ base, scheme_len(base) - 2 });
        buf_put(&url, (struct view){ reference, len });
    } else {
        buf_put(&url, (struct view){ base, origin_len(base) });
        put_path(&url, base, reference, len);
    }
    if (url.failed || !url_is_http(buf_text(&url)) || !has_plain_host(buf_text(&url)))
        return NULL;
    return buf_take(&url);
}

/* ---- Link (RFC 8288) ---- */

static void skip(struct view *rest, size_t len)
{
    rest->at += len;
    rest->len -= len;
}

static void skip_blanks(struct view *rest)
{
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
        skip(rest, 1);
}

static struct view take_token(struct view *rest)
{
    struct view token = { rest->at, 0 };

    while (token.len < rest->len && strchr(" \t=;,\"<>", rest->at[token.len]) == NULL && rest->at[token.len] != '\0')
        token.len++;
    skip(rest, token.len);
    return token;
}

/* A token or a quoted string; value gets it without quotes and backslashes. False: a quote is not closed. */
static bool take_value(struct view *rest, struct buf *value)
{
    if (rest->len == 0 || rest->at[0] != '"') {
        buf_put(value, take_token(rest));
        return true;
    }
    skip(rest, 1);
    while (rest->len > 0 && rest->at[0] != '"') {
        if (rest->at[0] == '\\' && rest->len > 1)
            skip(rest, 1);
        buf_put_char(value, rest->at[0]);
        skip(rest, 1);
    }
    if (rest->len == 0)
        return false;
    skip(rest, 1);
    return true;
}

static bool has_word(struct view words, const char *word)
{
    struct view part;

    while (view_cut(&words, ' ', &part))
        if (part.len == strlen(word) && strncasecmp(part.at, word, part.len) == 0)
            return true;
    return false;
}

/* The parameters of one link; *match: its rel (only the first counts, section 3.3) has the word. */
static bool take_params(struct view *rest, const char *rel, bool *match)
{
    bool is_rel_seen = false;

    *match = false;
    for (;;) {
        AUTO(buf_clear) struct buf value = BUF(URL_MAX);
        struct view name;

        skip_blanks(rest);
        if (rest->len == 0 || rest->at[0] != ';')
            return true;
        skip(rest, 1);
        skip_blanks(rest);
        name = take_token(rest);
        skip_blanks(rest);
        if (rest->len > 0 && rest->at[0] == '=') {
            skip(rest, 1);
            skip_blanks(rest);
            if (!take_value(rest, &value))
                return false;
        }
        if (!is_rel_seen && name.len == 3 && strncasecmp(name.at, "rel", 3) == 0) {
            is_rel_seen = true;
            *match = has_word(buf_view(&value), rel);
        }
    }
}

void link_parse(struct view field, const char *base, const char *rel, struct list *out)
{
    struct view target;
    bool match;

    for (;;) {
        AUTO(free) char *reference = NULL;
        AUTO(free) char *url = NULL;

        skip_blanks(&field);
        if (field.len > 0 && field.at[0] == ',') { /* an empty element */
            skip(&field, 1);
            continue;
        }
        if (field.len == 0 || field.at[0] != '<' || !view_has(field, '>'))
            return;
        skip(&field, 1);
        if (!view_cut(&field, '>', &target) || field.at == NULL || !take_params(&field, rel, &match))
            return;
        if (match && out->len < LINKS_MAX) {
            reference = view_dup(target);
            url = url_resolve(base, reference);
            if (url != NULL)
                list_add(out, url);
        }
        if (field.len > 0 && field.at[0] != ',') /* neither a parameter nor the next link */
            return;
    }
}

void link_urls(const struct http_response *response, const char *rel, struct list *out)
{
    size_t from = 0;
    const char *field;

    while (response->url != NULL && (field = http_header(response, "link", &from)) != NULL)
        link_parse(view_of(field), response->url, rel, out);
}

bool location_of(const struct session *session, const struct http_response *response, const char *what, char **out,
    struct error *err)
{
    const char *field = http_header(response, "location", NULL);
    AUTO(free) char *url = field == NULL || response->url == NULL ? NULL : url_resolve(response->url, field);

    if (field == NULL)
        return error_set(err, ERROR_ACME, "the answer does not name the %s's address (Location)", what);
    if (url == NULL)
        return error_set(err, ERROR_ACME, "the address of the %s (Location) is no http(s) URL: '%s'", what, field);
    TRY(url_check(session_url(session), url, err));
    *out = TAKE(url);
    return true;
}

/* ---- Retry-After (RFC 9110 section 10.2.3) ---- */

bool retry_after_parse(struct view text, int64_t now, int64_t *out)
{
    struct view value = view_trim(text);
    uint64_t seconds;
    int64_t at;
    size_t digits = 0;

    while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9')
        digits++;
    if (digits > 0 && digits == value.len) {
        if (!view_to_number(value, 0, YEAR_S, &seconds))
            seconds = YEAR_S;
        *out = now + (int64_t)seconds;
        return true;
    }
    if (!clock_parse_http_date(value, &at))
        return false;
    if (at < now)
        at = now;
    *out = at - now > YEAR_S ? now + YEAR_S : at;
    return true;
}

int64_t retry_after_of(const struct http_response *response, int64_t now)
{
    const char *field = http_header(response, "retry-after", NULL);
    int64_t at;

    return field != NULL && retry_after_parse(view_of(field), now, &at) ? at : 0;
}
