#include "config/addresses.h"

#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"

/* Names that nobody of the public can have: RFC 6761, RFC 6762, RFC 8375, and ICANN's resolution 2024.07.29.06. */
static const char *const inner_names[] = { ".localhost", ".test", ".internal", ".home.arpa", ".local" };

bool server_is_private(const char *url)
{
    AUTO(free) char *host = url_host(url);
    size_t len = host == NULL ? 0 : strlen(host);

    if (len == 0)
        return false;
    if (address_is(host))
        return address_purpose(host) != NULL;
    text_lower(host);
    if (host[len - 1] == '.')
        host[len - 1] = '\0';
    for (size_t i = 0; i < COUNT(inner_names); i++)
        if (text_ends(host, inner_names[i]))
            return true;
    return strchr(host, '.') == NULL;
}

/* Returns false. */
static bool refuse(
    const struct settings *settings, const char *address, const struct address_purpose *purpose, struct error *err)
{
    AUTO(free) char *host = url_host(settings->server);
    const char *mapped = strncmp(address, "::ffff:", 7) == 0 ? address + 7 : "";

    (void)error_set(err, ERROR_CONFIG,
        "%s is %s (%s): a public CA, which %s is taken for, gives no certificates for it", address, purpose->what,
        purpose->rfc, host == NULL ? settings->server : host);
    if (address_is(mapped))
        return error_next(err, "give the IPv4 address itself: --ip-address %s", mapped);
    return error_next(err,
        "give an address by which this machine is reached from the Internet (`evercert ip` looks for it), or say with "
        "--allow-private-ip that the CA is one of your own");
}

bool addresses_check(const struct settings *settings, const struct identifiers *wanted, const struct identifiers *known,
    struct error *err)
{
    if (!settings->voice->refuses_reserved_addresses || settings->allow_private_ip ||
        server_is_private(settings->server))
        return true;
    for (size_t i = 0; i < wanted->len; i++) {
        const struct identifier *identifier = &wanted->at[i];
        const struct address_purpose *purpose =
            identifier->type == IDENTIFIER_IP ? address_purpose(identifier->value) : NULL;

        if (purpose != NULL && (known == NULL || !identifiers_has(known, identifier)))
            return refuse(settings, identifier->value, purpose, err);
    }
    return true;
}
