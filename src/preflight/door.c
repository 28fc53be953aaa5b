/*
 * Knocks at the ports where CAs ask for proofs.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/probe.h"
#include "preflight/facts.h"
#include "preflight/hop.h"

#define KNOCK_MS 3000
#define PATH "/.well-known/acme-challenge/evercert-preflight"
#define BODY_MAX ((size_t)256 * 1024)
#define ACME_TLS "acme-tls/1"

void door_clear(struct door *door)
{
    free(door->address);
    free(door->url);
    *door = (struct door){ 0 };
}

static int time_left(int64_t until_ms)
{
    int64_t left = until_ms - clock_monotonic_ms();

    return left < 1 ? 0 : left < KNOCK_MS ? (int)left : KNOCK_MS;
}

static enum door_state state_of(const struct error *err)
{
    switch (err->sys) {
    case ECONNREFUSED:
        return DOOR_REFUSED;
    case ETIMEDOUT:
        return DOOR_SILENT;
    case ENETUNREACH:
        return DOOR_UNREACHABLE;
    default:
        return DOOR_MUTE;
    }
}

/* ---- TLS ---- */

/* A server may refuse the handshake because of the protocol alone: then it is asked without one. */
static enum door_state shake(
    struct net *net, const char *host, const char *address, int port, const char *alpn, int64_t until_ms)
{
    AUTO(probed_clear) struct probed probed = { 0 };
    struct probe probe = { .address = address, .port = port, .sni = host, .alpn = alpn };
    struct error err = { 0 };

    probe.timeout_ms = time_left(until_ms);
    if (probe.timeout_ms == 0)
        return DOOR_UNTRIED;
    if (net_probe(net, &probe, &probed, &err))
        return DOOR_OPEN;
    if (alpn != NULL && state_of(&err) == DOOR_MUTE)
        return shake(net, host, address, port, NULL, until_ms);
    return state_of(&err);
}

static bool speaks_tls(struct net *net, const char *host, const struct door *door, int port, int64_t until_ms)
{
    return shake(net, host, door->address, port, NULL, until_ms) == DOOR_OPEN;
}

/* ---- HTTP ---- */

static bool has_text(struct view body, const char *text)
{
    AUTO(free) char *copy = view_dup(body); /* up to the first NUL */

    return strcasestr(copy, text) != NULL;
}

static enum door_page page_of(struct view body)
{
    if (has_text(body, "type=\"password\"") || has_text(body, "type='password'") || has_text(body, "type=password"))
        return PAGE_LOGIN;
    return has_text(body, "<html") || has_text(body, "<!doctype") ? PAGE_WEB : PAGE_NONE;
}

static bool get(struct net *net, const char *url, const struct door *door, int port, struct http_response *out,
    int64_t until_ms, struct error *err)
{
    bool is_v6 = strchr(door->address, ':') != NULL;
    AUTO(free) char *at = xprintf("%s%s%s:%d", is_v6 ? "[" : "", door->address, is_v6 ? "]" : "", port);
    struct http_request request = { .method = HTTP_GET, .url = url, .at = at, .max_body = BODY_MAX };

    request.timeout_ms = time_left(until_ms);
    return request.timeout_ms > 0 && net_http(net, &request, out, err);
}

/* Where the answer sends the CA, absolute, of the caller's; NULL: nowhere. */
static char *redirect_of(const struct http_response *response, const char *url)
{
    const char *location = http_header(response, "location", NULL);

    if (response->status < 300 || response->status > 399 || location == NULL)
        return NULL;
    if (location[strcspn(location, ":/?#")] == ':') /* of whatever scheme */
        return xstrdup(location);
    return url_resolve(url, location);
}

/* Asks once. *next is where the answer leads, of the caller's. False: there was no answer. */
static bool ask(
    struct net *net, const char *url, struct door *door, int port, char **next, int64_t until_ms, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };

    if (!get(net, url, door, port, &response, until_ms, err))
        return false;
    door->status = response.status;
    door->page = page_of(buf_view(&response.body));
    *next = redirect_of(&response, url);
    return true;
}

/* Follows a redirect as a CA would, as far as can be looked at from here. *next is where the answer there leads. */
static enum door_way follow(struct net *net, const char *host, struct door *door, char **next, int64_t until_ms)
{
    struct error ignored = { 0 };

    switch (hop_judge(host, door->url)) {
    case HOP_AWAY:
        return WAY_AWAY;
    case HOP_REFUSED:
        return WAY_REFUSED;
    case HOP_SECURE:
        if (time_left(until_ms) > 0 && !speaks_tls(net, host, door, 443, until_ms))
            return time_left(until_ms) > 0 ? WAY_DEAD : WAY_STAYS;
        /* CAs take any certificate there; we only go on where we trust it. */
        (void)!ask(net, door->url, door, 443, next, until_ms, &ignored);
        break;
    case HOP_SAME:
        (void)!ask(net, door->url, door, 80, next, until_ms, &ignored);
        break;
    }
    return WAY_STAYS;
}

static void follow_all(struct net *net, const char *host, struct door *door, char *first, int64_t until_ms)
{
    AUTO(free) char *next = first;

    for (int hops = 0; next != NULL && door->way == WAY_STAYS; hops++) {
        free(door->url);
        door->url = TAKE(next);
        door->way = hops == HOPS_MAX ? WAY_ENDLESS : follow(net, host, door, &next, until_ms);
    }
}

static void try_http(struct net *net, const char *host, struct door *door, int64_t until_ms)
{
    bool is_v6 = strchr(host, ':') != NULL;
    AUTO(free) char *url = xprintf("http://%s%s%s" PATH, is_v6 ? "[" : "", host, is_v6 ? "]" : "");
    struct error err = { 0 };
    char *next = NULL;

    if (time_left(until_ms) == 0)
        return;
    if (ask(net, url, door, door->port, &next, until_ms, &err)) {
        /* nginx says in HTTP that it wants TLS. */
        door->state = door->status == 400 && speaks_tls(net, host, door, door->port, until_ms) ? DOOR_TLS : DOOR_OPEN;
        follow_all(net, host, door, next, until_ms);
        return;
    }
    door->state = state_of(&err);
    if (door->state == DOOR_MUTE && speaks_tls(net, host, door, door->port, until_ms))
        door->state = DOOR_TLS;
}

void door_try(struct net *net, const char *host, struct door *door, int64_t until_ms)
{
    if (door->port == 443)
        door->state = shake(net, host, door->address, door->port, ACME_TLS, until_ms);
    else
        try_http(net, host, door, until_ms);
}
