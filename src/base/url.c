#include "base/url.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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
