#include "script/redirect.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Bytes up to the end of scheme, host and port; 0: no http or https URL with a host. */
static size_t origin_len(const char *url)
{
    size_t scheme = text_starts(url, "https://") ? 8 : text_starts(url, "http://") ? 7 : 0;
    size_t host = scheme == 0 ? 0 : strcspn(url + scheme, "/?#");

    return host == 0 ? 0 : scheme + host;
}

static bool is_sound(const char *url)
{
    for (const char *at = url; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '\\')
            return false;
    return origin_len(url) > 0 && strlen(url) <= REDIRECT_URL_MAX;
}

bool redirect_same_origin(const char *a, const char *b)
{
    size_t len = origin_len(a);

    return len > 0 && len == origin_len(b) && memcmp(a, b, len) == 0;
}

/* Bytes of base before what `location` says anew. */
static size_t kept(const char *base, const char *location)
{
    size_t origin = origin_len(base), path = strcspn(base, "?#"), dir = path;

    if (text_starts(location, "//"))
        return strcspn(base, "/");
    if (location[0] == '/')
        return origin;
    if (location[0] == '?' || location[0] == '\0')
        return path;
    while (dir > origin && base[dir - 1] != '/')
        dir--;
    return dir;
}

static bool has_scheme(const char *location)
{
    size_t word = strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return word > 0 && location[word] == ':';
}

char *redirect_target(const char *base, const char *location)
{
    int len = (int)strcspn(location, "#"), head;
    AUTO(free) char *url = NULL;

    if (!is_sound(base) || len > REDIRECT_URL_MAX)
        return NULL;
    head = has_scheme(location) ? 0 : (int)kept(base, location);
    url = xprintf("%.*s%s%.*s", head, base,
        head > 0 && (size_t)head == origin_len(base) && location[0] != '/' && location[0] != '?' ? "/" : "", len,
        location);
    return is_sound(url) ? TAKE(url) : NULL;
}
