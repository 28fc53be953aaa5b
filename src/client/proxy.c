/*
 * Finds the proxy that the environment names for a URL.
 */
#include "client/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

struct ip { /* an address as bytes; len 0: it is none */
    unsigned char bytes[16];
    size_t len;
};

static struct ip read_ip(struct view text)
{
    struct ip ip = { .len = 0 };
    char plain[INET6_ADDRSTRLEN] = "";

    if (text.len >= sizeof plain)
        return ip;
    memcpy(plain, text.at, text.len);
    if (inet_pton(AF_INET, plain, ip.bytes) == 1)
        ip.len = 4;
    else if (inet_pton(AF_INET6, plain, ip.bytes) == 1)
        ip.len = 16;
    return ip;
}

static bool is_in_network(const struct ip *ip, const struct ip *network, uint64_t bits)
{
    for (size_t i = 0; i < ip->len && bits > 0; i++) {
        unsigned mask = bits >= 8 ? 0xffU : 0xffU << (8 - bits) & 0xffU;

        if (((unsigned)(ip->bytes[i] ^ network->bytes[i]) & mask) != 0)
            return false;
        bits -= bits >= 8 ? 8 : bits;
    }
    return true;
}

static bool fits_address(struct view entry, const struct ip *host)
{
    struct view rest = entry, address;
    struct ip network;
    uint64_t bits;

    if (!view_cut(&rest, '/', &address))
        return false;
    network = read_ip(address);
    if (network.len != host->len)
        return false;
    bits = 8 * host->len;
    if (rest.at != NULL && !view_to_number(rest, 0, bits, &bits))
        return false;
    return is_in_network(host, &network, bits);
}

static struct view without_dots(struct view name)
{
    while (name.len > 0 && name.at[0] == '.')
        name = (struct view){ name.at + 1, name.len - 1 };
    while (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    return name;
}

static bool fits_name(struct view entry, struct view host)
{
    entry = without_dots(entry);
    host = without_dots(host);
    if (entry.len == 0 || entry.len > host.len)
        return false;
    return strncasecmp(host.at + host.len - entry.len, entry.at, entry.len) == 0 &&
           (entry.len == host.len || host.at[host.len - entry.len - 1] == '.');
}

/* "host", "host:port", "[::1]:port", "::1": the port goes out of *entry; empty when it names none. */
static struct view cut_port(struct view *entry)
{
    const char *last = memrchr(entry->at, ':', entry->len);
    bool brackets = entry->at[0] == '[';
    struct view port = { "", 0 };

    if (last != NULL && (brackets ? last[-1] == ']' : memchr(entry->at, ':', entry->len) == last)) {
        port = (struct view){ last + 1, (size_t)(entry->at + entry->len - (last + 1)) };
        entry->len = (size_t)(last - entry->at);
    }
    if (brackets && entry->len > 1 && entry->at[entry->len - 1] == ']')
        *entry = (struct view){ entry->at + 1, entry->len - 2 };
    return port;
}

static bool fits(struct view entry, struct view host, const struct ip *address, const char *port)
{
    struct view named = cut_port(&entry);

    if (named.len > 0 && !view_is(named, port))
        return false;
    return view_is(entry, "*") || (address->len > 0 ? fits_address(entry, address) : fits_name(entry, host));
}

bool proxy_is_exempt(const char *no_proxy, const char *host, const char *port)
{
    struct view bare = view_of(host);
    struct ip address;

    (void)cut_port(&bare); /* brackets only: what is given has no port */
    address = read_ip(bare);
    while (*(no_proxy += strspn(no_proxy, ", \t")) != '\0') {
        struct view entry = { no_proxy, strcspn(no_proxy, ", \t") };

        if (fits(entry, bare, &address, port))
            return true;
        no_proxy += entry.len;
    }
    return false;
}

static const char *variable(const char *scheme)
{
    AUTO(free) char *name = xprintf("%s_proxy", scheme);
    const char *value = getenv(name);

    return value != NULL ? value : getenv("all_proxy");
}

const char *proxy_of(const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    const char *proxy = NULL, *exempt = getenv("no_proxy");

    if (parts == NULL)
        abort();
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        proxy = variable(scheme);
        if (proxy != NULL && (*proxy == '\0' || (exempt != NULL && proxy_is_exempt(exempt, host, port))))
            proxy = NULL;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return proxy;
}
