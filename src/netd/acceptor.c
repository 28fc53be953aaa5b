/*
 * Connections from anybody, bounded in number and time.
 */
#include "netd/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/event_timeout.h"

#define MAX_LISTENERS (MESSAGE_MAX_PLACES * MESSAGE_MAX_SOCKETS)
#define MAX_CONNECTIONS 256
#define CONNECTION_MS 30000 /* for the whole of it */
#define LINGER_MS 2000      /* after the answer: reading on, so that what is under way does not turn it into a reset */
#define ACCEPTS 16          /* at one time, so that a flood of connections leaves room for the rest of the process */
#define DRAIN_CHUNK 2048

struct connection {
    struct connection *older, *newer;
    struct acceptor *acceptor;
    int fd;
    struct event *event;
    void *self; /* of the protocol */
    bool lingering;
    int64_t until; /* of clock_monotonic_ms */
    char from[INET6_ADDRSTRLEN];
    bool told;
};

struct listener {
    uint8_t place;
    int fd;
    struct event *event;
};

struct acceptor {
    struct event_base *base;
    const struct protocol *protocol;
    void *responder;
    struct responder_sink sink;
    struct listener listeners[MAX_LISTENERS];
    size_t listener_count;
    struct connection *oldest, *newest;
    size_t connection_count;
};

void connection_tell(struct connection *connection, struct view question, struct view given)
{
    struct responder_sink *sink = &connection->acceptor->sink;

    if (connection->told)
        return;
    connection->told = true;
    sink->visited(sink->ctx, &(struct message_visit){ view_of(connection->from), question, given });
}

/* ---- one connection ---- */

static void connection_free(struct connection *connection)
{
    struct acceptor *acceptor;

    if (connection == NULL)
        return;
    acceptor = connection->acceptor;
    if (connection->self != NULL)
        acceptor->protocol->end(connection->self);
    connection_tell(connection, view_of(""), view_of(""));
    *(connection->older != NULL ? &connection->older->newer : &acceptor->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &acceptor->newest) = connection->older;
    acceptor->connection_count--;
    event_free(connection->event);
    (void)close(connection->fd);
    free(connection);
}

static void on_connection(evutil_socket_t fd, short what, void *ctx);

/* Waits for the next thing that happens on it, as long as it still may. */
static void wait_for(struct connection *connection, short what)
{
    int64_t left = connection->until - clock_monotonic_ms();

    if (left <= 0 ||
        event_assign(connection->event, connection->acceptor->base, connection->fd, what, on_connection, connection) !=
            0 ||
        event_add_ms(connection->event, left) != 0)
        connection_free(connection);
}

static void linger(struct connection *connection)
{
    (void)shutdown(connection->fd, SHUT_WR);
    connection->lingering = true;
    if (connection->until > clock_monotonic_ms() + LINGER_MS)
        connection->until = clock_monotonic_ms() + LINGER_MS;
    wait_for(connection, EV_READ);
}

static void read_on(struct connection *connection)
{
    char nowhere[DRAIN_CHUNK];
    ssize_t got = recv(connection->fd, nowhere, sizeof nowhere, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        connection_free(connection);
    else
        wait_for(connection, EV_READ);
}

static void advance(struct connection *connection)
{
    switch (connection->acceptor->protocol->advance(connection->self)) {
    case CONNECTION_READ:
        wait_for(connection, EV_READ);
        break;
    case CONNECTION_WRITE:
        wait_for(connection, EV_WRITE);
        break;
    case CONNECTION_DONE:
        linger(connection);
        break;
    case CONNECTION_GONE:
        connection_free(connection);
        break;
    }
}

static void on_connection(evutil_socket_t fd __attribute__((unused)), short what, void *ctx)
{
    struct connection *connection = ctx;

    if ((what & EV_TIMEOUT) != 0)
        connection_free(connection);
    else if (connection->lingering)
        read_on(connection);
    else
        advance(connection);
}

/* ---- accepting ---- */

/* An IPv4 address that came over an IPv6 socket is written as what it is. */
static void write_address(const struct sockaddr_storage *address, char out[INET6_ADDRSTRLEN])
{
    static const char mapped[] = "::ffff:";
    const void *at = address->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                    : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

    if (inet_ntop(address->ss_family, at, out, INET6_ADDRSTRLEN) == NULL)
        out[0] = '\0';
    if (strncmp(out, mapped, strlen(mapped)) == 0 && strchr(out, '.') != NULL)
        memmove(out, out + strlen(mapped), strlen(out + strlen(mapped)) + 1);
}

static void connection_new(struct acceptor *acceptor, int fd, const struct sockaddr_storage *address)
{
    struct connection *connection = xcalloc(1, sizeof *connection);

    *connection = (struct connection){
        .acceptor = acceptor,
        .fd = fd,
        .until = clock_monotonic_ms() + CONNECTION_MS,
        .older = acceptor->newest,
    };
    write_address(address, connection->from);
    *(connection->older != NULL ? &connection->older->newer : &acceptor->oldest) = connection;
    acceptor->newest = connection;
    acceptor->connection_count++;
    connection->event = event_new(acceptor->base, fd, EV_READ, on_connection, connection);
    if (connection->event == NULL)
        abort(); /* a few hundred bytes */
    connection->self = acceptor->protocol->begin(acceptor->responder, connection, fd);
    if (connection->self == NULL)
        connection_free(connection);
    else
        wait_for(connection, EV_READ);
}

static void on_listener(evutil_socket_t listener, short what __attribute__((unused)), void *ctx)
{
    struct acceptor *acceptor = ctx;

    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage address = { 0 };
        socklen_t len = sizeof address;
        int fd = accept4(listener, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0 && acceptor->connection_count >= MAX_CONNECTIONS)
            connection_free(acceptor->oldest); /* the oldest unfinished connection is the likeliest to hold us up */
        if (fd >= 0)
            connection_new(acceptor, fd, &address);
        else if ((errno == EMFILE || errno == ENFILE) && acceptor->oldest != NULL)
            connection_free(acceptor->oldest);
        else if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

bool acceptor_listen(struct acceptor *acceptor, uint8_t place, int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;
    struct listener *listener = &acceptor->listeners[acceptor->listener_count];

    if (acceptor->listener_count == MAX_LISTENERS || evutil_make_socket_nonblocking(fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || listening == 0) {
        (void)close(fd);
        return false;
    }
    *listener =
        (struct listener){ place, fd, event_new(acceptor->base, fd, EV_READ | EV_PERSIST, on_listener, acceptor) };
    if (listener->event == NULL || event_add(listener->event, NULL) != 0)
        abort();
    acceptor->listener_count++;
    return true;
}

void acceptor_unlisten(struct acceptor *acceptor, uint8_t place)
{
    size_t kept = 0;

    for (size_t i = 0; i < acceptor->listener_count; i++) {
        struct listener *listener = &acceptor->listeners[i];

        if (listener->place != place) {
            acceptor->listeners[kept++] = *listener;
            continue;
        }
        event_free(listener->event);
        (void)close(listener->fd);
    }
    acceptor->listener_count = kept;
}

struct acceptor *acceptor_new(
    struct event_base *base, const struct protocol *protocol, void *responder, struct responder_sink sink)
{
    struct acceptor *acceptor = xcalloc(1, sizeof *acceptor);

    *acceptor = (struct acceptor){ .base = base, .protocol = protocol, .responder = responder, .sink = sink };
    return acceptor;
}

void acceptor_free(struct acceptor *acceptor)
{
    for (uint8_t place = 0; place < MESSAGE_MAX_PLACES; place++)
        acceptor_unlisten(acceptor, place);
    while (acceptor->oldest != NULL) {
        acceptor->oldest->told = true; /* the sink may be gone */
        connection_free(acceptor->oldest);
    }
    free(acceptor);
}
