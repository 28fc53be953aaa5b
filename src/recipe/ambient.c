#include "recipe/ambient.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

const char *ambient_advice(const struct value *step)
{
    return value_member_text(step, "ambient");
}

char *ambient_place(const char *url)
{
    static const char scheme[] = "http://", local[] = "localhost";
    const char *host = url + strlen(scheme), *port = ":80";
    size_t len, host_len, port_len = strlen(port);

    if (!text_starts(url, scheme))
        return NULL;
    len = strcspn(host, "/?");
    host_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    if (host_len < len) {
        port = host + host_len;
        port_len = len - host_len;
    }
    if (host_len == strlen(local) && text_starts(host, local))
        return xprintf("127.0.0.1%.*s", (int)port_len, port);
    return xprintf("%.*s%.*s", (int)host_len, host, (int)port_len, port);
}

bool ambient_fail(const char *url, struct error *err)
{
    AUTO(free) char *cause = xstrdup(err->why);
    const char *host = strstr(url, "://");

    if (err->kind != ERROR_NETWORK || host == NULL)
        return false;
    host += strlen("://");
    return error_set(err, ERROR_PLUGIN, "Unable to locate credentials: none are given, and nobody at %.*s has any (%s)",
        (int)strcspn(host, "/?"), host, cause);
}
