#pragma once
/*
 * A small HTTP server for tests, a thread per connection: each path is one way for a server to behave. Included by test
 * programs only.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "client/fixture.h"

#define SERVER_FLOOD_LINE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n" /* 64 bytes */
#define SERVER_FLOOD_LINES (1024 * 1024)
#define SERVER_LARGE ((size_t)400 * 1024) /* more than a socket takes at once */

static int server_fd = -1, server_port;
static pthread_t server_thread;
static atomic_int server_connections, server_open, server_flooded; /* lines */
static atomic_bool server_stopping;

static void server_say(int fd, const char *text)
{
    socket_put(fd, text, strlen(text));
}

/* Waits, but not past the end of the test. */
static void server_wait(int ms)
{
    for (int past = 0; past < ms && !server_stopping; past += 20)
        (void)poll(NULL, 0, 20);
}

static void server_answer(int fd, const char *status, const char *headers, const char *body)
{
    size_t len = strlen(body);
    AUTO(free) char *text = xprintf("HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers, len, body);

    server_say(fd, text);
}

static void server_large(int fd, const char *status, const char *headers)
{
    AUTO(free) char *text = xcalloc(1, SERVER_LARGE + 1);

    memset(text, 'x', SERVER_LARGE);
    server_answer(fd, status, headers, text);
}

static void server_redirect(int fd, const char *where)
{
    AUTO(free) char *header = xprintf("Location: %s\r\n", where);

    server_answer(fd, "302 Found", header, "moved");
}

static void server_endless(int fd, const char *head, const char *piece)
{
    server_say(fd, head);
    for (int i = 0; i < 200000 && !server_stopping; i++) {
        char byte;

        if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
            return; /* the client has had enough */
        server_say(fd, piece);
    }
}

/* More than all buffers on the way can hold. */
static void server_flood(int fd)
{
    AUTO(buf_clear) struct buf lines = BUF(65536);

    for (int i = 0; i < 1024; i++)
        buf_put_text(&lines, SERVER_FLOOD_LINE);
    server_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < SERVER_FLOOD_LINES / 1024 && !server_stopping; i++) {
        socket_put(fd, lines.at, lines.len);
        server_flooded += 1024;
    }
}

/* A large answer, on a connection that is closed without a word at some moment: after it, a little later, or when the
 * next request has come. */
static bool server_moody(int fd)
{
    static atomic_uint count;
    static _Thread_local bool again; /* a thread per connection */
    AUTO(free) char *body = xcalloc(1, SERVER_LARGE + 1);
    unsigned number = count++;

    if (again && number % 7 == 0)
        return false;
    again = true;
    memset(body, 'x', SERVER_LARGE);
    server_answer(fd, "200 OK", "", body);
    if (number % 11 == 0)
        server_wait(20);
    return number % 11 != 0 && number % 5 != 0;
}

/* Answers one request. False: the connection is to be closed. */
static bool server_serve(int fd, const char *path, const char *head, struct view body)
{
    if (strncmp(path, "http://ca.test", 14) == 0) /* as a proxy is asked */
        path += 14;
    if (strcmp(path, "/ok") == 0)
        server_answer(fd, "200 OK", "Replay-Nonce: abc\r\nLink: <a>\r\nLink: <b>\r\n", "hello");
    else if (strcmp(path, "/echo") == 0) {
        AUTO(free) char *text = view_dup(body);

        server_answer(fd, "201 Created",
            strstr(head, "Content-Type: application/jose+json") != NULL &&
                    strstr(head, "User-Agent: test-agent\r\n") != NULL &&
                    strstr(head, "Accept-Encoding: identity\r\n") != NULL
                ? "X-Good: yes\r\n"
                : "X-Good: no\r\n",
            text);
    } else if (strcmp(path, "/nonce") == 0)
        server_say(fd, strncmp(head, "HEAD ", 5) == 0
                           ? "HTTP/1.1 200 OK\r\nReplay-Nonce: n\r\nContent-Length: 5\r\n\r\n"
                           : "HTTP/1.1 405 No\r\n\r\n");
    else if (strcmp(path, "/delay") == 0) {
        server_wait(30);
        server_answer(fd, "200 OK", "", "late");
    } else if (strcmp(path, "/second") == 0) {
        server_wait(1000);
        server_answer(fd, "200 OK", "", "later");
    } else if (strcmp(path, "/second-and-last") == 0) {
        server_wait(1000);
        server_answer(fd, "200 OK", "Connection: close\r\n", "later");
        return false;
    } else if (strcmp(path, "/moody") == 0) {
        return server_moody(fd);
    } else if (strcmp(path, "/silent") == 0) {
        server_wait(600000); /* to the end of the test */
        return false;
    } else if (strcmp(path, "/big") == 0)
        server_endless(fd, "HTTP/1.1 200 OK\r\n\r\n", "0123456789012345678901234567890123456789");
    else if (strcmp(path, "/headers") == 0)
        server_endless(fd, "HTTP/1.1 200 OK\r\n", "X-Header: 0123456789012345678901234567890123456789\r\n");
    else if (strcmp(path, "/header") == 0)
        server_endless(fd, "HTTP/1.1 200 OK\r\nX: ", "0123456789012345678901234567890123456789");
    else if (strcmp(path, "/garbage") == 0) {
        socket_put(fd, "\0\1\2\3 not HTTP \n\n", 17);
        return false;
    } else if (strcmp(path, "/close") == 0)
        return false;
    else if (strcmp(path, "/partial") == 0) {
        server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return false;
    } else if (strcmp(path, "/lines") == 0) {
        server_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Good: yes\r\n\r\n"
                       "2\r\non\r\n7\r\ne\ntwo\r\n\r\n8\r\n\n\nlast :\r\n1\r\n)\r\n0\r\n\r\n");
    } else if (strcmp(path, "/event") == 0) {
        server_say(fd, "HTTP/1.1 200 OK\r\n\r\nfirst\n");
        server_wait(600000); /* to the end of the test */
        return false;
    } else if (strcmp(path, "/large") == 0) {
        server_large(fd, "200 OK", "");
    } else if (strcmp(path, "/large-redirect") == 0) {
        server_large(fd, "302 Found", "Location: /ok\r\n");
    } else if (strcmp(path, "/large-redirect-nowhere") == 0) {
        server_large(fd, "302 Found", "");
    } else if (strcmp(path, "/flood") == 0) {
        server_flood(fd);
        return false;
    } else if (strcmp(path, "/interim") == 0) {
        server_say(fd, "HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n");
        server_answer(fd, "200 OK", "X-Final: yes\r\n", "done");
    } else if (strcmp(path, "/redirect") == 0)
        server_redirect(fd, "/ok");
    else if (strcmp(path, "/gzip") == 0) {
        static const char packed[] = "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\007\000\206\246\020"
                                     "\066\005\000\000\000"; /* "hello" */

        server_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n");
        socket_put(fd, packed, sizeof packed - 1);
    } else if (strcmp(path, "/bomb") == 0) {
        static const char packed[] = /* 8 MiB of zeros, packed twice */
            "\037\213\010\000\000\000\000\000\002\003\355\327\261\015\202\100\000\205\341\073\056\046\027\106"
            "\260\041\046\356\300\004\316\301\052\044\224\066\016\340\016\054\140\303\012\264\254\100\030\101"
            "\074\306\300\174\137\365\327\257\173\315\063\207\103\225\326\051\306\022\375\353\073\156\271\016"
            "\000\000\000\300\237\353\227\041\125\107\334\366\256\275\333\003\000\000\000\116\340\175\171\174"
            "\346\153\271\365\341\007\333\031\324\247\357\037\000\000";

        server_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 110\r\n\r\n");
        socket_put(fd, packed, sizeof packed - 1);
    } else if (strcmp(path, "/not-gzip") == 0)
        server_answer(fd, "200 OK", "Content-Encoding: gzip\r\n", "hello");
    else if (strcmp(path, "/own-coding") == 0)
        server_answer(fd, "200 OK", "Content-Encoding: rot13\r\n", "uryyb");
    else if (strcmp(path, "/set-cookie") == 0)
        server_answer(fd, "200 OK", "Set-Cookie: machine=7; Path=/\r\n", "set");
    else if (strcmp(path, "/cookie") == 0)
        server_answer(fd, "200 OK", "", strstr(head, "Cookie: machine=7") != NULL ? "mine" : "none");
    else if (strcmp(path, "/host") == 0) {
        const char *host = strstr(head, "\r\nHost: ");
        AUTO(free) char *name = host == NULL ? xstrdup("none") : xstrndup(host + 8, strcspn(host + 8, "\r"));

        server_answer(fd, "200 OK", "", name);
    } else if (strcmp(path, "/nonce-elsewhere") == 0)
        server_say(fd, "HTTP/1.1 307 Over There\r\nLocation: /nonce\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(path, "/loop") == 0)
        server_redirect(fd, "/loop");
    else if (strcmp(path, "/private") == 0)
        server_redirect(fd, "http://10.0.0.1:1/");
    else if (strcmp(path, "/metadata") == 0)
        server_redirect(fd, "http://[::ffff:169.254.169.254]/latest");
    else if (strcmp(path, "/file") == 0)
        server_redirect(fd, "file:///etc/passwd");
    else
        server_answer(fd, "404 Not Found", "", "no such path");
    return true;
}

/* Waits for a request, but not past the end of the test. */
static bool server_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    while (!server_stopping)
        if (poll(&poll_fd, 1, 50) > 0)
            return true;
    return false;
}

static void *server_connection(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    AUTO(buf_clear) struct buf in = BUF(1 << 20);
    bool open = true;
    ssize_t got;

    while (open && server_readable(fd) && (got = recv(fd, buf_room(&in, 4096), 4096, 0)) > 0) {
        const char *end, *length;
        char path[256];
        size_t body;

        buf_grow(&in, (size_t)got);
        end = strstr(in.at, "\r\n\r\n");
        if (end == NULL || sscanf(in.at, "%*s %255s", path) != 1)
            continue;
        length = strstr(in.at, "Content-Length: ");
        body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
        if ((size_t)(in.at + in.len - (end + 4)) < body)
            continue;
        open = server_serve(fd, path, in.at, (struct view){ end + 4, body }) && !server_stopping;
        buf_cut(&in, 0);
    }
    (void)close(fd);
    server_open--;
    return NULL;
}

static void *server_run(void *ctx)
{
    int fd;

    while ((fd = accept4(server_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        pthread_t thread;

        server_connections++;
        server_open++;
        if (pthread_create(&thread, NULL, server_connection, (void *)(intptr_t)fd) == 0)
            (void)pthread_detach(thread);
    }
    return ctx;
}

static void server_start(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    server_stopping = false;
    server_connections = 0;
    server_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(server_fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(server_fd, 64) == 0 &&
                getsockname(server_fd, (struct sockaddr *)&at, &len) == 0,
        "server");
    server_port = ntohs(at.sin_port);
    REQUIRE(pthread_create(&server_thread, NULL, server_run, NULL) == 0, "server");
}

static void server_stop(void)
{
    server_stopping = true;
    (void)shutdown(server_fd, SHUT_RDWR);
    (void)pthread_join(server_thread, NULL);
    (void)close(server_fd);
    for (int i = 0; i < 6000 && server_open > 0; i++)
        (void)poll(NULL, 0, 10);
    CHECK_INT(server_open, 0, "connections of the test's server");
}

static char *server_url(const char *path)
{
    return xprintf("http://127.0.0.1:%d%s", server_port, path);
}
