#include "dns/ca_place.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/address.h"

char *ca_host(const char *url)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    size_t len;

    if (!secure && strncasecmp(url, "http://", 7) != 0)
        return NULL;
    url += secure ? 8 : 7;
    if (memchr(url, '@', strcspn(url, "/?#")) != NULL) /* a user's name */
        return NULL;
    if (url[0] == '[')
        return xstrndup(url + 1, strcspn(url + 1, "]/?#"));
    len = strcspn(url, ":/?#");
    return len == 0 ? NULL : xstrndup(url, len);
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* False: one of the addresses is no public one. */
static bool count_addresses(const struct dns_reply *reply, size_t *count)
{
    for (size_t i = 0; reply->error == NULL && i < reply->answer.len; i++) {
        AUTO(free)
        char *address = reply->answer.at[i].section == DNS_IN_ANSWER ? record_address(&reply->answer.at[i]) : NULL;

        if (address != NULL && address_place_of_text(address) != ADDRESS_PUBLIC)
            return false;
        *count += address != NULL;
    }
    return true;
}

bool ca_is_public(const struct asker *asker, const char *url)
{
    AUTO(free) char *host = ca_host(url);
    const struct ask asks[] = { { .name = host, .type = DNS_A }, { .name = host, .type = DNS_AAAA } };
    struct dns_reply replies[COUNT(asks)] = { 0 };
    struct error ignored = { 0 };
    size_t count = 0;
    bool ok;

    if (host == NULL || is_address(host) || strchr(host, '.') == NULL) /* "localhost" needs no question */
        return host != NULL && address_place_of_text(host) == ADDRESS_PUBLIC;
    ok = ask_all(asker, asks, COUNT(asks), replies, &ignored);
    for (size_t i = 0; i < COUNT(asks); i++) {
        ok = ok && count_addresses(&replies[i], &count);
        dns_reply_clear(&replies[i]);
    }
    return ok && count > 0;
}
