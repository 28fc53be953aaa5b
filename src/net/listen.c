/*
 * Listening sockets for the responders.
 */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/port_owner.h"

#define BACKLOG 128

/* Sets the advice for a port that cannot be bound. */
static const struct {
    const char *challenge; /* options begin with it */
    int port;              /* to which the CA comes */
    const char *instead;   /* while another program has the port */
} responders[RESPONDER_COUNT] = {
    [RESPONDER_HTTP] = { "http-01", 80, "stop it, or let that web server answer (--webroot, --nginx, --apache)" },
    [RESPONDER_ALPN] = { "tls-alpn-01", 443,
        "stop it (--pre-hook and --post-hook can), or prove control on port 80 (--preferred-challenges http)" },
};

struct endpoint {
    struct sockaddr_storage at;
    socklen_t len;
};

static void endpoint_v6(struct endpoint *endpoint, const struct in6_addr *address, int port)
{
    struct sockaddr_in6 *at = (struct sockaddr_in6 *)&endpoint->at;

    *endpoint = (struct endpoint){ .len = sizeof *at };
    at->sin6_family = AF_INET6;
    at->sin6_addr = *address;
    at->sin6_port = htons((uint16_t)port);
}

static void endpoint_v4(struct endpoint *endpoint, const struct in_addr *address, int port)
{
    struct sockaddr_in *at = (struct sockaddr_in *)&endpoint->at;

    *endpoint = (struct endpoint){ .len = sizeof *at };
    at->sin_family = AF_INET;
    at->sin_addr = *address;
    at->sin_port = htons((uint16_t)port);
}

/* The endpoints to try, in order; 0 when the address is none. */
static size_t find_endpoints(const char *address, int port, struct endpoint endpoints[static MESSAGE_MAX_SOCKETS])
{
    struct in_addr v4 = { .s_addr = htonl(INADDR_ANY) };
    struct in6_addr v6 = IN6ADDR_ANY_INIT;

    if (address == NULL || address[0] == '\0') {
        endpoint_v6(&endpoints[0], &v6, port);
        endpoint_v4(&endpoints[1], &v4, port);
        return 2;
    }
    if (strcmp(address, "localhost") == 0) { /* the one name that needs no resolver */
        v4.s_addr = htonl(INADDR_LOOPBACK);
        endpoint_v6(&endpoints[0], &in6addr_loopback, port);
        endpoint_v4(&endpoints[1], &v4, port);
        return 2;
    }
    if (inet_pton(AF_INET6, address, &v6) == 1) {
        endpoint_v6(&endpoints[0], &v6, port);
        return 1;
    }
    if (inet_pton(AF_INET, address, &v4) == 1) {
        endpoint_v4(&endpoints[0], &v4, port);
        return 1;
    }
    return 0;
}

/* A listening socket, or -1 with errno. */
static int open_endpoint(const struct endpoint *endpoint)
{
    int fd = socket(endpoint->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0, saved;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (endpoint->at.ss_family == AF_INET6) /* where it can be both, one socket serves IPv4 too */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (const struct sockaddr *)&endpoint->at, endpoint->len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

static bool explain(enum responder responder, int sys, const char *address, int port, struct error *err)
{
    AUTO(free) char *owner = NULL;
    const char *where = address != NULL && address[0] != '\0' ? address : "this machine";
    bool ours;

    if (sys == EADDRINUSE) {
        owner = port_owner(address, port, &ours);
        (void)error_set(err, ERROR_PLUGIN,
            "Could not bind TCP port %d because it is already in use by another process "
            "on this system (such as a web server). Please stop the program in question and then try again.",
            port);
        if (owner != NULL && ours)
            (void)error_next(err,
                "port %d of %s belongs to %s, another run of this program: run this again when it "
                "has finished",
                port, where, owner);
        else if (owner != NULL)
            (void)error_next(err, "port %d of %s belongs to %s: %s", port, where, owner, responders[responder].instead);
        else
            (void)error_next(err, "see who has it with: ss -ltnp 'sport = :%d'", port);
    } else if (sys == EACCES || sys == EPERM) {
        (void)error_set(err, ERROR_PLUGIN,
            "Could not bind TCP port %d because you don't have the appropriate "
            "permissions (for example, you aren't running this program as root).",
            port);
        (void)error_next(err, "run this as root, or choose a port above 1023 with --%s-port and forward port %d to it",
            responders[responder].challenge, responders[responder].port);
    } else if (sys == EADDRNOTAVAIL) {
        (void)error_set(err, ERROR_PLUGIN, "Problem binding to port %d: this machine has no address %s", port, address);
        (void)error_next(
            err, "give an address of this machine to --%s-address, or leave it out", responders[responder].challenge);
    } else {
        errno = sys;
        (void)error_errno(err, ERROR_PLUGIN, "Problem binding to port %d", port);
    }
    return error_sys(err, sys);
}

bool listen_open(enum responder responder, const char *address, int port, int fds[static MESSAGE_MAX_SOCKETS],
    size_t *count, struct error *err)
{
    struct endpoint endpoints[MESSAGE_MAX_SOCKETS];
    size_t endpoint_count = find_endpoints(address, port, endpoints), opened = 0;
    int sys = 0;

    if (endpoint_count == 0)
        return error_set(err, ERROR_PLUGIN, "Problem binding to port %d: %s is not an IP address", port, address);
    for (size_t i = 0; i < endpoint_count; i++) {
        int fd = open_endpoint(&endpoints[i]);

        if (fd >= 0)
            fds[opened++] = fd;
        else if (sys == 0 || sys == EAFNOSUPPORT || sys == EADDRNOTAVAIL)
            sys = errno; /* a machine without IPv6 is no news: what IPv4 says counts then */
    }
    if (opened == 0)
        return explain(responder, sys, address, port, err);
    *count = opened;
    return true;
}
