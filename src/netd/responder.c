/*
 * The http-01 responder.
 */
#include "netd/responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "netd/event_timeout.h"
#include "netd/question.h"
#include "netd/tokens.h"

#define MAX_LISTENERS 4
#define MAX_CLIENTS 256
#define CLIENT_MS 30000 /* for the whole connection */
#define LINGER_MS 2000  /* after the answer: reading on, so that what is under way does not turn it into a reset */
#define ACCEPTS 16      /* at one time, so that a flood of connections leaves room for the rest of the process */
#define READ_CHUNK 2048

struct client {
    struct client *older, *newer;
    struct responder *responder;
    int fd;
    struct event *event;
    struct buf in, out;
    size_t sent;
    bool lingering;
    int64_t until; /* of clock_monotonic_ms */
    char from[INET6_ADDRSTRLEN];
    bool told;
};

struct listener {
    int fd;
    struct event *event;
};

struct responder {
    struct event_base *base;
    struct responder_sink sink;
    struct tokens *tokens;
    struct listener listeners[MAX_LISTENERS];
    size_t listener_count;
    struct client *oldest, *newest;
    size_t client_count;
};

/* Tells of this client, once, by the first line of what it asked. */
static void tell(struct client *client, uint32_t status)
{
    struct view rest = buf_view(&client->in), line = { "", 0 };

    if (client->told)
        return;
    client->told = true;
    (void)view_cut(&rest, '\n', &line);
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    client->responder->sink.visited(
        client->responder->sink.ctx, &(struct message_visit){ view_of(client->from), line, status });
}

static void client_free(struct client *client)
{
    struct responder *responder;

    if (client == NULL)
        return;
    tell(client, 0);
    responder = client->responder;
    *(client->older != NULL ? &client->older->newer : &responder->oldest) = client->newer;
    *(client->newer != NULL ? &client->newer->older : &responder->newest) = client->older;
    responder->client_count--;
    event_free(client->event);
    (void)close(client->fd);
    buf_clear(&client->in);
    buf_clear(&client->out);
    free(client);
}

/* Waits for the next thing this client does, as long as it still may. */
static void wait_for(struct client *client, short what);

/* ---- answering ---- */

static void put_answer(struct buf *out, const char *status, struct view body, bool with_body)
{
    buf_putf(out,
        "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n%sConnection: close\r\n"
        "\r\n",
        status, body.len, status[0] == '4' && status[2] == '5' ? "Allow: GET, HEAD\r\n" : "");
    if (with_body)
        buf_put(out, body);
}

static void answer(struct client *client, uint32_t status, const char *text, struct view body, bool with_body)
{
    put_answer(&client->out, text, body, with_body);
    tell(client, status);
}

static void compose(struct client *client, enum question_step step, const struct question *question)
{
    bool with_body = step == QUESTION_BROKEN || question->method != QUESTION_HEAD;
    struct view content;

    if (step == QUESTION_BROKEN)
        answer(client, 400, "400 Bad Request", view_of("400\n"), with_body);
    else if (question->method == QUESTION_OTHER)
        answer(client, 405, "405 Method Not Allowed", view_of("405\n"), with_body);
    else if (question->token.len > 0 && tokens_find(client->responder->tokens, question->token, &content))
        answer(client, 200, "200 OK", content, with_body);
    else
        answer(client, 404, "404 Not Found", view_of("404\n"), with_body);
}

static void send_answer(struct client *client)
{
    ssize_t sent = send(client->fd, client->out.at + client->sent, client->out.len - client->sent, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        client_free(client);
        return;
    }
    client->sent += sent > 0 ? (size_t)sent : 0;
    if (client->sent < client->out.len) {
        wait_for(client, EV_WRITE);
        return;
    }
    (void)shutdown(client->fd, SHUT_WR);
    client->lingering = true;
    if (client->until > clock_monotonic_ms() + LINGER_MS)
        client->until = clock_monotonic_ms() + LINGER_MS;
    wait_for(client, EV_READ);
}

/* ---- reading ---- */

static void read_question(struct client *client)
{
    size_t room_left = QUESTION_MAX - client->in.len;
    size_t chunk = room_left < READ_CHUNK ? room_left : READ_CHUNK;
    char *room = buf_room(&client->in, chunk);
    ssize_t got = room == NULL ? 0 : recv(client->fd, room, chunk, 0);
    struct question question;
    enum question_step step;

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_for(client, EV_READ);
        return;
    }
    if (got <= 0) { /* gone before its question was complete */
        client_free(client);
        return;
    }
    buf_grow(&client->in, (size_t)got);
    step = question_read(buf_view(&client->in), &question);
    if (step == QUESTION_MORE) {
        wait_for(client, EV_READ);
        return;
    }
    compose(client, step, &question);
    buf_clear(&client->in);
    send_answer(client);
}

static void read_on(struct client *client)
{
    char nowhere[READ_CHUNK];
    ssize_t got = recv(client->fd, nowhere, sizeof nowhere, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        client_free(client);
    else
        wait_for(client, EV_READ);
}

static void on_client(evutil_socket_t fd __attribute__((unused)), short what, void *ctx)
{
    struct client *client = ctx;

    if ((what & EV_TIMEOUT) != 0)
        client_free(client);
    else if (client->lingering)
        read_on(client);
    else if (client->out.len > 0)
        send_answer(client);
    else
        read_question(client);
}

static void wait_for(struct client *client, short what)
{
    int64_t left = client->until - clock_monotonic_ms();

    if (left <= 0 || event_assign(client->event, client->responder->base, client->fd, what, on_client, client) != 0 ||
        event_add_ms(client->event, left) != 0)
        client_free(client);
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

static void client_new(struct responder *responder, int fd, const struct sockaddr_storage *address)
{
    struct client *client = xcalloc(1, sizeof *client);

    *client = (struct client){
        .responder = responder,
        .fd = fd,
        .in = BUF(QUESTION_MAX),
        .out = BUF(QUESTION_MAX),
        .until = clock_monotonic_ms() + CLIENT_MS,
        .older = responder->newest,
    };
    write_address(address, client->from);
    *(client->older != NULL ? &client->older->newer : &responder->oldest) = client;
    responder->newest = client;
    responder->client_count++;
    client->event = event_new(responder->base, fd, EV_READ, on_client, client);
    if (client->event == NULL)
        abort(); /* a few hundred bytes */
    wait_for(client, EV_READ);
}

static void on_listener(evutil_socket_t listener, short what __attribute__((unused)), void *ctx)
{
    struct responder *responder = ctx;

    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage address = { 0 };
        socklen_t len = sizeof address;
        int fd = accept4(listener, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0 && responder->client_count >= MAX_CLIENTS)
            client_free(responder->oldest); /* who came first and has not finished is the likeliest to hold us up */
        if (fd >= 0)
            client_new(responder, fd, &address);
        else if ((errno == EMFILE || errno == ENFILE) && responder->oldest != NULL)
            client_free(responder->oldest);
        else if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

bool responder_listen(struct responder *responder, int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;
    struct listener *listener = &responder->listeners[responder->listener_count];

    if (responder->listener_count == MAX_LISTENERS || evutil_make_socket_nonblocking(fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || listening == 0) {
        (void)close(fd);
        return false;
    }
    *listener = (struct listener){ fd, event_new(responder->base, fd, EV_READ | EV_PERSIST, on_listener, responder) };
    if (listener->event == NULL || event_add(listener->event, NULL) != 0)
        abort();
    responder->listener_count++;
    return true;
}

void responder_unlisten(struct responder *responder)
{
    while (responder->listener_count > 0) {
        struct listener *listener = &responder->listeners[--responder->listener_count];

        event_free(listener->event);
        (void)close(listener->fd);
    }
}

struct responder *responder_new(struct event_base *base, struct responder_sink sink)
{
    struct responder *responder = xcalloc(1, sizeof *responder);

    responder->base = base;
    responder->sink = sink;
    responder->tokens = tokens_new();
    return responder;
}

void responder_free(struct responder *responder)
{
    responder_unlisten(responder);
    while (responder->oldest != NULL) {
        responder->oldest->told = true; /* there may be nobody any more to tell */
        client_free(responder->oldest);
    }
    tokens_free(responder->tokens);
    free(responder);
}

void responder_add(struct responder *responder, struct view token, struct view content)
{
    tokens_add(responder->tokens, token, content);
}

void responder_remove(struct responder *responder, struct view token)
{
    tokens_remove(responder->tokens, token);
}
