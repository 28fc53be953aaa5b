#include "dns/ca_place.h"

#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/url.h"

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
    AUTO(free) char *host = url_host(url);
    const struct ask asks[] = { { .name = host, .type = DNS_A }, { .name = host, .type = DNS_AAAA } };
    struct dns_reply replies[COUNT(asks)] = { 0 };
    struct error ignored = { 0 };
    size_t count = 0;
    bool ok;

    if (host == NULL || address_is(host) || strchr(host, '.') == NULL) /* "localhost" needs no question */
        return host != NULL && address_place_of_text(host) == ADDRESS_PUBLIC;
    ok = ask_all(asker, asks, COUNT(asks), replies, &ignored);
    for (size_t i = 0; i < COUNT(asks); i++) {
        ok = ok && count_addresses(&replies[i], &count);
        dns_reply_clear(&replies[i]);
    }
    return ok && count > 0;
}
