/*
 * The http-01 responder.
 */
#include "netd/http_responder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "netd/question.h"
#include "netd/tokens.h"

#define READ_CHUNK 2048

struct http_responder {
    struct acceptor *acceptor;
    struct tokens *tokens;
};

struct client {
    struct http_responder *responder;
    struct connection *connection;
    int fd;
    struct buf in, out;
    size_t sent;
};

/* Tells of this client by the first line of what it asked. given: "" when it has not asked. */
static void tell(struct client *client, const char *given)
{
    struct view rest = buf_view(&client->in), line = { "", 0 };

    (void)view_cut(&rest, '\n', &line);
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    connection_tell(client->connection, line, view_of(given));
}

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

static void answer(struct client *client, const char *status, struct view body, bool with_body)
{
    char given[32];

    put_answer(&client->out, status, body, with_body);
    (void)snprintf(given, sizeof given, "HTTP status %.3s", status);
    tell(client, given);
}

static void compose(struct client *client, enum question_step step, const struct question *question)
{
    bool with_body = step == QUESTION_BROKEN || question->method != QUESTION_HEAD;
    struct view content;

    if (step == QUESTION_BROKEN)
        answer(client, "400 Bad Request", view_of("400\n"), with_body);
    else if (question->method == QUESTION_OTHER)
        answer(client, "405 Method Not Allowed", view_of("405\n"), with_body);
    else if (question->token.len > 0 && tokens_find(client->responder->tokens, question->token, &content))
        answer(client, "200 OK", content, with_body);
    else
        answer(client, "404 Not Found", view_of("404\n"), with_body);
}

static enum connection_step send_answer(struct client *client)
{
    ssize_t sent = send(client->fd, client->out.at + client->sent, client->out.len - client->sent, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return CONNECTION_GONE;
    client->sent += sent > 0 ? (size_t)sent : 0;
    return client->sent < client->out.len ? CONNECTION_WRITE : CONNECTION_DONE;
}

/* ---- reading ---- */

static enum connection_step read_question(struct client *client)
{
    size_t room_left = QUESTION_MAX - client->in.len;
    size_t chunk = room_left < READ_CHUNK ? room_left : READ_CHUNK;
    char *room = buf_room(&client->in, chunk);
    ssize_t got = room == NULL ? 0 : recv(client->fd, room, chunk, 0);
    struct question question;
    enum question_step step;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return CONNECTION_READ;
    if (got <= 0) /* gone before its question was complete */
        return CONNECTION_GONE;
    buf_grow(&client->in, (size_t)got);
    step = question_read(buf_view(&client->in), &question);
    if (step == QUESTION_MORE)
        return CONNECTION_READ;
    compose(client, step, &question);
    buf_clear(&client->in);
    return send_answer(client);
}

/* ---- as netd/acceptor.h wants it ---- */

static void *begin(void *responder, struct connection *connection, int fd)
{
    struct client *client = xcalloc(1, sizeof *client);

    *client = (struct client){ responder, connection, fd, BUF(QUESTION_MAX), BUF(QUESTION_MAX), 0 };
    return client;
}

static enum connection_step advance(void *self)
{
    struct client *client = self;

    return client->out.len > 0 ? send_answer(client) : read_question(client);
}

static void end(void *self)
{
    struct client *client = self;

    tell(client, "");
    buf_clear(&client->in);
    buf_clear(&client->out);
    free(client);
}

static const struct protocol http = { begin, advance, end };

struct http_responder *http_responder_new(struct event_base *base, struct responder_sink sink)
{
    struct http_responder *responder = xcalloc(1, sizeof *responder);

    responder->acceptor = acceptor_new(base, &http, responder, sink);
    responder->tokens = tokens_new();
    return responder;
}

void http_responder_free(struct http_responder *responder)
{
    acceptor_free(responder->acceptor);
    tokens_free(responder->tokens);
    free(responder);
}

struct acceptor *http_responder_acceptor(struct http_responder *responder)
{
    return responder->acceptor;
}

void http_responder_add(struct http_responder *responder, struct view token, struct view content)
{
    tokens_add(responder->tokens, token, content);
}

void http_responder_remove(struct http_responder *responder, struct view token)
{
    tokens_remove(responder->tokens, token);
}
