#include "base/url.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/mem.h"

char *url_host(const char *url)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    const char *host;
    size_t len;

    if (!secure && strncasecmp(url, "http://", 7) != 0)
        return NULL;
    host = url + (secure ? 8 : 7);
    len = strcspn(host, "/?#");
    if (host[0] == '[')
        return xstrndup(host + 1, strcspn(host + 1, "]/?#"));
    if (memchr(host, '@', len) != NULL || memchr(host, '[', len) != NULL)
        return NULL;
    len = strcspn(host, ":/?#");
    return len == 0 ? NULL : xstrndup(host, len);
}

static bool ends_url(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '<' || c == '>';
}

static size_t len_till(const char *text, const char *stops)
{
    size_t len = 0;

    while (!ends_url(text[len]) && strchr(stops, text[len]) == NULL)
        len++;
    return len;
}

/* What follows "://", up to the end of the URL; returns where that is. A password may have any '@' but the last. */
static const char *put_redacted(const char *url, struct buf *out)
{
    size_t len = len_till(url, "/?#");

    for (size_t i = len; i > 0; i--)
        if (url[i - 1] == '@') {
            buf_put_text(out, "...@");
            url += i;
            break;
        }
    len = len_till(url, "?");
    buf_put(out, (struct view){ url, len });
    url += len;
    if (*url != '?')
        return url;
    buf_put_text(out, "?...");
    return url + len_till(url, "");
}

char *url_redact(const char *text)
{
    struct buf out = BUF(3 * strlen(text) + 1); /* "://@" and "?" grow */
    const char *found;

    while ((found = strstr(text, "://")) != NULL) {
        buf_put(&out, (struct view){ text, (size_t)(found - text) + 3 });
        text = put_redacted(found + 3, &out);
    }
    buf_put_text(&out, text);
    return buf_take(&out);
}
