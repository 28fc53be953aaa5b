/*
 * Keeps an exchange with an address that stands in a certificate from places that only this machine can reach.
 */
#include "client/guard.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/address.h"

void guard_init(struct guard *guard, const struct message_request *request)
{
    *guard = (struct guard){ .active = request->guarded, .home = view_dup(request->home) };
}

void guard_clear(struct guard *guard)
{
    free(guard->home);
    *guard = (struct guard){ 0 };
}

/* Notes an address; false: not there. */
static bool pass(struct guard *guard, enum address_place place)
{
    if (guard->locating) {
        guard->allowed |= (unsigned)place & ~(unsigned)ADDRESS_NOBODYS;
        return false;
    }
    guard->refused |= (unsigned)place & ~guard->allowed;
    return ((unsigned)place & ~guard->allowed) == 0;
}

bool guard_lets_connect(struct guard *guard, const struct sockaddr *address)
{
    if (!guard->active)
        return true;
    return pass(guard, guard->proxied ? (enum address_place)guard->literal : address_place(address));
}

bool guard_lets_out(struct guard *guard, const char *address)
{
    if (!guard->active)
        return true;
    return pass(guard, guard->proxied ? (enum address_place)guard->literal : address_place_of_text(address));
}

/* The class of a URL's host when it is an address, or a name such as localhost. */
static enum address_place place_of_host(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    enum address_place place = ADDRESS_NOBODYS;

    if (parts == NULL)
        abort();
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK && /* writes 127.1 and 0x7f000001 as 127.0.0.1 */
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        AUTO(free) char *bare = host[0] == '[' ? xstrndup(host + 1, strcspn(host + 1, "]")) : xstrdup(host);

        text_lower(bare);
        if (text_equal(bare, "localhost") || text_ends(bare, ".localhost") || text_starts(bare, "localhost."))
            place = ADDRESS_LOOPBACK;
        else if (host[0] == '[' || bare[strspn(bare, "0123456789.")] == '\0')
            place = address_place_of_text(bare);
        else
            place = ADDRESS_PUBLIC;
    }
    curl_free(host);
    curl_url_cleanup(parts);
    return place;
}

/* Nothing here fails but for want of memory, or with a libcurl that cannot do what we need of it. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK)                                                     \
            abort();                                                                                                   \
    } while (0)

void guard_set(struct guard *guard, const char *url, bool proxied)
{
    if (!guard->active)
        return;
    guard->proxied = proxied;
    guard->literal = place_of_host(url);
    guard->refused = 0;
}

bool guard_locate(struct guard *guard, CURL *easy)
{
    if (!guard->active || guard->located || guard->refused == 0 || *guard->home == '\0')
        return false;
    guard->locating = true;
    guard->located = true;
    guard->proxied = false;
    SET(CURLOPT_URL, guard->home);
    SET(CURLOPT_PROXY, "");         /* names are to be resolved by this machine */
    SET(CURLOPT_FRESH_CONNECT, 1L); /* or nothing is resolved */
    SET(CURLOPT_CONNECT_ONLY, 1L);
    return true;
}

bool guard_located(struct guard *guard, CURL *easy)
{
    guard->locating = false;
    SET(CURLOPT_FRESH_CONNECT, 0L);
    SET(CURLOPT_CONNECT_ONLY, 0L);
    return (guard->refused & ~guard->allowed) == 0;
}
