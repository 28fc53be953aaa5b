#include "preflight/hop.h"

#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"

/* Cuts "HOST[:PORT]" into both; port is "" where there is none. False: brackets, as of an IPv6 address, or a user. */
static bool cut_authority(struct view authority, struct view *host, struct view *port)
{
    const char *colon = memchr(authority.at, ':', authority.len);

    if (view_has(authority, '@') || view_has(authority, '['))
        return false;
    *host = authority;
    *port = (struct view){ "", 0 };
    if (colon == NULL)
        return true;
    host->len = (size_t)(colon - authority.at);
    *port = (struct view){ colon + 1, authority.len - host->len - 1 };
    return true;
}

enum hop hop_judge(const char *host, const char *url)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    struct view authority, to, port;
    AUTO(free) char *name = NULL;

    if (!secure && strncasecmp(url, "http://", 7) != 0)
        return HOP_REFUSED;
    url += secure ? 8 : 7;
    authority = (struct view){ url, strcspn(url, "/?#") };
    if (!cut_authority(authority, &to, &port) || to.len == 0)
        return HOP_REFUSED;
    if (port.len > 0 && !view_is(port, secure ? "443" : "80"))
        return HOP_REFUSED;
    name = view_dup(to);
    if (text_ends(name, "."))
        name[strlen(name) - 1] = '\0';
    if (strcasecmp(name, host) == 0)
        return secure ? HOP_SECURE : HOP_SAME;
    return address_is(name) ? HOP_REFUSED : HOP_AWAY;
}
